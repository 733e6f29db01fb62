"""Anomalies as the served build has them, each with what explains it."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from app import marts
from app.marts.warehouse import MartError, Warehouse


@dataclass(frozen=True)
class Episode:
    """A row of `cost_anomalies`, in its words; money in the reporting currency, days UTC.

    Attributes:
        effects: what explains `excess_usd`, and sums to it; the largest first. Empty where nothing is split up.
    """

    anomaly_id: str
    kind: str
    feature_id: str
    workload: str
    owner_id: str | None
    started_date: date
    last_date: date
    is_open: bool
    day_count: int
    cause: str | None
    actual_usd: Decimal
    expected_usd: Decimal
    excess_usd: Decimal
    customer_id: str | None
    model_id: str | None
    region_id: str | None
    api_key_id: str | None
    prompt_version: str | None
    place_share: float | None
    detail: str | None
    deployment_id: str | None
    deployed_date: date | None
    new_prompt_version: str | None
    prompt_changed_date: date | None
    deviation_sigmas: float | None
    history_days: int | None
    is_low_history: bool | None
    feedback: str | None
    effects: tuple[tuple[str, Decimal], ...] = ()

    @property
    def is_measured(self) -> bool:
        """Whether drivers are held against what is usual; other kinds are noticed as such, whatever they cost."""
        return self.kind in {"drivers", "drift"}

    @property
    def series(self) -> tuple[str, str, str]:
        """What it is an anomaly of."""
        return self.kind, self.feature_id, self.workload


def read(warehouse: Warehouse) -> list[Episode]:
    """All anomalies, what costs most first.

    Raises:
        MartError: the build has none, or is of an older version.
    """
    effects: dict[str, list[tuple[str, Decimal]]] = {}
    for anomaly_id, effect, effect_usd in marts.drivers.effects_of_anomalies(warehouse).iter_rows():
        effects.setdefault(anomaly_id, []).append((effect, effect_usd))
    names = [field.name for field in fields(Episode) if field.name != "effects"]
    anomalies = marts.drivers.every_anomaly(warehouse)
    if missing := [name for name in names if name not in anomalies.columns]:
        raise MartError(f"the served build is of an older version (no {missing[0]} of anomalies): run `unitcost build`")
    return [
        Episode(**{name: row[name] for name in names}, effects=tuple(effects.get(row["anomaly_id"], ())))
        for row in anomalies.iter_rows(named=True)
    ]
