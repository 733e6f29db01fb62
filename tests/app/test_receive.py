"""`unitcost receive` as clients meet it: real HTTP, real files, a kill at any moment."""

import asyncio
import errno
import gzip
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from pydantic import SecretStr

from app import pipeline, received, receiver
from app.pipeline import LockedError
from app.received import Journal
from app.receiver import Limits
from app.settings import Input, Settings
from ingest import otlp
from ingest.paths import expand
from ingest.source import Column, Source, Table, Type
from ingest.sources.otel import ATTRIBUTES

CANARY = "the patient in room 12 is called"
TOKEN = "correct-horse-battery-staple"  # noqa: S105 - only of these tests
PROTOBUF, JSON = {"Content-Type": "application/x-protobuf"}, {"Content-Type": "application/json"}


def batch(*numbers: int) -> ExportTraceServiceRequest:
    """A request with one span for each number, a prompt in every place that has one."""
    sent = ExportTraceServiceRequest()
    spans = sent.resource_spans.add().scope_spans.add().spans
    prompt = KeyValue(key="gen_ai.prompt", value=AnyValue(string_value=CANARY))
    for number in numbers:
        span = spans.add(
            trace_id=number.to_bytes(16, "big"),
            span_id=number.to_bytes(8, "big"),
            name="chat gpt-5",
            start_time_unix_nano=1_791_380_817_000_000_000,
            attributes=[prompt, KeyValue(key="gen_ai.request.model", value=AnyValue(string_value="gpt-5"))],
            events=[Span.Event(name=CANARY)],
        )
        span.status.message = CANARY
    return sent


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Server:
    """A receiver that runs, and where it writes."""

    port: int
    folder: Path

    def ask(
        self, body: bytes = b"", headers: dict[str, str] = PROTOBUF, *, method: str = "POST", path: str = "/v1/traces"
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def send(self, *numbers: int) -> Answer:
        return self.ask(batch(*numbers).SerializeToString())


def written(folder: Path) -> Counter[int]:
    """How often each span is on disk; every line must be whole."""
    found: Counter[int] = Counter()
    for path in [*folder.glob("*.jsonl"), *folder.glob("*.jsonl.part")]:
        content = path.read_bytes()
        assert content.endswith(b"\n") or not content
        for line in content.splitlines():
            for one in json.loads(line)["resourceSpans"]:
                found.update(int(span["spanId"], 16) for scope in one["scopeSpans"] for span in scope["spans"])
    return found


@contextmanager
def within(
    home: Path, *, limits: Limits | None = None, token: str | None = None, journal: Any = Journal
) -> Iterator[Server]:
    """A receiver in a thread of this process, for limits that the command does not offer."""
    listening = receiver.listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    folder = home / "received"
    stops: list[Callable[[], object]] = []

    async def run() -> None:
        stop = asyncio.Event()
        stops.append(partial(asyncio.get_running_loop().call_soon_threadsafe, stop.set))
        keep = partial(otlp.strip, allowed=ATTRIBUTES)
        await receiver.serve(listening, journal(folder), keep, stop=stop, token=token, limits=limits)

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    try:
        yield Server(port, folder)
    finally:
        for stop in stops:
            stop()
        thread.join(timeout=30)
        assert not thread.is_alive()


@contextmanager
def started(
    home: Path, *arguments: str, before: tuple[str, ...] = (), **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """The command itself."""
    process = subprocess.Popen(
        [*before, sys.executable, "-c", "from app.cli import main; main()", "receive", "--port", "0", *arguments],
        env={**os.environ, "UNITCOST_HOME": str(home), "COLUMNS": "500", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ready(process: subprocess.Popen[str], home: Path) -> Server:
    """Where a started command listens."""
    assert process.stdout is not None
    found = re.search(r":(\d+)/v1/traces", process.stdout.readline())
    assert found, process.communicate()
    return Server(int(found[1]), home / "received")


@contextmanager
def command(home: Path) -> Iterator[tuple[subprocess.Popen[str], Server]]:
    with started(home) as process:
        yield process, ready(process, home)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A receiver for tests that do not look at all that it wrote."""
    with within(tmp_path_factory.mktemp("shared")) as server:
        yield server


# ---- what is taken


def as_json(sent: ExportTraceServiceRequest) -> bytes:
    return otlp.to_json(sent)


@pytest.mark.parametrize(
    ("pack", "named"),
    [(bytes, {}), (bytes, {"Content-Encoding": "identity"}), (gzip.compress, {"Content-Encoding": "gzip"})],
)
def test_both_encodings_leave_the_same_line(
    tmp_path: Path, pack: Callable[[bytes], bytes], named: dict[str, str]
) -> None:
    sent = batch(0xEEE19B7EC3C1B174)
    with within(tmp_path) as server:
        for body, kind, empty in ((sent.SerializeToString(), PROTOBUF, b""), (as_json(sent), JSON, b"{}")):
            answer = server.ask(pack(body), kind | named)
            assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, kind["Content-Type"], empty)
    (path,) = server.folder.glob("*.jsonl")
    first, second = path.read_bytes().splitlines()
    assert first == second
    (span,) = json.loads(first)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert span == {
        "traceId": "0000000000000000eee19b7ec3c1b174",
        "spanId": "eee19b7ec3c1b174",
        "name": "chat gpt-5",
        "startTimeUnixNano": "1791380817000000000",
        "attributes": [{"key": "gen_ai.request.model", "value": {"stringValue": "gpt-5"}}],
        "status": {},
    }


def test_the_exporter_that_applications_use_is_understood(tmp_path: Path) -> None:
    with within(tmp_path, token=TOKEN) as server:
        for compression in (Compression.NoCompression, Compression.Gzip):
            exporter = OTLPSpanExporter(
                f"http://127.0.0.1:{server.port}/v1/traces",
                headers={"authorization": f"Bearer {TOKEN}"},
                compression=compression,
            )
            provider = TracerProvider(resource=Resource({"service.name": "support-bot"}))
            provider.add_span_processor(SimpleSpanProcessor(exporter))
            with provider.get_tracer("test").start_as_current_span("chat gpt-5") as span:
                span.set_attribute("gen_ai.usage.input_tokens", 2150)
                span.set_attribute("gen_ai.prompt", CANARY)
                span.add_event(CANARY)
            provider.shutdown()
    (path,) = server.folder.glob("*.jsonl")
    lines = path.read_text().splitlines()
    assert len(lines) == 2
    assert CANARY not in path.read_text()
    for line in lines:
        (of_resource,) = json.loads(line)["resourceSpans"]
        assert of_resource["resource"]["attributes"] == [
            {"key": "service.name", "value": {"stringValue": "support-bot"}}
        ]
        (kept,) = of_resource["scopeSpans"][0]["spans"]
        assert kept["attributes"] == [{"key": "gen_ai.usage.input_tokens", "value": {"intValue": "2150"}}]


def test_a_prompt_is_nowhere_below_the_home(tmp_path: Path) -> None:
    with within(tmp_path) as server:
        assert server.send(1, 2).status == 200
        assert server.ask(as_json(batch(3)), JSON).status == 200
        assert server.ask(as_json(batch(4))[:-2], JSON).status == 400
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written(server.folder) == Counter([1, 2, 3])
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]


def test_an_empty_request_is_taken_and_writes_nothing(tmp_path: Path) -> None:
    with within(tmp_path) as server:
        assert server.ask(b"").status == 200
        assert server.ask(b"{}", JSON).status == 200
    assert not [*server.folder.glob("*.jsonl*")]


@pytest.mark.parametrize("encoding", [PROTOBUF, JSON], ids=["protobuf", "json"])
def test_spans_without_an_id_are_told_as_a_partial_success(tmp_path: Path, encoding: dict[str, str]) -> None:
    sent = batch(1, 2, 3)
    sent.resource_spans[0].scope_spans[0].spans[1].span_id = b""
    with within(tmp_path) as server:
        answer = server.ask(sent.SerializeToString() if encoding is PROTOBUF else as_json(sent), encoding)
    assert answer.status == 200
    if encoding is PROTOBUF:
        partial_success = ExportTraceServiceResponse.FromString(answer.body).partial_success
        assert (partial_success.rejected_spans, bool(partial_success.error_message)) == (1, True)
    else:
        assert json.loads(answer.body)["partialSuccess"]["rejectedSpans"] == "1"
    assert written(server.folder) == Counter([1, 3])


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    with within(tmp_path) as server:
        server.send(1)
    assert server.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in server.folder.iterdir()} == {0o600}


# ---- what is refused


def bomb() -> bytes:
    return gzip.compress(b"\n" * (30 << 20), 9)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (400, b"\x0a\xff", {}),
        (400, b"{", {"Content-Type": "application/json"}),
        (400, b"no gzip", {"Content-Encoding": "gzip"}),
        (400, gzip.compress(b"", mtime=0)[:-3], {"Content-Encoding": "gzip"}),
        (400, gzip.compress(b"", mtime=0) + b"garbage", {"Content-Encoding": "gzip"}),
        (413, bomb(), {"Content-Encoding": "gzip"}),
        (413, bomb(), {"Content-Encoding": "gzip", "Content-Type": "application/json"}),
        (413, b"\n" * (21 << 20), {}),
        (415, b"", {"Content-Encoding": "br"}),
        (415, b"", {"Content-Encoding": "gzip, gzip"}),
        (415, b"", {"Content-Type": "text/plain"}),
        (415, b"", {"Content-Type": ""}),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_a_status_in_the_encoding_of_the_request(
    shared: Server, status: int, body: bytes, headers: dict[str, str]
) -> None:
    answer = shared.ask(body, PROTOBUF | headers)
    assert answer.status == status
    assert "Retry-After" not in answer.headers
    if {**PROTOBUF, **headers} == {**headers, **PROTOBUF}:
        assert answer.headers["Content-Type"] == "application/x-protobuf"
        assert Status.FromString(answer.body).message
    else:
        assert answer.headers["Content-Type"] == "application/json"
        assert json.loads(answer.body)["message"]


def test_a_body_of_unknown_length_is_refused_where_the_limit_is(shared: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", shared.port, timeout=30)
    connection.request("POST", "/v1/traces", (b"\n" * (1 << 20) for _ in range(100)), PROTOBUF, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_chunked_body_is_taken(tmp_path: Path) -> None:
    body = batch(1).SerializeToString()
    with within(tmp_path) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", "/v1/traces", iter([body[:10], body[10:]]), PROTOBUF, encode_chunked=True)
        assert connection.getresponse().status == 200
        connection.close()
    assert written(server.folder) == Counter([1])


def test_a_body_that_never_comes_is_given_up(tmp_path: Path) -> None:
    with within(tmp_path, limits=Limits(seconds=0.2)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.putrequest("POST", "/v1/traces")
        connection.putheader("Content-Type", "application/x-protobuf")
        connection.putheader("Content-Length", "100")
        connection.endheaders()
        assert connection.getresponse().status == 408
        connection.close()


def test_a_client_that_hangs_up_leaves_nothing(tmp_path: Path) -> None:
    with within(tmp_path, limits=Limits(requests=1)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.putrequest("POST", "/v1/traces")
        connection.putheader("Content-Type", "application/x-protobuf")
        connection.putheader("Content-Length", "100")
        connection.endheaders(b"\x0a")
        connection.close()
        assert retried(server, 1) == 200  # its place is free again
    assert written(server.folder) == Counter([1])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/healthz", 200), ("GET", "/v1/traces", 405), ("POST", "/v1/metrics", 404), ("GET", "/", 404)],
)
def test_other_paths_and_methods(shared: Server, method: str, path: str, status: int) -> None:
    answer = shared.ask(method=method, path=path)
    assert answer.status == status
    assert status == 200 or Status.FromString(answer.body).message


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (f"Bearer {TOKEN}", 200), (f"bearer  {TOKEN} ", 200),
        (None, 401), ("", 401), ("Bearer", 401), (f"Basic {TOKEN}", 401), (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401), ("Bearer \xe9", 401), (TOKEN, 401),
    ],
)  # fmt: skip
def test_a_token_is_asked_for(tmp_path: Path, shown: str | None, status: int) -> None:
    with within(tmp_path, token=TOKEN) as server:
        answer = server.ask(
            batch(1).SerializeToString(), PROTOBUF | ({} if shown is None else {"Authorization": shown})
        )
        assert server.ask(method="GET", path="/healthz").status == 200
    assert answer.status == status
    assert written(server.folder) == Counter([1] if status == 200 else [])


def test_a_fault_of_ours_is_told_without_what_was_sent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError(CANARY)

    monkeypatch.setattr(otlp, "strip", broken)
    with within(tmp_path) as server:
        answer = server.send(1)
    assert answer.status == 500
    assert Status.FromString(answer.body).message
    said = "".join(capfd.readouterr())
    assert "KeyError" in said
    assert CANARY not in said + answer.body.decode()


# ---- under load


def test_an_answer_is_not_held_back_for_a_late_acknowledgement() -> None:
    with receiver.listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def retried(server: Server, *numbers: int, seen: Counter[int] | None = None) -> int:
    """Send as a client does: again where it is told to, here without much waiting; count the answers."""
    while True:
        answer = server.send(*numbers)
        if seen is not None:
            seen[answer.status] += 1
        if answer.status not in {429, 503}:
            return answer.status
        assert answer.headers["Retry-After"] == "1"
        time.sleep(0.005)


def test_many_clients_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    with within(tmp_path) as server, ThreadPoolExecutor(16) as clients:
        answers = [*clients.map(lambda start: server.send(*range(start, start + 10)).status, range(1, 5001, 10))]
    assert answers == [200] * 500
    assert written(server.folder) == Counter(range(1, 5001))


@pytest.mark.parametrize("limits", [Limits(requests=2), Limits(backlog=3000, body=2000)], ids=["requests", "bytes"])
def test_beyond_the_limits_clients_are_told_to_wait_and_nothing_is_lost_or_doubled(
    tmp_path: Path, limits: Limits
) -> None:
    seen = Counter[int]()

    class Slow(Journal):
        def append(self, lines: Any) -> None:
            time.sleep(0.005)
            super().append(lines)

    with within(tmp_path, limits=limits, journal=Slow) as server, ThreadPoolExecutor(16) as clients:
        statuses = [*clients.map(lambda start: retried(server, *range(start, start + 5), seen=seen), range(1, 1001, 5))]
    assert statuses == [200] * 200
    assert seen[429] > 0
    assert written(server.folder) == Counter(range(1, 1001))


# ---- the disk


def test_what_was_acknowledged_is_on_disk_when_the_process_is_killed(tmp_path: Path) -> None:
    acknowledged: list[int] = []

    def client(server: Server, start: int) -> None:
        for number in range(start, start + 1000):
            try:
                if server.send(number).status == 200:
                    acknowledged.append(number)
            except (OSError, http.client.HTTPException):
                return

    with command(tmp_path) as (process, server), ThreadPoolExecutor(4) as clients:
        running = [clients.submit(client, server, start) for start in (1, 1001, 2001, 3001)]
        while len(acknowledged) < 100:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        for one in running:
            one.result(timeout=30)
    (part,) = server.folder.glob("*.part")
    with command(tmp_path) as (process, server):
        assert not part.exists()
        found = written(server.folder)
        assert set(acknowledged) <= set(found)
        assert set(found.values()) == {1}
        assert server.send(9999).status == 200
        process.terminate()
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_everything_is_answered_and_finished(tmp_path: Path, ended_by: signal.Signals) -> None:
    acknowledged: list[int] = []

    def client(server: Server, start: int) -> None:
        for number in range(start, start + 1000):
            try:
                if server.send(number).status == 200:
                    acknowledged.append(number)
            except (OSError, http.client.HTTPException):
                return

    with command(tmp_path) as (process, server), ThreadPoolExecutor(4) as clients:
        running = [clients.submit(client, server, start) for start in (1, 1001, 2001, 3001)]
        while len(acknowledged) < 50:
            time.sleep(0.01)
        process.send_signal(ended_by)
        assert process.wait(timeout=30) == 0
        for one in running:
            one.result(timeout=30)
    assert not [*server.folder.glob("*.part")]
    assert set(written(server.folder)) >= set(acknowledged)


@pytest.mark.parametrize("block", [0, 70_000])
def test_a_torn_last_line_is_cut_off_at_the_next_start(tmp_path: Path, block: int) -> None:
    whole = otlp.to_json(batch(1)) + b"\n" + otlp.to_json(batch(2)) + b"\n"
    folder = tmp_path / "received"
    folder.mkdir()
    (folder / "a.jsonl.part").write_bytes(whole + otlp.to_json(batch(3))[:40] + b"x" * block)
    (folder / "b.jsonl.part").write_bytes(b"x" * block)
    (folder / "c.jsonl.part").write_bytes(whole)
    journal = Journal(folder)
    journal.close()
    assert [path.name for path in journal.recovered] == ["a.jsonl", "c.jsonl"]
    assert {path.name for path in folder.iterdir()} == {".lock", "a.jsonl", "c.jsonl"}
    assert (folder / "a.jsonl").read_bytes() == (folder / "c.jsonl").read_bytes() == whole


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    seen = Counter[int]()
    # a write beyond 20,000 bytes is cut short, and the next one fails
    with started(tmp_path, before=("prlimit", "--fsize=20000")) as process:
        server = ready(process, tmp_path)
        with ThreadPoolExecutor(8) as clients:
            starts = range(1, 1001, 5)
            statuses = [*clients.map(lambda start: retried(server, *range(start, start + 5), seen=seen), starts)]
        assert statuses == [200] * 200
        assert seen[503] > 0
        process.terminate()
        assert process.wait(timeout=30) == 0
        assert "File too large" in process.communicate()[1]
    assert written(server.folder) == Counter(range(1, 1001))


def test_a_sync_that_fails_is_no_acknowledgement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, fails = os.fsync, [5]

    def broken(file: int) -> None:
        if fails[0] and os.fstat(file).st_size and not Path(f"/proc/self/fd/{file}").is_dir():
            fails[0] -= 1
            raise OSError(errno.EIO, "Input/output error")
        sync(file)

    with within(tmp_path) as server:
        assert server.send(1).status == 200
        monkeypatch.setattr(os, "fsync", broken)
        assert server.send(2).status == 503
        assert set(written(server.folder)) == {1}
        assert retried(server, 2) == 200
        assert server.send(3).status == 200
    assert written(server.folder) == Counter([1, 2, 3])


def test_a_file_is_finished_by_its_size_and_by_its_age(tmp_path: Path) -> None:
    with within(tmp_path / "size", journal=partial(Journal, max_bytes=1000)) as server:
        for number in range(1, 21):
            server.send(number)
        assert len([*server.folder.glob("*.jsonl")]) > 3
    assert written(server.folder) == Counter(range(1, 21))
    with within(tmp_path / "age", journal=partial(Journal, max_seconds=0.3)) as server:
        server.send(1)
        assert not [*server.folder.glob("*.jsonl")]
        deadline = time.monotonic() + 10
        while not [*server.folder.glob("*.jsonl")]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        server.send(2)
    assert [path.stat().st_size > 0 for path in server.folder.glob("*.jsonl")] == [True, True]
    assert written(server.folder) == Counter([1, 2])


def test_two_receivers_do_not_write_one_folder(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(LockedError, match="another"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


# ---- who may send


@pytest.mark.parametrize(
    ("host", "token", "says"),
    [
        ("0.0.0.0", {}, "is open to others"),  # noqa: S104 - it refuses
        ("::", {}, "is open to others"),
        ("", {}, "is open to others"),
        ("example.org", {}, "is open to others"),
        ("127.0.0.1", {"UNITCOST_RECEIVE_TOKEN": ""}, "at least 16 characters"),
        ("127.0.0.1", {"UNITCOST_RECEIVE_TOKEN": "secret"}, "at least 16 characters"),
    ],
)
def test_it_does_not_start_open_to_others(tmp_path: Path, host: str, token: dict[str, str], says: str) -> None:
    with started(tmp_path, "--host", host, **token) as process:
        _, said = process.communicate(timeout=30)
        assert process.returncode != 0
        assert says in said
        assert "secret" not in said


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604])
def test_a_token_file_is_for_its_owner_only(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(mode)
    with started(tmp_path / "home", "--host", "0.0.0.0", "--token-file", str(path)) as process:  # noqa: S104
        if mode != 0o600:
            _, said = process.communicate(timeout=30)
            assert process.returncode != 0
            assert "can be read by others" in said
            return
        server = ready(process, tmp_path / "home")
        body = batch(1).SerializeToString()
        assert server.ask(body).status == 401
        assert server.ask(body, PROTOBUF | {"Authorization": f"Bearer {TOKEN}"}).status == 200
        process.terminate()
        said = "".join(process.communicate(timeout=30))
        assert process.returncode == 0
    assert TOKEN not in said
    assert CANARY not in said


def test_a_token_is_never_shown_by_the_settings() -> None:
    assert TOKEN not in repr(Settings(receive_token=SecretStr(TOKEN)))


# ---- how it gets in


def test_what_was_received_is_loaded_as_if_it_were_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "ware[house]"
    settings = Settings(home=home, inputs=(Input(path="exports/"),))
    assert pipeline.listed_inputs(settings) == settings.inputs
    with within(home) as server:
        server.send(1, 2)
        server.send(3)
    (server.folder / "open.jsonl.part").write_bytes(otlp.to_json(batch(4)) + b"\n")
    *listed, received = pipeline.listed_inputs(settings)
    assert (listed, received.source) == ([*settings.inputs], "otel")
    (path,) = expand(received.path, home)
    assert expand(str(tmp_path), home) == [path]  # and a walk over all leaves the rest of the warehouse alone

    monkeypatch.setattr(pipeline, "discover", lambda: {"otel": FAKE})
    with pipeline.writer(settings):
        outcomes = [pipeline.ingest(settings, [(received.path, received.source)]) for _ in range(2)]
    assert [(one.state, one.record_count) for (one,) in outcomes] == [("landed", 2), ("known", 0)]


FAKE = Source("otel", "", (Table(
    shape="requests", formats=("jsonl", "otlp"), date="at", recognises=lambda _: True,
    columns=(Column("spans", Type.JSON, ("resourceSpans",), required=True),
             Column("at", Type.TIMESTAMP, constant="2026-10-07T00:00:00Z"),
             Column("provider", constant="openai"), Column("model", constant="gpt-5")),
),))  # fmt: skip


def test_what_is_asked_for_is_finished_early(tmp_path: Path) -> None:
    with within(tmp_path) as server:
        server.send(1)
        began = time.monotonic()
        received.ask(server.folder)
        assert time.monotonic() - began < 1.9
        assert len(list(server.folder.glob("*.jsonl"))) == 1
        assert not list(server.folder.glob("*.part"))
        server.send(2)  # and not again
        time.sleep(1)
        assert len(list(server.folder.glob("*.part"))) == 1
        assert written(server.folder) == {1: 1, 2: 1}


def test_who_asks_where_nobody_receives_waits_no_longer_than_it_said(tmp_path: Path) -> None:
    (tmp_path / "left.jsonl.part").write_bytes(b"{}\n")
    received.ask(tmp_path, patience=0.1)
    received.ask(tmp_path / "nowhere")
    assert (tmp_path / "left.jsonl.part").exists()
