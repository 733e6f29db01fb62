"""A store that speaks S3 on 127.0.0.1: pyarrow's own client asks it, and it counts what it is asked for."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

SECRET = "aVerySecretKeyOfNobody"  # noqa: S105 - it opens nothing
LAST_WEEK = 1_790_000_000
"""When objects were written, in seconds since 1970, where a test does not say."""
STATUS = {"NoSuchBucket": 404, "AccessDenied": 403, "SlowDown": 503}


@dataclass
class Store:
    """The objects of one bucket, `bills`.

    Attributes:
        asked: every request, as ("LIST", prefix), ("HEAD", key) or ("GET", key).
        cuts: how many of the next answers with bytes of an object break off half-way.
        on_ask: may change the store before an answer, or name the error that is the answer.
    """

    objects: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    on_ask: Callable[[str, str], str | None] = lambda *_: None
    cuts: int = 0

    def put(self, key: str, body: bytes, written: float = LAST_WEEK) -> None:
        self.objects[key] = (body, written)

    def read(self) -> list[str]:
        """The keys of which bytes were asked for."""
        return sorted({key for verb, key in self.asked if verb == "GET"})

    def answer(self, verb: str, bucket: str, key: str, query: dict[str, list[str]]) -> tuple[int, bytes, float]:
        """Status, body and time of writing."""
        (verb, key) = ("LIST", query["prefix"][0] if "prefix" in query else "") if not key else (verb, key)
        self.asked.append((verb, key))
        error = self.on_ask(verb, key) or (None if bucket == "bills" else "NoSuchBucket")
        if error:
            return STATUS[error], f"<Error><Code>{error}</Code><Message>no</Message></Error>".encode(), 0
        if verb == "LIST":
            return 200, self._listing(key, "/" if "delimiter" in query else None), 0
        if key not in self.objects:
            return 404, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>", 0
        return 200, *self.objects[key]

    def _listing(self, prefix: str, delimiter: str | None) -> bytes:
        entries, folders = [], set()
        for key, (body, written) in sorted(self.objects.items()):
            if not key.startswith(prefix):
                continue
            name = key.removeprefix(prefix)
            if delimiter and delimiter in name:
                folders.add(prefix + name.split(delimiter)[0] + delimiter)
                continue
            at = time.strftime("%Y-%m-%dT%H:%M:%S.789Z", time.gmtime(written))  # as MinIO: finer than a HEAD tells
            entries.append(
                f"<Contents><Key>{escape(key)}</Key><LastModified>{at}</LastModified><Size>{len(body)}</Size></Contents>"
            )
        entries += [f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in sorted(folders)]
        return (
            f"<ListBucketResult><Name>bills</Name><KeyCount>{len(entries)}</KeyCount><IsTruncated>false</IsTruncated>"
            f"{''.join(entries)}</ListBucketResult>"
        ).encode()


def environment(port: int) -> dict[str, str]:
    """What names a store on this machine, and nobody's key to it."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIAOFNOBODY",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
    }


@contextmanager
def serving() -> Iterator[tuple[Store, dict[str, str]]]:
    """A server that speaks as much of S3 as reading needs, and the environment that names it."""
    kept = Store()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            bucket, _, key = unquote(url.path).lstrip("/").partition("/")
            query = parse_qs(url.query, keep_blank_values=True)
            status, body, written = kept.answer(self.command, bucket, key, query)
            length = len(body)
            if status == 200 and (asked := self.headers.get("Range")):
                first, last = (int(number) for number in asked.removeprefix("bytes=").split("-"))
                status, body = 206, body[first : last + 1]
            is_cut = status == 206 and kept.cuts > 0
            kept.cuts -= is_cut
            self.send_response(status)
            self.send_header("Content-Length", str(length if self.command == "HEAD" else len(body)))
            self.send_header("Last-Modified", formatdate(written, usegmt=True))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if is_cut else body)
            self.close_connection = is_cut

        do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield kept, environment(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
