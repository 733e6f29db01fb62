"""The layers of the dbt project, read from its manifest: data moves left to right, marts are a public contract."""

import json
from pathlib import Path
from typing import Any

import pytest

from app import dbt_build
from app.settings import PROJECT_DIR
from ingest.sources import discover

MODELS = PROJECT_DIR / "models"


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - three seconds of imports

    target = tmp_path_factory.mktemp("manifest")
    result = dbtRunner().invoke(
        [
            "parse", "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR), "--target-path",
            str(target), "--log-path", str(target), "--no-partial-parse", "--log-level", "none",
            "--vars", json.dumps({"staged": dbt_build.staged(discover())}),
        ]
    )  # fmt: skip
    assert result.success, result.exception
    return json.loads((target / "manifest.json").read_text())


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def layer(node: dict[str, Any]) -> str:
    return node["path"].split("/")[0]


def parents(node: dict[str, Any], manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [manifest["nodes"].get(key) or manifest["sources"][key] for key in node["depends_on"]["nodes"]]


def test_sources_are_read_in_staging_only_and_each_staging_model_reads_its_own(
    models: list[dict[str, Any]], manifest: dict[str, Any]
) -> None:
    for model in models:
        sources = [parent for parent in parents(model, manifest) if parent["resource_type"] == "source"]
        if layer(model) != "staging":
            assert not sources, model["name"]
            continue
        folder = model["path"].split("/")[1]
        assert [source["source_name"] for source in sources] == [folder], model["name"]
        assert model["name"].startswith(f"stg_{folder}__")


def test_data_moves_from_left_to_right(models: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
    allowed = {
        "staging": {"source", "seed"},  # a seed says what a provider's words mean
        "intermediate": {"staging", "intermediate", "marts/core", "seed"},
        "marts": {"staging", "intermediate", "marts", "seed"},
    }
    for model in models:
        for parent in parents(model, manifest):
            kind = parent["resource_type"]
            place = kind if kind != "model" else layer(parent)
            if layer(model) == "intermediate" and place == "marts":
                place = "/".join(parent["path"].split("/")[:2])
            assert place in allowed[layer(model)], (model["name"], parent["name"])


def test_every_model_says_its_grain_in_its_first_line_and_is_described(models: list[dict[str, Any]]) -> None:
    for model in models:
        assert model["raw_code"].startswith("-- grain: one row per "), model["name"]
        assert len(model["description"]) > 30, model["name"]


def test_marts_are_contracted_keyed_and_described_column_by_column(
    models: list[dict[str, Any]], manifest: dict[str, Any]
) -> None:
    tested = {
        test["attached_node"]: []
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test" and test.get("attached_node")
    }
    for test in manifest["nodes"].values():
        if test["resource_type"] == "test" and test.get("attached_node"):
            tested[test["attached_node"]].append(test["test_metadata"]["name"])
    for model in models:
        if layer(model) != "marts":
            continue
        assert model["contract"]["enforced"], model["name"]
        assert model["access"] == "public", model["name"]
        assert model["config"]["meta"]["key"], model["name"]
        # a view is not asked in every build: what it is over is keyed
        assert model["config"]["materialized"] == "view" or {"unique", "unique_together"} & set(
            tested.get(model["unique_id"], ())
        ), f"{model['name']} has no key test"
        for column in model["columns"].values():
            assert column["data_type"], (model["name"], column["name"])
            assert len(column["description"]) > 3, (model["name"], column["name"])


def test_money_is_decimal_in_every_mart(models: list[dict[str, Any]]) -> None:
    for model in models:
        for column in model["columns"].values() if layer(model) == "marts" else ():
            if column["name"].endswith("price_usd"):  # of one unit: a token's needs more places
                assert column["data_type"] in {"decimal(38, 15)", "decimal(38, 18)"}, (model["name"], column["name"])
            elif column["name"].endswith(("_usd", "_cost")):
                assert column["data_type"] == "decimal(38, 12)", (model["name"], column["name"])
            if column["data_type"] == "double":
                assert column["name"] in {
                    "attempts_per_request",
                    "attributed_share",
                    "break_even_share",
                    "duplicate_within_day_share",
                    "duplicate_within_hour_share",
                    "expected_attempts_per_request",
                    "hit_share",
                    "near_duplicate_within_day_share",
                    "near_duplicate_within_hour_share",
                    "quality_lower_bound",
                    "required_quality",
                    "retry_budget",
                    "spared_share",
                    "contribution_margin",
                    "gross_margin",
                    "limited_margin",
                    "list_margin",
                    "margin_at_price",
                    "saved_share",
                    "cost_share_of_revenue",
                    "explained_share",
                    "margin_confidence",
                    "matched_share",
                    "return_on_cogs",
                    "success_share",
                    "unit_cost_change",
                    "unit_cost_elasticity",
                    "unit_count_change",
                    "priced_share",
                    "price_ratio",
                    "coverage_share",
                    "input_growth",
                    "actual",
                    "expected",
                    "lower_limit",
                    "upper_limit",
                    "deviation_sigmas",
                    "place_share",
                    "times_before",
                    "peak_minute_share",
                    "rate_limited_share",
                    "retry_share",
                    "cached_share",
                    "input_tokens_per_turn",
                    "invoiced_share",
                    "cost_confidence",
                    "used_share",
                    "overhead_share",
                    "overhead_with_context_share",
                    "retrieved_context_share",
                    "history_share",
                    "repeated_prefix_share",
                    "reasoning_share",
                    "idle_share",
                    "busiest_hour_share",
                    "busiest_day_share",
                    "pool_share",
                }, (
                    model["name"],
                    column["name"],
                )


def test_no_shipped_test_reads_the_staging_of_several_sources(manifest: dict[str, Any]) -> None:
    """A source without files has no staging model in a build, and dbt silently leaves out each test that reads one."""
    for test in manifest["nodes"].values():
        if test["resource_type"] != "test":
            continue
        read = {node for node in test["depends_on"]["nodes"] if node.startswith("model.") and ".stg_" in node}
        places = {manifest["nodes"][node]["path"].split("/")[1] for node in read} - {"landing", "prices"}
        assert len(places) <= 1, (test["name"], places)


def test_every_staging_folder_of_a_source_reaches_the_union(models: list[dict[str, Any]]) -> None:
    staged = {model["name"] for model in models if layer(model) == "staging"}
    read = {
        parent.rsplit(".", 1)[1]
        for model in models
        if layer(model) != "staging"
        for parent in model["depends_on"]["nodes"]
    }
    assert staged <= read


def test_models_fit_on_a_few_screens() -> None:
    long = [path.name for path in MODELS.rglob("*.sql") if len(path.read_text().splitlines()) > 130]
    assert not long, long


def test_no_model_is_written_for_one_engine() -> None:
    for path in Path(MODELS).rglob("*.sql"):
        assert "target.type" not in path.read_text(), f"{path.name}: dialects belong in macros/"
