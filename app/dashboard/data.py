"""What the pages read: the marts of one build, kept by the path of the build and what was asked.

Every session is handed the same answer, not a copy of it: a frame of Polars, a tuple, a frozen dataclass.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import streamlit as st

from app.marts.warehouse import Warehouse

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def read(
    path: str, query: Callable[Concatenate[Warehouse, Asked], Answer], *asked: Asked.args, **named: Asked.kwargs
) -> Answer:
    """What the build of a path answers to a query of `app.marts`; the same question is put to it once.

    Raises:
        MartError: the build cannot be read.
    """
    return cast("Answer", answer(path, query, *asked, **cast("dict[str, Any]", named)))


@lru_cache(maxsize=1024, typed=True)  # Streamlit's cache takes a seventh of a page's time to know a question again
def answer(path: str, query: Callable[..., Any], *asked: Any, **named: Any) -> Any:
    """What `read` keeps."""
    return query(_warehouse(path), *asked, **named)


@st.cache_resource(max_entries=3, show_spinner=False, on_release=Warehouse.close)
def _warehouse(path: str) -> Warehouse:
    """Open build of a path. A path names one build for ever, so it is never opened again for another."""
    return Warehouse(Path(path))
