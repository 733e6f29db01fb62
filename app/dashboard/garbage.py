"""What Python's garbage collector need not look at again, run after run."""

import atexit
import gc
from functools import cache

atexit.register(gc.unfreeze)  # else DuckDB's binding calls what is still frozen at the end a leak


@cache
def settle(page: str) -> None:
    """Take what a page imported when it was first drawn out of later collections.

    Streamlit collects everything after each run of a page, for all sessions: 0.12 s among the objects of libraries.
    """
    del page  # each page once
    gc.collect()
    gc.freeze()
