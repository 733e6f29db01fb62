"""The words of the app are those of the models: nothing is shown by its column name."""

from collections.abc import Mapping
from typing import Any

import jinja2
import yaml

from app import effects
from app.alerts import message
from app.settings import PROJECT_DIR

DRIVERS = PROJECT_DIR / "models" / "marts" / "drivers"


def columns(mart: str) -> list[dict[str, Any]]:
    (model,) = yaml.safe_load((DRIVERS / f"{mart}.yml").read_text())["models"]
    found: list[dict[str, Any]] = model["columns"]
    return found


def metrics() -> Mapping[str, Mapping[str, Any]]:
    """What the macro `driver_metrics` returns to dbt."""
    returned: list[Mapping[str, Mapping[str, Any]]] = []
    environment = jinja2.Environment(autoescape=True)
    environment.globals["return"] = returned.append
    macros: Any = environment.from_string((PROJECT_DIR / "macros" / "driver_metrics.sql").read_text()).module
    macros.driver_metrics()
    return returned[0]


def test_every_effect_has_words_in_the_order_of_the_columns() -> None:
    suffix = effects.column("")
    named = [column["name"] for column in columns("cost_change") if column["name"].endswith(suffix)]
    assert [effects.column(effect) for effect in effects.WORDS] == named


def test_every_driver_has_words_and_every_effect_of_one_leads_to_it() -> None:
    assert set(effects.DRIVERS) == set(metrics())
    for effect in {effect for about in metrics().values() for effect in about["effects"]}:
        assert effect in metrics()[effects.DRIVER_OF.get(effect, effect)]["effects"]


def test_every_kind_of_anomaly_has_words_on_the_page_and_in_messages() -> None:
    (kind,) = (column for column in columns("cost_anomalies") if column["name"] == "kind")
    assert all(name in kind["description"] for name in effects.KINDS)
    assert set(message.KINDS) == set(effects.KINDS) - {"drivers"}
