"""A provider on 127.0.0.1 that pages, throttles, breaks off, restates and redirects, as real ones do."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk-admin-canary-0123456789"


@dataclass(frozen=True)
class Fault:
    """What happens instead of an answer: a status, or half a body and a broken connection."""

    status: int = 503
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b'{"error": {"type": "overloaded", "message": "key sk-admin-canary-0123456789 is wrong"}}'
    is_cut: bool = False


Query = dict[str, list[str]]
Pages = Callable[[str, Query], dict[str, Any]]


@dataclass
class Provider:
    """What it answers, and what it was asked."""

    pages: Pages
    faults: list[Fault] = field(default_factory=list)
    """Used up one by one, before answers."""
    asked: list[tuple[str, Query]] = field(default_factory=list)
    answered: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    clock: str = ""
    """What its answers say in `Date`; empty: the time."""


@contextmanager
def serving(pages: Pages) -> Iterator[Provider]:
    provider = Provider(pages)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            provider.asked.append((url.path, query))
            provider.headers.append({name.lower(): value for name, value in self.headers.items()})
            fault = provider.faults.pop(0) if provider.faults else None
            if fault and not fault.is_cut:
                self._send(fault.status, fault.body, fault.headers)
                return
            # laid out as no parser would write it again
            body = json.dumps(provider.pages(url.path, query), indent=3, separators=(" ,", " : ")).encode() + b" \r\n"
            if fault:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
                return
            provider.answered.append(body)
            self._send(200, body)

        def _send(self, status: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
            self.send_response(status)
            for name, value in (("Content-Length", str(len(body))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return provider.clock or super().date_time_string(timestamp)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
