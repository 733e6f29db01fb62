"""What the macros that return lists stand for while sqlfluff reads the models: linting needs no dbt and no database."""

from typing import Any


def catalogue_kinds() -> list[str]:
    """As `macros/usage_kinds.sql`: one is enough to see a column."""
    return ["input_tokens"]


def usage_kind_names() -> list[str]:
    """As `macros/usage_kinds.sql`."""
    return ["input"]


def price_scope() -> dict[str, str]:
    """As `macros/price_scope.sql`."""
    return {"provider_id": "coalesce(provider_id, '(unknown)')"}


def canonical_columns(shape: str) -> dict[str, str]:
    """As `macros/canonical_columns.sql`."""
    return {"source_id": "string"} if shape else {}


def enriching_columns() -> list[str]:
    """As `macros/enriching_columns.sql`."""
    return ["customer_id"]


def anomaly_places() -> list[str]:
    """As `macros/anomaly_places.sql`: all of them, since a model names some."""
    return ["customer_id", "model_id", "region_id", "api_key_id", "prompt_version"]


def last_build(schema: str, name: str) -> str:
    """As `macros/last_build.sql`."""
    return f"{schema}.{name}"


def usage_components() -> dict[str, str]:
    """As `macros/usage_components.sql`."""
    return {"input": "uncached_input_tokens", "output": "output_tokens"}


def cell_key() -> list[str]:
    """As `macros/cell_key.sql`."""
    return ["provider_id", "cell_date"]


def attribution_matchers(_records: str = "calls") -> dict[str, str]:
    """As `macros/attribution_matchers.sql`."""
    return {"source_id": "@source_id"}


def attribution_key() -> list[str]:
    """As `macros/attribution_matchers.sql`."""
    return ["applies_to", "source_id"]


def attribution_targets() -> list[str]:
    """As `macros/attribution_matchers.sql`."""
    return ["customer_id"]


def attribution_used(_records: str = "calls") -> list[str]:
    """As `macros/attribution_used.sql`."""
    return ["source_id"]


def unit_parts() -> list[str]:
    """As `macros/unit_parts.sql`."""
    return ["retry", "output"]


def effect_names() -> list[str]:
    """As `macros/cost_effects.sql`."""
    return ["requests", "price"]


def call_effects() -> list[str]:
    """As `macros/cost_effects.sql`."""
    return ["requests", "price"]


def effect_leaf() -> list[str]:
    """As `macros/cost_effects.sql`."""
    return ["feature_id", "customer_id", "workload", "provider_id", "model_id"]


def driver_sums() -> list[str]:
    """As `macros/driver_metrics.sql`."""
    return ["request_count", "cost_usd"]


def priced_tokens() -> dict[str, str]:
    """As `macros/priced_tokens.sql`."""
    return {"output": "output_tokens"}


def savings_strategies() -> dict[str, dict[str, str]]:
    """As `macros/savings_strategies.sql`."""
    money = {case: f"sum({case}_saving_usd)" for case in ("low", "expected", "high")}
    return {
        "batch": {
            "mart": "batch_savings",
            "where": "is_tolerant",
            "evidence_kind": "'rules'",
            "request_count": "sum(request_count)",
            "affected": "sum(actual_cost_usd)",
            **money,
            "potential": money["high"],
            "evidence": "min(reason)",
        }
    }


def of_machines() -> list[str]:
    """As `macros/savings_strategies.sql`."""
    return ["quantisation"]


def effect_measures() -> list[str]:
    """As `macros/cost_effects.sql`."""
    return ["request_count", "cost_usd"]


def driver_metrics() -> dict[str, dict[str, Any]]:
    """As `macros/driver_metrics.sql`."""
    return {"volume": {"value": "request_count", "effects": ["requests"]}}


def context_window_turns() -> list[int]:
    """As `macros/context_window_turns.sql`."""
    return [20, 10, 5]


def output_caps() -> list[int]:
    """As `macros/output_caps.sql`."""
    return [250, 500]


def strategy_effects() -> dict[str, list[str]]:
    """As `macros/strategy_effects.sql`."""
    return {"batch": ["service_tier"]}


def budget_members() -> dict[str, str]:
    """As `macros/budget_members.sql`."""
    return {"feature": "costs.feature_id"}
