"""An OTLP/HTTP receiver of traces (opentelemetry.io/docs/specs/otlp): spans are stripped, made durable, acknowledged.

A request is answered with 200 after its spans are synced to disk, together with those of all requests that arrived
during the sync before.
"""

import asyncio
import contextlib
import hmac
import socket
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.console import err
from app.received import Journal
from ingest import otlp
from ingest.files import MAX_LINE_BYTES

PROTOBUF, JSON = "application/x-protobuf", "application/json"
RETRY_AFTER = {"Retry-After": "1"}
"""Seconds; a sync takes milliseconds."""
WORKERS = 2
"""Requests that are unpacked at the same time; this bounds the memory that it takes."""
MAX_CONNECTIONS = 1000


@dataclass(frozen=True)
class Limits:
    """What one client, and all of them together, may ask for.

    Attributes:
        body: bytes of a request's body, as sent and as unpacked; the specification recommends 20 MiB.
        requests: that are under way at the same time.
        backlog: bytes of all requests under way.
        seconds: in which a body must have arrived.
    """

    body: int = 20 << 20
    requests: int = 64
    backlog: int = 128 << 20
    seconds: float = 30


class GroupCommit:
    """Many requests, one sync: lines that arrive while the disk is busy are written together."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._is_failing = False

    async def commit(self, line: bytes) -> None:
        """Return when the line is durable.

        Raises:
            OSError: the disk refused; the line is not there.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((line, done))
        self._wake.set()
        await done

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Commit as long as the context lasts; then finish the open file."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopping = True
            self._wake.set()
            await task
            self.journal.close()

    async def _run(self) -> None:
        while self._waiting or not self._stopping:
            with contextlib.suppress(TimeoutError):  # the open file is due
                await asyncio.wait_for(self._wake.wait(), self.journal.seconds_left())
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            if batch:
                await self._write(batch)
            if self.journal.is_due():
                await self._finish()

    async def _write(self, batch: list[tuple[bytes, asyncio.Future[None]]]) -> None:
        try:
            await asyncio.to_thread(self.journal.append, [line for line, _ in batch])
        except Exception as error:  # noqa: BLE001 - raised to everyone who waits
            if not self._is_failing:
                reason = error.strerror if isinstance(error, OSError) else type(error).__name__
                err.print(f"nothing can be written: {reason}; clients are told to try again", markup=False)
            self._is_failing = True
            for _, done in batch:
                if not done.done():
                    done.set_exception(error)
        else:
            if self._is_failing:
                err.print("spans are written again", markup=False)
            self._is_failing = False
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def _finish(self) -> None:
        try:
            finished = await asyncio.to_thread(self.journal.finish)
        except OSError as error:
            err.print(f"a file could not be finished: {error.strerror}; the next start will", markup=False)
        else:
            if finished:
                err.print(f"finished {finished.name}", markup=False)


class Receiver:
    """The HTTP side: what is refused, what is kept, what is answered."""

    def __init__(
        self,
        commits: GroupCommit,
        keep: Callable[[ExportTraceServiceRequest], ExportTraceServiceRequest],
        *,
        token: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Prepare to serve.

        Args:
            keep: from what came to what may be written.
            token: what clients must show; None: nothing.
        """
        self._commits = commits
        self._keep = keep
        self._token = token
        self._limits = limits or Limits()
        self._requests = 0
        self._bytes = 0
        self._workers = ThreadPoolExecutor(WORKERS)

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/traces", self._traces, methods=["POST"]),
                Route("/healthz", _health),
            ],
            exception_handlers={
                HTTPException: _problem,
                ClientDisconnect: _gone,
                Exception: _fault,
            },
        )

    async def _traces(self, request: Request) -> Response:
        size = self._declared(request)
        problem = self._objection(request, size)
        if problem:
            # read all the same: a client that is still sending would meet a closed connection instead of the answer
            await self._read(request, keep=False)
            raise problem
        self._requests += 1
        self._bytes += size
        held = size
        try:
            line, rejected = await asyncio.get_running_loop().run_in_executor(
                self._workers,
                self._unpack,
                await self._read(request, keep=True),
                _encoding(request) == JSON,
                request.headers.get("content-encoding", "").lower() == "gzip",
            )
            self._bytes += len(line) - held
            held = len(line)
            if self._bytes > self._limits.backlog:
                raise _too_many()
            if line:
                await self._written(line)
        finally:
            self._bytes -= held
            self._requests -= 1
        answer = ExportTraceServiceResponse()
        if rejected:
            answer.partial_success.rejected_spans = rejected
            answer.partial_success.error_message = "spans without a valid trace id and span id were dropped"
        return _response(request, 200, answer)

    async def _written(self, line: bytes) -> None:
        try:
            await self._commits.commit(line)
        except OSError as error:
            raise HTTPException(503, "nothing can be written; nothing was kept", RETRY_AFTER) from error

    def _declared(self, request: Request) -> int:
        """Bytes that the body will have at most."""
        declared = request.headers.get("content-length", "")
        return int(declared) if declared.isdecimal() else self._limits.body

    def _objection(self, request: Request, size: int) -> HTTPException | None:
        """Why a request is not taken, by its headers and what else is under way."""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if self._token is not None and not (
            scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), self._token.encode())
        ):
            return HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
        if _encoding(request) is None:
            return HTTPException(415, f"send {PROTOBUF} or {JSON}")
        if request.headers.get("content-encoding", "identity").lower() not in {"", "identity", "gzip"}:
            return HTTPException(415, "send it plain or with Content-Encoding: gzip", {"Accept-Encoding": "gzip"})
        if size > self._limits.body:
            return _too_large(self._limits.body)
        if self._requests >= self._limits.requests or self._bytes + size > self._limits.backlog:
            return _too_many()
        return None

    async def _read(self, request: Request, *, keep: bool) -> bytes:
        chunks, size = [], 0
        try:
            async with asyncio.timeout(self._limits.seconds):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > self._limits.body:
                        raise _too_large(self._limits.body)
                    if keep:
                        chunks.append(chunk)
        except TimeoutError as error:
            raise HTTPException(
                408, f"the body did not arrive within {self._limits.seconds:g} s", {"Connection": "close"}
            ) from error
        return b"".join(chunks)

    def _unpack(self, body: bytes, is_json: bool, is_gzip: bool) -> tuple[bytes, int]:
        """The line to write, empty where no span is left, and how many spans were rejected."""
        if is_gzip:
            body = b"".join(_gunzipped(body, self._limits.body))
        try:
            request = otlp.from_json(body) if is_json else otlp.from_protobuf(body)
        except otlp.MalformedError as error:
            raise HTTPException(400, str(error)) from None
        rejected = otlp.drop_nameless(request)
        if not otlp.span_count(request):
            return b"", rejected
        line = otlp.to_json(self._keep(request)) + b"\n"
        if len(line) > MAX_LINE_BYTES:
            raise _too_large(MAX_LINE_BYTES)
        return line, rejected


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        OSError: the address is taken, or none of ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    # asyncio sets it only on sockets that name their protocol, and a client's late ACK of the head of an answer would
    # hold its body back for 40 ms
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


async def serve(
    listening: socket.socket,
    journal: Journal,
    keep: Callable[[ExportTraceServiceRequest], ExportTraceServiceRequest],
    *,
    stop: asyncio.Event,
    token: str | None = None,
    limits: Limits | None = None,
) -> None:
    """Serve until `stop` is set; then answer what is under way, and finish the open file."""
    commits = GroupCommit(journal)
    config = uvicorn.Config(
        Receiver(commits, keep, token=token, limits=limits).app(),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # its log quotes exceptions, and an exception may quote a span
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=65,  # longer than SDKs wait between two batches
        timeout_graceful_shutdown=30,
    )
    server = _Server(config)
    async with commits.running():
        ending = asyncio.create_task(server.end_after(stop))
        await server.serve(sockets=[listening])
        ending.cancel()


class _Server(uvicorn.Server):
    async def end_after(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # uvicorn's own would raise the signal again at the end, and kill us before the last file is finished


def _gunzipped(body: bytes, limit: int) -> Iterator[bytes]:
    """Every member of a gzip body."""
    left = limit
    while body:
        member = zlib.decompressobj(wbits=31)
        try:
            out = member.decompress(body, left + 1)
        except zlib.error:
            raise HTTPException(400, "the gzip stream is damaged") from None
        left -= len(out)
        if left < 0:
            raise _too_large(limit)
        if not member.eof:
            raise HTTPException(400, "the gzip stream ends in the middle")
        yield out
        body = member.unused_data


def _encoding(request: Request) -> str | None:
    """The content type of a request, without its parameters; None where it is none of ours."""
    named = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return named if named in {PROTOBUF, JSON} else None


def _response(request: Request, status: int, message: Message, headers: dict[str, str] | None = None) -> Response:
    """A message in the encoding of the request, as the specification demands of every answer."""
    encoding = _encoding(request) or JSON
    content = message.SerializeToString() if encoding == PROTOBUF else otlp.to_json(message)
    return Response(content, status, headers, media_type=encoding)


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _gone(*_: object) -> Response:
    return Response(status_code=400)  # nobody is there to read it


async def _problem(request: Request, error: Exception) -> Response:
    """An error as google.rpc.Status: its text is field 2, named `message`, as of the status of a span."""
    if not isinstance(error, HTTPException):
        raise error
    return _response(request, error.status_code, Status(message=error.detail), dict(error.headers or {}))


async def _fault(request: Request, error: Exception) -> Response:
    """What should not happen. The type and the place are said, not the text: it may quote a span."""
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    place = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at else "?"
    err.print(f"fault: {type(error).__name__} in {place}; the client got 500", markup=False)
    return _response(request, 500, Status(message="a fault of the receiver"))


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"more than {limit:,} bytes: send smaller batches")


def _too_many() -> HTTPException:
    return HTTPException(429, "too much is under way", RETRY_AFTER)
