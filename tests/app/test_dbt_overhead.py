"""What is left out of a run of dbt is really gone, and only as long as the run lasts."""

import gc
from pathlib import Path
from typing import Any

import pytest

from app import dbt_build
from app.dbt_overhead import lean_dbt
from app.pipeline import CANDIDATE
from app.settings import Settings
from ingest.sources import discover


def test_a_node_leaves_nothing_behind_of_what_it_could_name(tmp_path: Path) -> None:
    from dbt.clients.jinja import MacroGenerator  # noqa: PLC0415 - three seconds of imports

    counts: list[int] = []

    def count(_: str, done: int, __: int) -> None:
        if done in {1, 10, 30}:
            counts.append(sum(isinstance(made, MacroGenerator) for made in gc.get_objects()))

    gc.collect()
    dbt_build.build(
        tmp_path / CANDIDATE,  # by another name what dbt parsed is of no use to whoever builds next
        tmp_path,
        discover(),
        count,
        landed=[],
        memory_limit=Settings(inputs=()).memory_limit,
        reporting_currency="USD",
        full=True,
        select="resource_type:seed",
    )
    assert len(counts) >= 3
    # a node has two contexts of 700 macros; thirty of them would be 42,000
    assert max(counts) - min(counts) < 3 * 700


def test_dbt_is_as_it_was_after_a_run_that_failed() -> None:
    from dbt.adapters.contracts.connection import Credentials  # noqa: PLC0415 - three seconds of imports
    from dbt.context.macros import MacroNamespaceBuilder  # noqa: PLC0415
    from dbt.context.providers import ModelContext  # noqa: PLC0415
    from dbt.graph.selector import NodeSelector  # noqa: PLC0415
    from dbt.task.base import BaseRunner  # noqa: PLC0415
    from dbt_common.events.base_types import BaseEvent  # noqa: PLC0415
    from dbt_common.events.event_manager import EventManager  # noqa: PLC0415

    owners = (Credentials, MacroNamespaceBuilder, ModelContext, BaseRunner, BaseEvent, EventManager, NodeSelector)

    def own() -> list[dict[str, Any]]:
        return [dict(vars(owner)) for owner in owners]

    def fail() -> None:
        assert own() != before
        raise RuntimeError("stopped")

    before = own()
    with pytest.raises(RuntimeError, match="stopped"), lean_dbt():
        fail()
    assert own() == before
