"""Recorded usage bodies of many providers: what each counts, and costs, by the price library that recorded them.

Every body goes the whole way: a line of a log, landed, staged and rated. A provider whose bodies we can read has a line
in READERS.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.conftest import SHARED_DATA
from tests.models.conftest import CALL_MODELS, Warehouse

BODIES = SHARED_DATA / "usage_bodies" / "usages_half.json"
AT = "2026-08-01T12:00:00Z"
"""A time at which the prices hold that the library recorded: before those of gpt-5.6 fell on 2026-08-21."""
Record = dict[str, Any]


@dataclass(frozen=True)
class Reader:
    """How a provider's body becomes a line of a log.

    Attributes:
        source: the source that reads it.
        log: the line, by the id of the call and the body.
        speaks: whether a body is this provider's: the library reads many as those of others, too.
        unsaid: what the library does not read from this provider, and we do.
    """

    source: str
    log: Callable[[str, Record], Record]
    speaks: Callable[[Record], bool]
    unsaid: frozenset[str] = frozenset()


def of_host(host: str) -> Callable[[str, Record], Record]:
    return lambda name, body: {"timestamp": AT, "host": host, "request_id": name, "response": body}


def bedrock(name: str, body: Record) -> Record:
    return {
        "schemaType": "ModelInvocationLog",
        "timestamp": AT,
        "requestId": name,
        "operation": "Converse",
        "modelId": body.get("model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        "output": {"outputBodyJson": body},
    }


def counts(*names: str) -> Callable[[Record], bool]:
    return lambda body: all(name in body.get("usage", {}) for name in names)


def is_anthropics(body: Record) -> bool:
    return "cache_creation_input_tokens" in body["usage"]


# provider and flavour of the library → how we read it
READERS: dict[tuple[str, str], Reader] = {
    ("openai", "chat"): Reader("openai", of_host("api.openai.com"), counts("prompt_tokens", "completion_tokens")),
    ("openai", "embeddings"): Reader(
        "openai", of_host("api.openai.com"), lambda body: "completion_tokens" not in body["usage"]
    ),
    ("openai", "responses"): Reader("openai", of_host("api.openai.com"), lambda body: not is_anthropics(body)),
    ("anthropic", "default"): Reader("anthropic", of_host("api.anthropic.com"), is_anthropics),
    ("google", "default"): Reader(
        "gemini", of_host("generativelanguage.googleapis.com"), lambda body: "usageMetadata" in body
    ),
    ("aws", "default"): Reader(
        "bedrock", bedrock, counts("inputTokens"), frozenset({"cache_write_5m_tokens", "cache_write_1h_tokens"})
    ),
    ("aws", "anthropic"): Reader(
        "bedrock",
        bedrock,
        is_anthropics,
        frozenset({"cache_write_5m_tokens", "cache_write_1h_tokens", "output_reasoning_tokens"}),
    ),
}

# What the library counts → our leaves inside of it.
WRITES = ("cache_write_5m_tokens", "cache_write_30m_tokens", "cache_write_1h_tokens", "cache_write_12h_tokens",
          "cache_write_unknown_tokens")  # fmt: skip
READS = ("cache_read_tokens", "cache_read_audio_tokens", "cache_read_image_tokens")
INCLUSIVE = {
    "input_tokens": (
        "uncached_input_tokens", *READS, *WRITES, "input_audio_tokens", "input_image_tokens", "input_video_tokens",
    ),
    "cache_read_tokens": READS,
    "cache_audio_read_tokens": ("cache_read_audio_tokens",),
    "cache_image_read_tokens": ("cache_read_image_tokens",),
    "cache_write_tokens": WRITES,
    "cache_write_5m_tokens": ("cache_write_5m_tokens",),
    "cache_write_1h_tokens": ("cache_write_1h_tokens",),
    "input_audio_tokens": ("input_audio_tokens", "cache_read_audio_tokens"),
    "input_image_tokens": ("input_image_tokens", "cache_read_image_tokens"),
    "input_video_tokens": ("input_video_tokens",),
    "output_tokens": ("output_tokens", "output_audio_tokens", "output_image_tokens", "output_video_tokens"),
    "output_audio_tokens": ("output_audio_tokens",),
    "output_image_tokens": ("output_image_tokens",),
    "output_reasoning_tokens": ("reasoning_tokens",),
    "web_searches": ("web_search_count",),
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What the library reads from a body as one provider's."""

    name: str
    body: Record
    reader: tuple[str, str]
    usage: Mapping[str, int]
    price: Decimal | None


def readings() -> list[Reading]:
    found = []
    for number, recorded in enumerate(json.loads(BODIES.read_text()) if BODIES.is_file() else ()):
        for extracted in recorded["extracted"]:
            for one in extracted["extractors"]:
                reader = (one["provider_id"], one["api_flavor"])
                if reader in READERS and READERS[reader].speaks(recorded["body"]):
                    prices = [Decimal(one[name]) for name in ("input_price", "output_price") if one.get(name)]
                    total = Decimal(one["total_price"]) if "total_price" in one else sum(prices) if prices else None
                    name = f"{number} as {' '.join(reader)}"
                    found.append(Reading(name, recorded["body"], reader, extracted["usage"], total))
    return found


READINGS = {reading.name: reading for reading in readings()}


@pytest.fixture(scope="module")
def rows(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Each reading's row, after one load of everything."""
    folder = tmp_path_factory.mktemp("bodies")
    lines: dict[str, list[str]] = {}
    for reading in READINGS.values():
        reader = READERS[reading.reader]
        lines.setdefault(reader.source, []).append(json.dumps(reader.log(reading.name, reading.body)))
    for source, texts in lines.items():
        (folder / f"{source}.jsonl").write_text("\n".join(texts) + "\n")
    home = warehouse("bodies", select=CALL_MODELS)
    home.load(*((folder / f"{source}.jsonl", source) for source in lines))
    columns = [name for name, *_ in home.rows("describe intermediate.int_requests_attributed")]
    rows = home.rows(
        "select calls.*, cost_usd, price_status from intermediate.int_requests_attributed as calls "
        "inner join fct_requests using (source_id, request_id)"
    )
    return {row[0]: dict(zip([*columns, "cost_usd", "price_status"], row, strict=True)) for row in rows}


pytestmark = pytest.mark.skipif(not BODIES.is_file(), reason=f"real data is not at {BODIES}")

DIFFERENT_USAGE = {
    "130 as anthropic default": "the library reads the counts beside `iterations`, which leave out a compaction",
    "385 as google default": "cached video is no video anew: the library counts it twice, and prices it once",
}
DIFFERENT_PRICE = {
    "110 as anthropic default": "the library leaves out the advisor, whose model has another price: we say unknown",
    "130 as anthropic default": "the library leaves out a compaction",
    "131 as anthropic default": "the library leaves out the advisor, whose model has another price: we say unknown",
}
UNREAD = dict.fromkeys((158, 164, 165, 173, 179, 681, 773), "Cohere's")
"""Bodies of providers without a line in READERS."""


def test_every_body_is_read_or_has_a_reason() -> None:
    read = {reading.name.split(" ")[0] for reading in READINGS.values()}
    unread = {number for number in range(len(json.loads(BODIES.read_text()))) if str(number) not in read}
    assert unread == UNREAD.keys()


def test_every_body_becomes_one_call(rows: dict[str, dict[str, Any]]) -> None:
    assert len(READINGS) > 900
    assert rows.keys() == READINGS.keys()


def test_every_body_counts_what_the_price_library_reads_from_it(rows: dict[str, dict[str, Any]]) -> None:
    differing = {}
    for name, reading in READINGS.items():
        told = INCLUSIVE.keys() - READERS[reading.reader].unsaid
        found = {kind: sum(rows[name][leaf] for leaf in INCLUSIVE[kind]) for kind in told}
        if found != {kind: reading.usage.get(kind, 0) for kind in told}:
            differing[name] = (found, reading.usage)
    assert differing.keys() == DIFFERENT_USAGE.keys(), differing


def test_every_body_costs_what_the_price_library_says(rows: dict[str, dict[str, Any]]) -> None:
    priced = {name: reading.price for name, reading in READINGS.items() if reading.price is not None}
    assert len(priced) > 650
    differing = {
        name: (rows[name]["cost_usd"], price)
        for name, price in priced.items()
        if rows[name]["cost_usd"] != price.quantize(Decimal("0.000000000001"), ROUND_HALF_UP)
    }
    assert differing.keys() == DIFFERENT_PRICE.keys(), differing


def test_a_body_that_names_no_model_has_no_cost(rows: dict[str, dict[str, Any]]) -> None:
    """But for Bedrock's own, which never do: there the log names it."""
    nameless = [
        name
        for name, reading in READINGS.items()
        if not {"model", "modelVersion"} & reading.body.keys() and reading.reader != ("aws", "default")
    ]
    assert len(nameless) > 10
    assert {(rows[name]["cost_usd"], rows[name]["price_status"]) for name in nameless} == {(None, "unknown_model")}


def test_what_the_library_leaves_out_is_counted_or_said_to_be_unknown(rows: dict[str, dict[str, Any]]) -> None:
    compacted = rows["130 as anthropic default"]
    assert (compacted["uncached_input_tokens"], compacted["output_tokens"]) == (55_196 + 220, 125 + 8)
    # 55,416 × 3 + 133 × 15, a million each
    assert compacted["cost_usd"] == Decimal("0.168243")
    for number in (110, 131):
        advised = rows[f"{number} as anthropic default"]
        assert (advised["cost_usd"], advised["price_status"]) == (None, "usage_missing")
