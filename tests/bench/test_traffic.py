"""The benchmark's own ground: the same logs every time, and the same figures whoever works them out."""

import hashlib
from pathlib import Path

import pytest

from tests.bench import bench_warehouse as bench
from tests.bench import traffic

CALLS = 2_000


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "logs"
    traffic.write(folder, calls=CALLS, days=2)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_writes_the_same_bytes_and_another_one_others(logs: Path, tmp_path: Path) -> None:
    traffic.write(tmp_path / "again", calls=CALLS, days=2)
    assert digests(tmp_path / "again") == digests(logs)
    traffic.write(tmp_path / "other", calls=CALLS, days=2, seed=8)
    other = digests(tmp_path / "other")
    assert {name for name, digest in other.items() if digests(logs)[name] == digest} == {"prices.csv"}


def test_days_written_one_by_one_are_the_days_of_the_whole(logs: Path, tmp_path: Path) -> None:
    for day in (1, 0):
        traffic.write(tmp_path, calls=CALLS, days=2, only=[day])
    assert digests(tmp_path) == digests(logs)


def test_floor_polars_and_product_come_to_the_same_calls_tokens_and_cost(logs: Path, tmp_path: Path) -> None:
    _, floor = bench.by_hand("floor", logs, tmp_path / "floor")
    _, polars = bench.by_hand("in_polars", logs, tmp_path / "polars")
    bench.product(logs, tmp_path / "warehouse")
    assert 0.98 * CALLS < floor["calls"] < CALLS
    assert floor == polars == bench.product_totals(logs, tmp_path / "warehouse")
