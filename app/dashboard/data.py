"""What the pages read: the marts of one build, cached by the path of the build and what was asked."""

from collections.abc import Callable, Mapping
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
    return cast("Answer", _read(path, f"{query.__module__}.{query.__qualname__}", query, asked, named))


@st.cache_resource(max_entries=3, show_spinner=False, on_release=Warehouse.close)
def _warehouse(path: str) -> Warehouse:
    """Open build of a path. A path names one build for ever, so it is never opened again for another."""
    return Warehouse(Path(path))


@st.cache_data(max_entries=1024, show_spinner=False)
def _read(
    path: str,
    name: str,  # noqa: ARG001 - part of what the cache knows an answer by
    _query: Callable[..., Any],  # Streamlit does not look at what begins so
    asked: tuple[Any, ...],
    named: Mapping[str, Any],
) -> Any:
    return _query(_warehouse(path), *asked, **named)
