"""Macros of money as dbt renders them for an engine, without dbt."""

from collections.abc import Callable

import jinja2

from app.settings import PROJECT_DIR

MACROS = (
    "whole_division", "unit_cost", "split_exactly", "component_cost", "cross_rate", "convert", "for_each",
    "percentiles",
)  # fmt: skip
"""Each in a file of its name."""


def rendered(query: str, engine: str) -> str:
    """The SQL of a query that calls them.

    Args:
        query: SQL and Jinja.
        engine: `duckdb` or `spark`.
    """

    class Adapter:
        def dispatch(self, name: str) -> Callable[..., str]:
            return getattr(macros, f"{engine}__{name}", None) or getattr(macros, f"default__{name}")

    text = "".join((PROJECT_DIR / "macros" / f"{name}.sql").read_text() for name in MACROS)
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
    macros = environment.from_string(text, globals={"adapter": Adapter(), "return": lambda value: value}).module
    return environment.from_string(query).render({name: getattr(macros, name) for name in MACROS})
