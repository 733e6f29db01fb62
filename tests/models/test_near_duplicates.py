"""Near duplicates: planted variations through the real ingest, and the search against comparing every two calls."""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app import builds, pipeline
from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls

MODELS = f"{CALL_MODELS} +duplicate_prompts"
NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
IN, OUT = Decimal("0.000003"), Decimal("0.000015")
"""claude-sonnet-4-5."""
KINDS = ("duplicate", "near_duplicate")
FOUND = ", ".join(f"{kind}_within_{lifetime}_count" for lifetime in ("hour", "day") for kind in KINDS)

# ------------------------------------------------------------------------------------------------------------- planted

PAIRS = 300
"""Prompts of each kind of variation, each of a customer of its own."""
LENGTHS = (25, 40, 80, 150)
"""Words of a template: a form, a ticket, a letter, a page."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Texts:
    """Templates with places for two names and a number, in words as frequent as those of a language are."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - texts, not secrets
        self.words = [self._word() for _ in range(5000)]
        self.frequencies = [1 / rank for rank in range(1, 5001)]

    def _word(self) -> str:
        return "".join(self.chance.choices(LETTERS, k=self.chance.randint(3, 9)))

    def text(self, length: int) -> str:
        return " ".join(self.chance.choices(self.words, self.frequencies, k=length))

    def names(self) -> tuple[str, str]:
        """Of a person and a place."""
        return self._word().capitalize(), self._word().capitalize()

    def template(self, length: int) -> Callable[[tuple[str, str], int], str]:
        begin, middle, end = self.text(length // 4), self.text(length // 2), self.text(length // 4)
        return lambda names, number: f"Dear {names[0]},\n{begin} {names[1]} {middle}: order {number:,}. {end}"


def planted(texts: Texts, kind: str, number: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two prompts, (system, question) each: the second is a variation of the first, or it is another question."""
    length = LENGTHS[number % len(LENGTHS)]
    system, names, order = texts.text(300), texts.names(), texts.chance.randint(1, 99_999)
    template = texts.template(length)
    first = template(names, order)
    match kind:
        case "white space":
            other = first.replace(", ", ",  ").replace(". ", ".\n\n").replace(": ", ":\t")
        case "numbers":
            other = template(names, texts.chance.randint(1, 99_999))
        case "case and punctuation":
            other = first.upper().replace(",\n", "!\n").replace(":", ";")
        case "one name":
            other = template((texts.names()[0], names[1]), order)
        case "two names and the number":
            other = template(texts.names(), texts.chance.randint(1, 99_999))
        case "another template":
            other = texts.template(length)(names, order)
        case "another question in one text":
            return ("", f"{system}\n{texts.text(15)}"), ("", f"{system}\n{texts.text(15)}")
        case _:
            assert kind == "another system prompt"
            return (system, first), (texts.text(300), first)
    return (system, first), (system, other)


SAME = ("white space", "numbers", "case and punctuation", "one name", "two names and the number")
UNLIKE = ("another template", "another system prompt")
LIMIT = "another question in one text"


@dataclass(frozen=True)
class Found:
    """How many of the second prompts of a kind were found, and how many likely are by the words that they share."""

    same: int
    near: int
    expected: float

    @property
    def share(self) -> float:
        return (self.same + self.near) / PAIRS


def likely(one: tuple[str, str], other: tuple[str, str]) -> float:
    """How likely no more than one of eight min-wise hashes of two prompts differs, by the words that they share."""
    (system, question), (other_system, other_question) = one, other
    if system != other_system:
        return 0

    def words(text: str) -> set[str]:
        return set("".join(sign for sign in text.lower() if sign.isalpha() or sign.isspace()).split())

    shared = words(question) & words(other_question)
    likeness = len(shared) / len(words(question) | words(other_question))
    return likeness**8 + 8 * likeness**7 * (1 - likeness)


def pairs() -> dict[str, list[tuple[tuple[str, str], tuple[str, str]]]]:
    """All that is planted, by kind."""
    texts = Texts(11)
    return {kind: [planted(texts, kind, number) for number in range(PAIRS)] for kind in (*SAME, *UNLIKE, LIMIT)}


def logged() -> Iterator[dict[str, Any]]:
    """The same as an application logs it: the kind is the feature, ten minutes lie between two of a customer."""
    for kind, members in pairs().items():
        for number, pair in enumerate(members):
            for place, (system, question) in enumerate(pair):
                messages = [{"role": "system", "content": system}] if system else []
                yield {
                    "timestamp": (NOON + place * timedelta(minutes=10)).isoformat(),
                    "metadata": {"customer_id": f"customer-{number}", "feature": kind},
                    "request": {"messages": [*messages, {"role": "user", "content": question}]},
                    "response": {
                        "id": f"chatcmpl-{kind}-{number}-{place}", "object": "chat.completion", "model": "gpt-5",
                        "usage": {"prompt_tokens": 600, "completion_tokens": 100},
                    },
                }  # fmt: skip


@pytest.fixture(scope="module")
def found(built: Company) -> dict[str, Found]:
    """What was found of it, by kind."""
    rows = built.rows(
        "select feature_id, duplicate_within_hour_count, near_duplicate_within_hour_count, request_count"
        " from marts.duplicate_prompts where model_id like 'gpt-5%'"
    )
    assert {count for *_, count in rows} == {2 * PAIRS}
    expected = {kind: sum(likely(*pair) for pair in members) / PAIRS for kind, members in pairs().items()}
    return {kind: Found(same, near, expected[kind]) for kind, same, near, _ in rows}


def test_white_space_numbers_case_and_punctuation_never_hide_a_near_duplicate(found: dict[str, Found]) -> None:
    assert found["white space"] == Found(PAIRS, 0, 1)  # the same to the letter but for white space
    for kind in ("numbers", "case and punctuation"):
        assert found[kind].share == 1
        assert found[kind].near >= PAIRS - 1  # two numbers may be the same


def test_most_prompts_that_differ_in_names_are_found(found: dict[str, Found]) -> None:
    assert found["one name"].share >= 0.9
    assert found["two names and the number"].share >= 0.8


def test_unlike_prompts_are_no_near_duplicates(found: dict[str, Found]) -> None:
    right = sum(found[kind].near for kind in SAME)
    wrong = sum(found[kind].near + found[kind].same for kind in UNLIKE)
    assert right / (right + wrong) >= 0.99


def test_a_prompt_is_found_as_often_as_the_words_that_it_shares_let_expect(found: dict[str, Found]) -> None:
    for kind in (*SAME, *UNLIKE, LIMIT):
        assert found[kind].share == pytest.approx(found[kind].expected, abs=0.05), kind


def test_a_question_in_one_text_with_long_instructions_is_not_told_from_another(found: dict[str, Found]) -> None:
    """What the sketch cannot do: of one text most words are the same. So near duplicates are an upper figure."""
    assert found[LIMIT].share > 0.5


# ---------------------------------------------------------------------------------------------------------- every two


def call(name: int, at: datetime, **more: Any) -> dict[str, Any]:
    """A call of claude-sonnet-4-5."""
    return {
        "request_id": f"call-{name:05d}", "provider_id": "anthropic", "model_id": "claude-sonnet-4-5",
        "customer_id": "acme", "feature_id": "faq", "operation": "chat", "requested_at": at.isoformat(),
        "uncached_input_tokens": 1000, "output_tokens": 100, "prompt_fingerprint": f"{name:032x}", **more,
    }  # fmt: skip


def differing(sketch: str, *bytes_: int) -> str:
    """A sketch with other bytes at these places."""
    for place in bytes_:
        byte = int(sketch[2 * place : 2 * place + 2], 16) ^ 0xFF
        sketch = f"{sketch[: 2 * place]}{byte:02x}{sketch[2 * place + 2 :]}"
    return sketch


SKETCH = "0123456789abcdef"


def by_hand() -> Iterator[dict[str, Any]]:
    """Features that each show one thing: two calls, or three."""
    names = iter(range(90_000, 99_999))

    def calls(feature: str, *rest: dict[str, Any], **all_: Any) -> Iterator[dict[str, Any]]:
        for place, more in enumerate(({}, *rest)):
            at = more.pop("at", NOON + place * timedelta(minutes=1))
            yield call(next(names), at, **{"feature_id": feature, "prompt_similarity": SKETCH, **all_, **more})

    yield from calls("same words", {})
    yield from calls("one byte", {"prompt_similarity": differing(SKETCH, 7)})
    yield from calls("two bytes", {"prompt_similarity": differing(SKETCH, 0, 7)})
    yield from calls("shifted", {"prompt_similarity": SKETCH[2:] + "00"})
    yield from calls("exact", {}, prompt_fingerprint="e" * 32)
    yield from calls("other customer", {"customer_id": "other"})
    yield from calls("other model", {"model_id": "claude-haiku-4-5"})
    yield from calls("other operation", {"operation": "generate_content"})
    yield from calls("second attempt", {"attempt_number": 2})
    yield from calls("an hour", {"at": NOON + HOUR})
    yield from calls("a day", {"at": NOON + HOUR + timedelta(milliseconds=1)})
    yield from calls("next day", {"at": NOON + timedelta(hours=12)})
    yield from calls("a chain", {"prompt_similarity": differing(SKETCH, 1)},
                     {"prompt_similarity": differing(SKETCH, 1, 2)})  # fmt: skip
    yield from calls("unknown", {"prompt_similarity": None}, {"prompt_similarity": "ff"}, {"prompt_similarity": "ff"})
    for place, status in enumerate(("error", "ok")):
        yield call(next(names), NOON + place * HOUR / 2, feature_id="failed", status=status, prompt_similarity=SKETCH)


CROWDS = 1500
"""Calls of all features but those by hand, on two days."""


def crowds() -> list[dict[str, Any]]:
    """Calls of three customers and two features whose sketches differ in up to three bytes, some at the same moment."""
    chance = random.Random(5)  # noqa: S311 - sketches, not secrets
    bases = [f"{chance.getrandbits(64):016x}" for _ in range(60)]
    made = []
    for number in range(CROWDS):
        sketch = chance.choice(bases)
        for place in chance.sample(range(8), chance.choice((0, 1, 1, 2, 3))):
            sketch = f"{sketch[: 2 * place]}{chance.randrange(4):02x}{sketch[2 * place + 2 :]}"
        made.append(call(
            number, NOON + timedelta(days=number % 2, minutes=chance.randrange(-700, 700)),
            customer_id=chance.choice(("acme", "globex", "initech")), feature_id=chance.choice(("crowd", "queue")),
            output_tokens=number, prompt_similarity=sketch,
            prompt_fingerprint=f"{chance.choice((number, int(sketch, 16))):032x}",
        ))  # fmt: skip
    return made


def every_two(calls: list[dict[str, Any]], distance: int) -> dict[tuple[Any, ...], list[Any]]:
    """Counts and costs by day, customer and feature, as `FOUND` and its costs: each call beside each before it."""
    groups = defaultdict(list)
    for number, one in sorted(enumerate(calls), key=lambda pair: (pair[1]["requested_at"], pair[0])):
        at = datetime.fromisoformat(one["requested_at"])
        groups[at.date(), one["customer_id"], one["feature_id"]].append((at, number, one))
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for key, members in groups.items():
        counts, costs = [0] * 4, [Decimal(0)] * 4
        for place, (at, _, one) in enumerate(members):
            before = members[:place]
            for number, lifetime in enumerate((HOUR, 24 * HOUR)):
                kept = [other for then, _, other in before if at - then <= lifetime]
                if any(other["prompt_fingerprint"] == one["prompt_fingerprint"] for other in kept):
                    kind = 2 * number
                elif any(_differ(other["prompt_similarity"], one["prompt_similarity"]) <= distance for other in kept):
                    kind = 2 * number + 1
                else:
                    continue
                counts[kind] += 1
                costs[kind] += 1000 * IN + one["output_tokens"] * OUT
        sums[key] = [*counts, *costs]
    return sums


def _differ(one: str, other: str) -> int:
    """How many bytes differ."""
    return sum(one[place : place + 2] != other[place : place + 2] for place in range(0, 16, 2))


def daily(home: Company, *, at: int | None = None) -> dict[tuple[Any, ...], list[Any]]:
    """What the warehouse has of it, of the crowds.

    Args:
        at: as it would have been at another distance.
    """
    build = builds.current(home.home).path
    if at is not None:
        build = home.home / "builds" / pipeline.CANDIDATE
        pipeline._copy(builds.current(home.home).path, build)
        project = home.project / "dbt_project.yml"
        text = project.read_text()
        assert "near_duplicate_distance: 1\n" in text
        project.write_text(text.replace("near_duplicate_distance: 1\n", f"near_duplicate_distance: {at}\n"))
        with home.at_work(), pipeline.writer(home.settings):
            files = pipeline.known_files(home.settings)
            pipeline.build_models(home.settings, build, files, full=True, select="int_duplicates_daily")
        project.write_text(text)
    with duckdb.connect(str(build), read_only=True) as con:
        rows = con.sql(
            f"select usage_date, customer_id, feature_id, {FOUND}, {FOUND.replace('_count', '_cost_usd')}"
            " from intermediate.int_duplicates_daily where feature_id in ('crowd', 'queue')"
        ).fetchall()
    return {(day, customer, feature): facts for day, customer, feature, *facts in rows}


def everything(home: Company) -> list[tuple[Any, ...]]:
    return home.rows("select * from intermediate.int_duplicates_daily order by all") + home.rows(
        "select * from marts.duplicate_prompts order by all"
    )


@pytest.fixture(scope="module")
def built(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """All that is planted, by hand, and two of three calls of the crowds: the others come in a test."""
    home = company("near", select=MODELS)
    home.home.mkdir(exist_ok=True)
    (home.home / "fingerprint.key").write_text(bytes(range(32)).hex())  # else no two runs have the same luck
    folder = tmp_path_factory.mktemp("calls")
    log = folder / "log.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in logged()))
    first = [one for number, one in enumerate(crowds()) if number % 3] + list(by_hand())
    home.load((log, "openai"), (write_calls(folder / "calls.jsonl", first), "canonical"))
    return home


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("same words", (0, 1, 0, 1)),
        ("one byte", (0, 1, 0, 1)),
        ("two bytes", (0, 0, 0, 0)),
        ("shifted", (0, 0, 0, 0)),
        ("exact", (1, 0, 1, 0)),
        ("other customer", (0, 0, 0, 0)),
        ("other model", (0, 0, 0, 0)),
        ("other operation", (0, 0, 0, 0)),
        ("second attempt", (0, 0, 0, 0)),
        ("an hour", (0, 1, 0, 1)),
        ("a day", (0, 0, 0, 1)),
        ("next day", (0, 0, 0, 0)),
        ("a chain", (0, 2, 0, 2)),
        ("unknown", (0, 0, 0, 0)),
        ("failed", (0, 0, 0, 0)),
    ],
)
def test_a_near_duplicate_is_of_one_customer_feature_model_and_operation_within_a_lifetime(
    built: Company, feature: str, expected: tuple[int, ...]
) -> None:
    sums = ", ".join(f"sum({count})" for count in FOUND.split(", "))
    assert built.rows(f"select {sums} from marts.duplicate_prompts where feature_id = '{feature}'") == [expected]


def test_what_is_found_is_what_comparing_every_two_finds_whatever_the_distance_and_the_order_of_loading(
    built: Company, tmp_path: Path
) -> None:
    calls = crowds()
    first = [one for number, one in enumerate(calls) if number % 3]
    assert daily(built) == every_two(first, 1)
    late = [one for number, one in enumerate(calls) if not number % 3 and number % 2]  # of one of the two days
    loaded = built.load((write_calls(tmp_path / "late.jsonl", late), "canonical"))
    assert not loaded.is_full
    assert daily(built) == every_two(first + late, 1)
    incremental = everything(built)
    assert built.load(full=True).is_full
    assert everything(built) == incremental
    for distance in (0, 2):
        assert daily(built, at=distance) == every_two(first + late, distance)


def test_looking_for_near_duplicates_costs_an_embedding_of_every_prompt(built: Company) -> None:
    ((cost, tokens, count, found, saving, month),) = built.rows(
        "select near_lookup_cost_usd, input_tokens, request_count, near_duplicate_within_day_cost_usd,"
        " near_saving_usd, month from marts.duplicate_prompts where feature_id = 'one byte'"
    )
    assert (count, tokens, month) == (2, 2000, date(2026, 10, 1))
    assert (cost, found) == (Decimal("0.00000002") * 2000, 1000 * IN + 100 * OUT)
    assert saving == found - cost
