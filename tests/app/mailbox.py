"""Receivers of alerts on 127.0.0.1 that fail, hang and come back: a webhook, and a mail server."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What it received. `fails`: the status of its answers, None where it takes all; `hangs`: it never answers."""

    port: int
    received: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    asked: int = 0
    fails: int | None = None
    hangs: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.received]


@contextmanager
def webhook() -> Iterator[Webhook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.asked += 1
            if box.hangs:
                box.released.wait(30)
                return
            if box.fails is None:
                box.received.append(json.loads(body))
                box.paths.append(self.path)
            self.send_response(box.fails or 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        box = Webhook(port)
        try:
            yield box
        finally:
            box.released.set()


@dataclass
class Mail:
    """The mails that it took, headers and body as they came."""

    port: int
    received: list[str] = field(default_factory=list)
    fails: bool = False


@contextmanager
def mail_server() -> Iterator[Mail]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline().decode().strip():
                word = line[:4].upper()
                if word == "QUIT":
                    self._say("221 bye")
                    return
                if word == "MAIL" and box.fails:
                    self._say("451 try again later")
                elif word == "DATA":
                    self._say("354 go on")
                    text = b""
                    while not text.endswith(b"\r\n.\r\n"):
                        text += self.rfile.readline()
                    box.received.append(text.decode())
                    self._say("250 taken")
                else:
                    self._say("250 fine")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        box = Mail(port)
        yield box


@contextmanager
def _serving(server: Any) -> Iterator[int]:
    server.daemon_threads = True
    run: Callable[[], None] = server.serve_forever
    thread = threading.Thread(target=run, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
