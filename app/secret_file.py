"""A key or a token in a file that nobody but its owner can read."""

import os
import stat
from pathlib import Path

import typer

MOST_BYTES = 4096


def read(path: Path, what: str) -> str:
    """The secret in a file of mode 600, without the blanks around it.

    Args:
        what: what it is to be, for the message: `key`, `token`.

    Raises:
        typer.BadParameter: others can read the file, or it cannot be read as ASCII; the message holds nothing of it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode) or mode & 0o077:
                raise typer.BadParameter(f"{path} can be read by others: chmod 600 {path}")
            return file.read(MOST_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path} cannot be read as a {what}: {type(error).__name__}") from None
