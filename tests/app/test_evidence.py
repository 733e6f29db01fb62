"""Evidence for a cheaper model: bounds that hold on questions that nobody has seen yet."""

import random
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.evidence import CLASS, SCORES, EvidenceError, lower_bounds, read

REQUIRED = 0.98


def pairs(feature: str, scores: list[tuple[float, float]]) -> pl.DataFrame:
    rows = [("openai", "large", feature, "chat", "openai", "small", *pair) for pair in scores]
    return pl.DataFrame(rows, schema=[*CLASS, *SCORES], orient="row")


def answered(chance: random.Random, quality: float, count: int) -> list[tuple[float, float]]:
    """Questions of any difficulty, which is the same for both models; scores are tenths, as people give them."""
    found = []
    for _ in range(count):
        ease = chance.betavariate(6, 2)
        current, candidate = ease + chance.gauss(0, 0.05), ease * quality + chance.gauss(0, 0.05)
        found.append((round(min(max(current, 0), 1), 1), round(min(max(candidate, 0), 1), 1)))
    return found


def bound(scores: list[tuple[float, float]], **more: float) -> float | None:
    found: float | None = lower_bounds(pairs("chat", scores), **more)["quality_lower_bound"][0]
    return found


def test_what_is_routed_by_its_lower_bound_keeps_the_quality_on_questions_it_was_not_chosen_by() -> None:
    """Two hundred splits in halves; by the mean alone the best of many is chosen for its luck."""
    chance = random.Random(20261129)  # noqa: S311 - cases, not secrets
    kept: dict[str, list[bool]] = {"bound": [], "mean": []}
    for _ in range(200):
        seen, unseen = [], []
        for number in range(12):
            questions = answered(chance, chance.uniform(0.94, 1.02), 300)
            seen.append(pairs(f"feature-{number}", questions[:150]))
            unseen.append(pairs(f"feature-{number}", questions[150:]))
        found = lower_bounds(pl.concat(seen))
        for by, column in (("bound", "quality_lower_bound"), ("mean", "quality")):
            routed = found.filter(pl.col(column) >= REQUIRED)["feature_id"]
            if len(routed):
                ratios = pl.concat(unseen).filter(pl.col("feature_id").is_in(routed.to_list()))
                qualities = lower_bounds(ratios)["quality"]
                kept[by].append(all(quality >= REQUIRED for quality in qualities))
    share = {by: sum(held) / len(held) for by, held in kept.items()}
    assert len(kept["bound"]) >= 150, "a bound that lets nothing through proves nothing"
    assert share["bound"] >= 0.8
    assert share["mean"] < share["bound"] - 0.2


def test_a_bound_lies_below_the_truth_as_often_as_it_says() -> None:
    chance = random.Random(7)  # noqa: S311
    truth_pairs = answered(chance, 0.97, 200_000)
    truth = sum(two for _, two in truth_pairs) / sum(one for one, _ in truth_pairs)
    samples = [chance.sample(truth_pairs, 200) for _ in range(400)]
    for confidence in (0.8, 0.95):
        below = sum((bound(sample, confidence=confidence) or 0) <= truth for sample in samples) / len(samples)
        assert below == pytest.approx(confidence, abs=0.04)


def test_who_lost_nothing_may_lose_three_of_so_many() -> None:
    same = [(1.0, 1.0)] * 100
    assert bound(same) == pytest.approx(1 - 3 / 100, abs=0.0005)
    assert bound(same[:29]) is None, "too few to say"
    assert bound([(0.0, 1.0)] * 50) is None, "nothing to compare it with"


def test_the_command_prints_what_the_seed_asks_for_and_names_a_wrong_line(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    pairs("chat", [(1.0, 1.0), (0.5, 0.5)] * 50).write_csv(path)
    done = CliRunner().invoke(cli, ["evidence", str(path)])
    assert done.exit_code == 0, done.output
    header, line = done.output.strip().splitlines()
    assert header == ",".join((*CLASS, "pair_count", "quality", "quality_lower_bound"))
    assert line.startswith("openai,large,chat,chat,openai,small,100,1.0,0.96")
    with path.open("a") as file:
        file.write("openai,large,chat,chat,openai,small,0.5,1.5\n")
    with pytest.raises(EvidenceError, match="a score of line 102 is no number of 0 to 1"):
        read(path)
    path.write_text("model_id\nlarge\n")
    with pytest.raises(EvidenceError, match="lacks provider_id, feature_id"):
        read(path)
