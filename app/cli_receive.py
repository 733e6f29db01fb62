"""`unitcost receive`: take spans over OTLP/HTTP into the warehouse's inbox, from which `unitcost run` loads them."""

import asyncio
import functools
import ipaddress
import os
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from app import receiver, secret_file
from app.console import err, out
from app.received import Journal
from app.settings import Settings
from ingest import otlp
from ingest.fingerprints import PromptFingerprints
from ingest.paths import RECEIVED
from ingest.sources import otel


def command(
    host: Annotated[str, typer.Option(help="The address to listen on; any but this machine's own needs a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="0: any that is free.")] = 4318,
    token_file: Annotated[
        Path | None,
        typer.Option(help="Holds the token that clients must show; UNITCOST_RECEIVE_TOKEN otherwise.", metavar="FILE"),
    ] = None,
) -> None:
    """Receive OpenTelemetry spans over OTLP/HTTP on /v1/traces; `unitcost run` loads them.

    Prompts and answers are dropped before anything is written. There is no TLS: put a proxy before it.
    """
    settings = (
        Settings() if token_file is None else Settings(receive_token=SecretStr(secret_file.read(token_file, "token")))
    )
    if (settings.home / "demo").exists():
        raise typer.BadParameter(f"{settings.home} holds the demo company; set UNITCOST_HOME to another folder")
    if settings.receive_token is None and not _is_loopback(host):
        raise typer.BadParameter(f"--host {host} is open to others: set UNITCOST_RECEIVE_TOKEN or give --token-file")
    os.umask(0o077)
    listening = receiver.listen(host, port)
    journal = Journal(settings.home / RECEIVED)
    for path in journal.recovered:
        err.print(f"finished {path.name}, which a crash had left open", markup=False)
    shown = f"[{host}]" if ":" in host else host
    out.print(f"receiving on http://{shown}:{listening.getsockname()[1]}/v1/traces into {journal.folder}", markup=False)
    token = settings.receive_token.get_secret_value() if settings.receive_token else None
    asyncio.run(_serve(listening, journal, token, settings.home))
    out.print("stopped; everything that was acknowledged is on disk")


async def _serve(listening: socket.socket, journal: Journal, token: str | None, home: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    keep = functools.partial(
        otlp.strip,
        allowed=otel.ATTRIBUTES,
        counts=otel.USAGE,
        lists=otel.DOCUMENTS,
        content=otel.PROMPT,
        fingerprint=PromptFingerprints(home),
    )
    await receiver.serve(listening, journal, keep, stop=stop, token=token)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
