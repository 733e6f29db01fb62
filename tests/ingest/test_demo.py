import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from genai_prices import Usage, calc_price

from ingest.demo import company, write

AS_OF = date(2026, 11, 24)
FULL_MONTH = "2026-10"
SCALE = 0.02
NORTHWIND = "northwind-labs"

Line = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write(folder, as_of=AS_OF, scale=SCALE)
    return folder


def lines(folder: Path, log: str, month: str = "*") -> Iterator[Line]:
    for path in sorted((folder / log).glob(f"{month}.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)


def rows(folder: Path, pattern: str) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob(pattern)):
        with path.open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


def tokens(line: Line) -> tuple[int, int, int, int, int]:
    """Disjoint tokens of one line of any log: input, cache read, 5m write, 1h write, output."""
    if "startTime" in line:
        usage = line["metadata"]["usage_object"]
        details = usage["prompt_tokens_details"]
        lifetimes = details["cache_creation_token_details"]
        write_5m, write_1h = lifetimes["ephemeral_5m_input_tokens"], lifetimes["ephemeral_1h_input_tokens"]
        uncached = usage["prompt_tokens"] - details["cached_tokens"] - write_5m - write_1h
        return uncached, details["cached_tokens"], write_5m, write_1h, usage["completion_tokens"]
    usage = line["response"]["usage"]
    if usage is None:
        return 0, 0, 0, 0, 0
    if "input_tokens" in usage:
        written = usage["cache_creation"]
        return (
            usage["input_tokens"],
            usage["cache_read_input_tokens"],
            written["ephemeral_5m_input_tokens"],
            written["ephemeral_1h_input_tokens"],
            usage["output_tokens"],
        )
    read = (usage["prompt_tokens_details"] or {"cached_tokens": 0})["cached_tokens"]
    return usage["prompt_tokens"] - read, read, 0, 0, usage["completion_tokens"] or 0


def model(line: Line) -> str:
    return str(line["model"] if "startTime" in line else line["response"]["model"])


def started_at(line: Line) -> str:
    return str(line["startTime"] if "startTime" in line else line["timestamp"])


def list_price(line: Line) -> Decimal:
    """What the price library says that one line costs, in USD."""
    uncached, read, write_5m, write_1h, output = tokens(line)
    usage = Usage(
        input_tokens=uncached + read + write_5m + write_1h,
        cache_read_tokens=read,
        cache_write_tokens=write_5m + write_1h,
        cache_write_1h_tokens=write_1h,
        output_tokens=output,
    )
    return library_price(model(line), usage)


def library_price(name: str, usage: Usage) -> Decimal:
    provider = "anthropic" if name.startswith("claude") else "openai"
    at = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)
    return calc_price(usage, model_ref=name, provider_id=provider, genai_request_timestamp=at).total_price


def once(logged: Iterable[Line]) -> list[Line]:
    return list({line["request_id"]: line for line in logged}.values())


def test_the_same_arguments_write_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    paths = write(tmp_path, as_of=AS_OF, scale=SCALE)
    assert {path.relative_to(tmp_path) for path in paths} == {
        path.relative_to(folder) for path in folder.rglob("*") if path.is_file()
    }
    for path in paths:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes(), path


@pytest.mark.parametrize("other", [{"seed": 8}, {"as_of": AS_OF + timedelta(days=1)}])
def test_another_seed_or_day_draws_another_company_with_other_ids(
    folder: Path, tmp_path: Path, other: dict[str, Any]
) -> None:
    write(tmp_path, **({"as_of": AS_OF, "scale": SCALE} | other))
    for log in ("openai", "anthropic", "litellm"):
        ours, theirs = ({line["request_id"] for line in lines(at, log)} for at in (folder, tmp_path))
        assert ours
        assert theirs
        assert not ours & theirs


def test_gzip_headers_carry_no_time(folder: Path) -> None:
    for path in folder.rglob("*.gz"):
        assert path.read_bytes()[4:8] == bytes(4)


def test_progress_counts_every_file_that_is_returned(tmp_path: Path) -> None:
    told = []
    paths = write(tmp_path, as_of=AS_OF, scale=0.001, progress=lambda *step: told.append(step))
    names = [path.relative_to(tmp_path).as_posix() for path in paths]
    assert told == [(name, number, len(names)) for number, name in enumerate(names, start=1)]
    assert all(path.stat().st_size for path in paths)


def test_no_log_is_written_without_a_line(tmp_path: Path) -> None:
    for path in write(tmp_path, as_of=AS_OF, scale=0.0001):
        if path.suffix == ".gz":
            assert gzip.decompress(path.read_bytes()).strip(), path


def test_a_company_of_no_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scale"):
        write(tmp_path, as_of=AS_OF, scale=0)


@pytest.mark.parametrize("as_of", [date(2026, 3, 1), date(2026, 3, 31), date(2028, 2, 29), date(2026, 1, 1)])
def test_the_window_is_ninety_days_whatever_the_calendar(tmp_path: Path, as_of: date) -> None:
    write(tmp_path, as_of=as_of, scale=SCALE)
    written = [line for log in ("openai", "anthropic", "litellm") for line in lines(tmp_path, log)]
    days = {started_at(line)[:10] for line in written}
    expected = {(as_of - timedelta(days=i)).isoformat() for i in range(1, 91)}
    assert days == expected
    full_month = f"{as_of.replace(day=1) - timedelta(days=1):%Y-%m}"
    support = [line for line in lines(tmp_path, "anthropic") if line["timestamp"].startswith(full_month)]
    assert len(support) == 10_000


def test_each_line_lies_in_the_file_of_its_month_in_order_of_time(folder: Path) -> None:
    for log in ("openai", "anthropic", "litellm"):
        for path in (folder / log).iterdir():
            times = [started_at(line) for line in lines(folder, log, path.name.removesuffix(".jsonl.gz"))]
            assert times == sorted(times)
            assert {time[:7] for time in times} == {path.name.removesuffix(".jsonl.gz")}


def test_times_are_written_as_the_formats_write_them(folder: Path) -> None:
    iso = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    zoneless = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000")
    assert all(iso.fullmatch(line["timestamp"]) for log in ("openai", "anthropic") for line in lines(folder, log))
    for line in lines(folder, "litellm"):
        assert all(zoneless.fullmatch(line[key]) for key in ("startTime", "endTime", "completionStartTime"))
        assert line["startTime"] < line["completionStartTime"]


def test_ids_are_unique_but_for_the_lines_that_are_logged_twice(folder: Path) -> None:
    seen = Counter()
    text = defaultdict(set)
    for log in ("openai", "anthropic", "litellm"):
        for line in lines(folder, log):
            seen[line["request_id"]] += 1
            text[line["request_id"]].add(json.dumps(line))
    twice = {request_id for request_id, count in seen.items() if count > 1}
    assert len(twice) == 25
    assert {seen[request_id] for request_id in twice} == {2}
    assert all(len(text[request_id]) == 1 for request_id in twice)
    assert twice <= {line["request_id"] for line in lines(folder, "openai", FULL_MONTH)}
    ids = [line["response"]["id"] for log in ("openai", "anthropic") for line in once(lines(folder, log))]
    answered = [response_id for response_id in ids if response_id]
    assert len(answered) == len(set(answered))


def test_every_support_turn_costs_exactly_one_cent(folder: Path) -> None:
    for line in lines(folder, "anthropic"):
        uncached, read, write_5m, write_1h, output = tokens(line)
        cost = uncached + read * Decimal("0.1") + write_5m * Decimal("1.25") + output * 5
        assert cost == 10_000  # millionths of a dollar
        assert (write_1h, line["metadata"]["feature"]) == (0, "support_assistant")
        assert line["response"]["model"] == "claude-haiku-4-5-20251001"
        assert uncached > 0


def test_a_support_turn_costs_one_cent_to_the_price_library_as_well(folder: Path) -> None:
    for line in list(lines(folder, "anthropic", FULL_MONTH))[:200]:
        assert list_price(line) == Decimal("0.01")


def test_the_full_month_has_fifty_thousand_support_conversations_of_ten_turns(folder: Path) -> None:
    turns = defaultdict(list)
    for line in lines(folder, "anthropic"):
        turns[line["metadata"]["conversation_id"]].append(line)
    assert {len(turn) for turn in turns.values()} == {10}
    months = Counter()
    for conversation in turns.values():
        at = [datetime.fromisoformat(line["timestamp"]) for line in conversation]
        assert all(20 <= (b - a).total_seconds() <= 120 for a, b in pairwise(at))
        assert len({line["timestamp"][:7] for line in conversation}) == 1
        assert len({(line["metadata"]["customer_id"], line["metadata"]["user_id"]) for line in conversation}) == 1
        months[conversation[0]["timestamp"][:7]] += 1
    assert months[FULL_MONTH] == 50_000 * SCALE
    assert max(months, key=months.get) == FULL_MONTH
    assert months["2026-08"] < months["2026-09"]


def test_a_support_conversation_reads_again_what_it_has_written(folder: Path) -> None:
    turns = defaultdict(list)
    for line in lines(folder, "anthropic", FULL_MONTH):
        turns[line["metadata"]["conversation_id"]].append(tokens(line))
    for conversation in turns.values():
        assert all(after[1] == before[1] + before[2] for before, after in pairwise(conversation))


def test_the_price_table_is_the_price_library_s() -> None:
    def costs(name: str, **usage: int) -> Decimal:
        return library_price(name, Usage(**usage))

    def library(name: str, base: int) -> dict[str, Decimal]:
        """Price each kind by the difference that a thousand tokens of it make to a call of `base` input tokens."""
        n, plain = 1_000, costs(name, input_tokens=base)
        uncached = plain / base
        per_token = {
            "input": uncached,
            "output": (costs(name, input_tokens=base, output_tokens=n) - plain) / n,
            "cache_read": (costs(name, input_tokens=base, cache_read_tokens=n) - plain) / n + uncached,
            "cache_write_5m": (costs(name, input_tokens=base, cache_write_tokens=n) - plain) / n + uncached,
            "cache_write_1h": (
                costs(name, input_tokens=base, cache_write_tokens=n, cache_write_1h_tokens=n) - plain
            ) / n + uncached,
        }  # fmt: skip
        return {kind: price * 1_000_000 for kind, price in per_token.items()}

    for table, base in ((company.PRICES, 200_000), (company.LONG_CONTEXT_PRICES, 200_001)):
        for name, prices in table.items():
            expected = library(name, base)
            assert {kind: expected[kind] for kind in prices} == prices, name


def test_the_spend_that_litellm_reports_is_the_list_price(folder: Path) -> None:
    logged = list(lines(folder, "litellm"))
    long = [line for line in logged if line["prompt_tokens"] > 200_000]
    assert long
    assert any(tokens(line)[3] for line in logged)
    for line in logged:
        assert round(Decimal(line["spend"]), 12) == list_price(line)
        assert line["total_tokens"] == line["prompt_tokens"] + line["completion_tokens"]
        assert line["metadata"]["usage_object"]["prompt_tokens"] == line["prompt_tokens"] == sum(tokens(line)[:4])
        assert re.fullmatch("[0-9a-f]{64}", line["api_key"])
        assert "feature:agent" in line["request_tags"]


def billed(folder: Path) -> dict[tuple[Any, ...], list[dict[str, str]]]:
    """Group (provider, day, model, kind, context tier) → rows of usage on a bill."""
    kinds = {
        "Input Tokens": 0,
        "Batch Input Tokens": 0,
        "Cached Input Tokens": 1,
        "Cache Write Tokens (5 minutes)": 2,
        "Cache Write Tokens (1 hour)": 3,
        "Output Tokens": 4,
    }
    groups = defaultdict(list)
    for row in rows(folder, "focus/*.csv"):
        if row["ChargeCategory"] == "Usage":
            details = json.loads(row["SkuPriceDetails"])
            key = (row["ProviderName"].lower(), row["ChargePeriodStart"][:10], details["x_Model"])
            groups[*key, kinds[row["SkuMeter"]], details["x_ContextTier"] == "long-context"].append(row)
    return groups


def logged(folder: Path) -> Counter[tuple[Any, ...]]:
    """Group the same keys → tokens in the logs."""
    groups = Counter()
    for log, provider in (("openai", "openai"), ("anthropic", "anthropic"), ("litellm", "anthropic")):
        for line in once(lines(folder, log)):
            if model(line).startswith("acme"):
                continue
            counts = tokens(line)
            is_long = "sonnet" in model(line) and sum(counts[:4]) > 200_000
            for kind, count in enumerate(counts):
                if count:
                    groups[provider, started_at(line)[:10], model(line), kind, is_long] += count
    return groups


def planted() -> dict[tuple[Any, ...], str]:
    """The same keys of what the bill of October has that the logs do not, and the class of each."""
    named = dict(company.PLANTED.items())
    model_late, kind_late, day_late = named["timing"]
    named["late"] = (model_late, kind_late, day_late + 1)
    return {
        ("openai", f"2026-10-{day:02}", name, company.TOKEN_KINDS.index(kind), False): what
        for what, (name, kind, day) in named.items()
    }


def test_the_bills_match_the_logs_but_for_what_is_planted(folder: Path) -> None:
    bills, logs = billed(folder), logged(folder)
    assert bills.keys() - logs.keys() == {key for key, what in planted().items() if what == "coverage"}
    assert logs.keys() <= bills.keys()
    for key in bills.keys() - planted().keys():
        (row,) = bills[key]
        assert int(row["ConsumedQuantity"]) == logs[key]


def test_the_bill_has_one_difference_of_each_class(folder: Path) -> None:
    bills, logs = billed(folder), logged(folder)
    found = {what: bills[key] for key, what in planted().items()}
    logged_tokens = {what: logs[key] for key, what in planted().items()}
    billed_tokens = {what: sum(int(row["ConsumedQuantity"] or 0) for row in rows) for what, rows in found.items()}
    exact = {
        what: Decimal(logs[key]) / 1_000_000 * company.PRICES[key[2]][company.TOKEN_KINDS[key[3]]]
        for key, what in planted().items()
        if what != "coverage"
    }
    costs = {what: sum(Decimal(row["BilledCost"]) for row in rows) for what, rows in found.items()}
    assert billed_tokens["quantity"] == logged_tokens["quantity"] * 102 // 100
    assert (billed_tokens["price"], costs["price"]) == (logged_tokens["price"], exact["price"] * Decimal("1.10"))
    assert [row["SkuMeter"] for row in found["tier"]] == ["Input Tokens", "Batch Input Tokens"]
    assert billed_tokens["tier"] == logged_tokens["tier"]
    assert billed_tokens["timing"] < logged_tokens["timing"]
    assert billed_tokens["timing"] + billed_tokens["late"] == logged_tokens["timing"] + logged_tokens["late"]
    assert costs["rounding"] == round(exact["rounding"], 2) != exact["rounding"]
    assert (billed_tokens["unexplained"], costs["unexplained"]) == (0, exact["unexplained"] * Decimal("1.05"))
    assert logged_tokens["coverage"] == 0 < costs["coverage"]


def test_every_usage_row_of_a_bill_is_quantity_times_price_exactly(folder: Path) -> None:
    bills = billed(folder)
    for key in bills.keys() - {key for key, what in planted().items() if what in {"rounding", "unexplained"}}:
        for row in bills[key]:
            cost = Decimal(row["BilledCost"])
            assert cost == Decimal(row["ConsumedQuantity"]) / 1_000_000 * Decimal(row["ListUnitPrice"])
            assert cost == Decimal(row["PricingQuantity"]) * Decimal(row["ContractedUnitPrice"])
            assert {row[name] for name in ("EffectiveCost", "ListCost", "ContractedCost")} == {row["BilledCost"]}
            assert re.fullmatch(r"\d+(\.\d{1,12})?", row["BilledCost"])
            assert (row["PricingUnit"], row["ConsumedUnit"]) == ("1000000 Tokens", "Tokens")


def test_a_bill_has_the_mandatory_columns_of_focus_and_values_that_it_allows(folder: Path) -> None:
    not_null = (
        "BilledCost BillingAccountId BillingCurrency BillingPeriodStart BillingPeriodEnd ChargeCategory "
        "ChargePeriodStart ChargePeriodEnd ContractedCost EffectiveCost InvoiceIssuerName ListCost ProviderName "
        "PublisherName ServiceCategory ServiceName"
    )
    nullable = "BillingAccountName ChargeClass ChargeDescription PricingQuantity PricingUnit"
    found = list(rows(folder, "focus/*.csv"))
    assert set(nullable.split()) <= found[0].keys()
    for row in found:
        assert all(row[name] for name in not_null.split())
        start, end = row["BillingPeriodStart"], row["BillingPeriodEnd"]
        assert start <= row["ChargePeriodStart"] < row["ChargePeriodEnd"] <= end
        assert bool(row["SkuId"]) == (row["ChargeCategory"] in {"Usage", "Purchase"})
        assert bool(row["InvoiceId"]) == (start < "2026-11-01")


def test_a_bill_holds_a_support_plan_its_tax_and_one_credit(folder: Path) -> None:
    for provider in ("openai", "anthropic"):
        charges = defaultdict(list)
        for row in rows(folder, f"focus/{provider}-*.csv"):
            charges[row["ChargeCategory"]].append((row["BillingPeriodStart"][:7], Decimal(row["BilledCost"])))
        months = ["2026-08", "2026-09", "2026-10", "2026-11"]
        assert [month for month, _ in charges["Purchase"]] == months
        assert [month for month, _ in charges["Tax"]] == months
        assert [month for month, _ in charges["Credit"]] == [FULL_MONTH]
        assert all(cost > 0 for _, cost in charges["Purchase"] + charges["Tax"])
        assert charges["Credit"][0][1] < 0


def test_every_customer_has_one_subscription_line_a_month(folder: Path) -> None:
    for month, end in (("2026-08", "2026-09-01"), ("2026-09", "2026-10-01"), (FULL_MONTH, "2026-11-01")):
        paid = list(rows(folder, f"revenue/{month}.csv"))
        assert list(paid[0]) == ["customer_id", "period_start", "period_end", "amount", "currency", "plan", "feature"]
        assert {(row["period_start"], row["period_end"], row["currency"]) for row in paid} == {
            (f"{month}-01", end, "USD")
        }
        assert all(re.fullmatch(r"\d+\.\d\d", row["amount"]) for row in paid)
        subscriptions = [row for row in paid if not row["feature"]]
        assert len({row["customer_id"] for row in subscriptions}) == len(subscriptions) == 150
        assert {row["plan"] for row in paid} == {"free", "starter", "growth", "enterprise"}
        assert {row["amount"] for row in paid if row["plan"] == "free"} == {"0.00"}
        assert {row["amount"] for row in subscriptions if row["plan"] == "starter"} == {"0.98"}  # $49 × scale
    assert (folder / "revenue/2026-11.csv").exists()
    assert {row["feature"] for row in rows(folder, "revenue/*.csv")} == {"", "doc_search", "agent"}


def test_most_customers_are_profitable_and_some_are_under_water(folder: Path) -> None:
    cost, paid, plan = defaultdict(Decimal), defaultdict(Decimal), {}
    for log in ("openai", "anthropic", "litellm"):
        for line in once(lines(folder, log, FULL_MONTH)):
            if not model(line).startswith("acme"):
                customer = line["end_user"] if log == "litellm" else line["metadata"]["customer_id"]
                cost[customer] += list_price(line)
    for row in rows(folder, f"revenue/{FULL_MONTH}.csv"):
        paid[row["customer_id"]] += Decimal(row["amount"])
        plan[row["customer_id"]] = row["plan"]
    losing = Counter(plan[customer] for customer in paid if paid[customer] and cost[customer] > paid[customer])
    assert cost[NORTHWIND] > paid[NORTHWIND]
    assert plan[NORTHWIND] == "enterprise"
    assert losing["starter"] >= 3
    assert losing.total() < sum(1 for amount in paid.values() if amount) / 4
    assert sum(paid.values()) > 3 * sum(cost.values())
    assert set(cost) - {None} <= set(paid)


def test_a_retry_storm_fails_calls_on_one_afternoon_until_they_succeed(folder: Path) -> None:
    summaries = [line for line in once(lines(folder, "openai")) if line["metadata"]["feature"] == "summaries"]
    failed = [line for line in summaries if line["status"] == "error"]
    assert {line["timestamp"][:10] for line in failed} == {"2026-11-12"}
    assert {line["error"]["code"] for line in failed} == {"rate_limit_exceeded", "timeout"}
    for line in failed:
        refused = line["error"]["code"] == "rate_limit_exceeded"
        assert (line["response"]["usage"] is None) == refused
        assert line["response"]["id"] is None
    by_id = {line["request_id"]: line for line in summaries}
    retries = [line for line in summaries if line["attempt"] > 1]
    assert len(failed) == len(retries)
    for line in retries:
        first = by_id[line["retry_of"]]
        assert first["attempt"] == 1
        assert first["status"] == "error"
        assert first["timestamp"] < line["timestamp"]
        assert first["metadata"] == line["metadata"]
    assert all(line["retry_of"] is None for line in summaries if line["attempt"] == 1)


def test_a_search_is_a_trace_of_an_embedding_and_an_answer_that_retrieves_ever_more(folder: Path) -> None:
    traces = defaultdict(list)
    for line in once(lines(folder, "openai")):
        if line["metadata"]["feature"] == "doc_search":
            traces[line["metadata"]["trace_id"]].append(line)
    context = defaultdict(list)
    for embedding, answer in traces.values():
        assert (embedding["response"]["object"], answer["response"]["object"]) == ("list", "chat.completion")
        assert embedding["response"]["usage"]["completion_tokens"] is None
        assert answer["metadata"]["retrieved_chunks"] > 0
        context[answer["timestamp"][:10]].append(answer["response"]["usage"]["prompt_tokens"])

    def mean(*days: str) -> float:
        found = [count for day in days for count in context[day]]
        return sum(found) / len(found)

    assert mean("2026-11-18", "2026-11-19", "2026-11-20") > 2 * mean("2026-10-27", "2026-10-28", "2026-10-29")


def test_one_big_customer_moves_its_copywriting_to_the_small_model(folder: Path) -> None:
    models = defaultdict(set)
    for line in once(lines(folder, "openai")):
        if line["metadata"]["feature"] == "copywriter" and not model(line).startswith("acme"):
            is_mover = line["metadata"]["customer_id"] == "brightside-media"
            models[is_mover, line["timestamp"] >= "2026-10-25"].add(model(line))
            details = line["response"]["usage"]["completion_tokens_details"]
            assert 0 < details["reasoning_tokens"] < line["response"]["usage"]["completion_tokens"]
    frontier, small = {"gpt-5-2025-08-07"}, {"gpt-5-mini-2025-08-07"}
    assert models == {(True, False): frontier, (True, True): small, (False, False): frontier, (False, True): frontier}


def test_some_calls_belong_to_nobody_and_a_handful_have_no_price(folder: Path) -> None:
    logged_once = once(lines(folder, "openai"))
    nobody = [line for line in logged_once if line["metadata"]["customer_id"] is None]
    assert nobody
    assert {line["metadata"]["feature"] for line in nobody} == {None}
    assert {line["metadata"]["conversation_id"] for line in nobody} == {None}
    unpriced = [line for line in logged_once if model(line) == "acme-ft-7b-instruct"]
    assert 0 < len(unpriced) < len(nobody)
    with pytest.raises(LookupError):
        list_price(unpriced[0])


def test_traffic_has_a_rhythm_of_week_and_day(folder: Path) -> None:
    weekdays, hours = Counter(), Counter()
    for line in lines(folder, "anthropic", FULL_MONTH):
        at = datetime.fromisoformat(line["timestamp"])
        weekdays[at.weekday() >= 5] += 1 / (9 if at.weekday() >= 5 else 22)  # days of each in October 2026
        hours[at.hour] += 1
    assert weekdays[False] > 2 * weekdays[True]
    assert sum(hours[hour] for hour in range(9, 17)) > 5 * sum(hours[hour] for hour in range(8))


def test_names_of_customers_are_readable_and_unlike(folder: Path) -> None:
    names = {row["customer_id"] for row in rows(folder, "revenue/*.csv")}
    assert len(names) == 150
    assert all(re.fullmatch("[a-z]+-[a-z]+", name) for name in names)
