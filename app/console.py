"""Where the command line writes: what was asked for on stdout, everything about it on stderr."""

import sys

from rich.console import Console

# no terminal, no edge to cut a table at
out = Console(width=None if sys.stdout.isatty() else 1000, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)
