"""`unitcost alert` as its channels meet it: real servers that fail, hang and come back, and a build with anomalies."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import apprise
import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app import feedback
from app.alerts import delivery, due, message, telling, told
from app.alerts.channels import Channel
from app.alerts.due import News
from app.alerts.episodes import Episode
from app.alerts.telling import Report, tell
from app.alerts.told import AlertError
from app.feedback import FeedbackError, Verdict
from app.pipeline import LockedError
from app.settings import Settings
from tests.app.mailbox import Webhook, mail_server, webhook

TODAY = date(2026, 11, 28)
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
CANARY = "CANARY-T0KEN-0123456789"
SPIKE = Episode(
    anomaly_id="5d3d237fb4a9",
    kind="drivers",
    feature_id="doc_search",
    workload="production",
    owner_id="search-team",
    started_date=date(2026, 11, 27),
    last_date=TODAY,
    is_open=True,
    day_count=2,
    cause="retrieved_context",
    actual_usd=Decimal("57.632188450000"),
    expected_usd=Decimal("29.899920022005"),
    excess_usd=Decimal("27.732268427995"),
    customer_id="nimbus",
    model_id=None,
    region_id=None,
    api_key_id=None,
    prompt_version=None,
    place_share=0.84,
    detail=None,
    deployment_id=None,
    deployed_date=None,
    new_prompt_version=None,
    prompt_changed_date=None,
    deviation_sigmas=36.4,
    history_days=77,
    is_low_history=False,
    feedback=None,
    effects=(
        ("retrieved_context", Decimal("27.084459727424")),
        ("cache", Decimal("0.737269888549")),
        ("turns", Decimal("0.209701363999")),
        ("conversations", Decimal("-0.299162551977")),
    ),
)
OTHER = replace(
    SPIKE, anomaly_id="227bc89c2f75", feature_id="summaries", owner_id=None, excess_usd=Decimal(9), effects=()
)


def publish(home: Path, episodes: Sequence[Episode], newest: date = TODAY) -> None:
    """A build that holds these anomalies and no more."""
    path = home / "builds" / f"{time.monotonic_ns()}.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f"{name} {_SQL.get(name, 'varchar')}" for name in _NAMES)
    con = duckdb.connect(str(path))
    con.execute("create schema marts")
    con.execute(f"create table marts.cost_anomalies ({columns})")
    con.execute(
        "create table marts.cost_anomaly_effects"
        " (anomaly_id varchar, effect varchar, effect_usd decimal(38, 12), is_unusual boolean)"
    )
    con.execute(
        f"create table marts.fct_usage_hourly as select date '{newest}' as usage_date,"
        f" timestamp '{newest}' as usage_hour_at"
    )
    con.execute(
        "create table marts.driver_baselines as select date '2026-11-28' as usage_date, 'doc_search' as feature_id,"
        " 'production' as workload, driver, actual, 2.0 as expected, deviation_sigmas, 5 as limit_sigmas"
        " from (values ('volume', 7.0, 9.0), ('price', 2.1, 1.0)) as drivers (driver, actual, deviation_sigmas)"
    )
    for one in episodes:
        con.execute(
            f"insert into marts.cost_anomalies values ({', '.join('?' * len(_NAMES))})",
            [getattr(one, name) for name in _NAMES],
        )
        for effect, usd in one.effects:
            con.execute("insert into marts.cost_anomaly_effects values (?, ?, ?, true)", [one.anomaly_id, effect, usd])
    con.execute("alter table marts.cost_anomalies add column causes varchar")
    con.execute("update marts.cost_anomalies set causes = cause")
    con.execute("alter table marts.cost_anomalies add column times_before double")
    con.execute("update marts.cost_anomalies set times_before = 1.31 where kind = 'drift'")
    con.close()
    pointer = {"build": str(path.relative_to(home)), "build_id": path.stem, "built_at": "2026-11-28T12:00:00+00:00",
               "schema_version": 6, "reporting_currency": "USD"}  # fmt: skip
    (home / "current.json").write_text(json.dumps(pointer))


_NAMES = [name for name in Episode.__dataclass_fields__ if name != "effects"]
_SQL = {
    **dict.fromkeys(("actual_usd", "expected_usd", "excess_usd"), "decimal(38, 12)"),
    **dict.fromkeys(("started_date", "last_date", "deployed_date", "prompt_changed_date"), "date"),
    **dict.fromkeys(("is_open", "is_low_history"), "boolean"),
    **dict.fromkeys(("day_count", "history_days"), "bigint"),
    **dict.fromkeys(("place_share", "deviation_sigmas"), "double"),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    publish(tmp_path / "home", [SPIKE])
    return tmp_path / "home"


@pytest.fixture
def box() -> Iterator[Webhook]:
    with webhook() as one:
        yield one


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0.0)


@pytest.fixture
def ops(box: Webhook, monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setenv("OPS_URL", f"json://127.0.0.1:{box.port}/{CANARY}?rto=1&cto=1")
    return Channel(name="ops", url_env="OPS_URL")


def say(home: Path, *channels: Channel, now: datetime = NOON, dry_run: bool = False) -> Report:
    return tell(Settings(home=home, channels=channels), now=now, dry_run=dry_run)


def test_an_episode_is_one_message_however_often_it_is_looked_at(home: Path, ops: Channel, box: Webhook) -> None:
    for _ in range(3):
        say(home, ops)
    (only,) = box.received
    assert only["title"] == "doc_search cost $27.73 more than usual: retrieved context"
    assert only["type"] == "warning"
    assert "$27.73 beyond usual so far, $13.87 a day: $57.63 instead of $29.90" in only["message"]
    assert "from 2026-11-27 to 2026-11-28, on 2 days." in only["message"]
    assert "Where: customer nimbus (84% of it)" in only["message"]
    assert "Owner: search-team" in only["message"]
    assert only["message"].endswith("id 5d3d237fb4a9, message 1: opened")
    (link,) = [line for line in only["message"].splitlines() if line.startswith("http")]
    assert parse_qs(urlsplit(link).query) == {
        "anomaly": ["5d3d237fb4a9"], "feature": ["doc_search"], "customer": ["nimbus"], "period": ["7D"]
    }  # fmt: skip


def amounts(text: str) -> tuple[list[Decimal], Decimal]:
    """The lines of the table of causes, and its sum."""
    signs = {"+": 1, "−": -1}
    parts = [line for line in text.splitlines() if line[:2] in {"+$", "−$"}]
    (total,) = [line for line in text.splitlines() if line.startswith("= ")]
    return (
        [signs[line[0]] * Decimal(line[2:].split()[0].replace(",", "")) for line in parts],
        Decimal(total.removeprefix("= ").replace("$", "").replace("−", "-").replace(",", "")),
    )


def test_the_causes_sum_to_the_cent(home: Path, ops: Channel, box: Webhook) -> None:
    say(home, ops)
    text = box.received[0]["message"]
    parts, total = amounts(text)
    assert sum(parts) == total == Decimal("27.73")
    assert "+$27.08  Retrieved context" in text
    assert "−$0.30  Conversations" in text


money = st.decimals(-10000, 10000, places=12, allow_nan=False)


@given(parts=st.lists(money, min_size=1, max_size=30))
def test_cents_sum_to_their_rounded_sum_and_none_is_moved_by_a_cent_or_more(parts: list[Decimal]) -> None:
    found = message.cents(parts)
    assert sum(found) == sum(parts).quantize(Decimal("0.01"))  # type: ignore[union-attr]
    assert all(abs(one - part) < Decimal("0.01") for one, part in zip(found, parts, strict=True))


@given(effects=st.lists(money.filter(bool), min_size=1, max_size=20))
def test_any_table_sums_to_what_the_anomaly_cost(effects: list[Decimal]) -> None:
    named = tuple((f"effect_{number}", usd) for number, usd in enumerate(effects))
    episode = replace(SPIKE, effects=named, excess_usd=sum(effects, Decimal()))
    shown = message.rows(episode)
    assert sum(usd for _, usd in shown) == episode.excess_usd.quantize(Decimal("0.01"))
    assert len(shown) <= message.MOST_CAUSES + 1


def test_it_is_told_again_when_it_costs_half_as_much_again_another_day_or_by_another_cause_and_when_it_is_over(
    home: Path, ops: Channel, box: Webhook
) -> None:
    say(home, ops)
    a_little_more = replace(SPIKE, excess_usd=SPIKE.excess_usd * Decimal("1.4"))
    publish(home, [a_little_more])
    say(home, ops)
    assert len(box.received) == 1
    publish(home, [replace(SPIKE, excess_usd=SPIKE.excess_usd * Decimal("1.6"))])
    say(home, ops)
    assert box.titles[1].startswith("Update: doc_search cost $44.37 more")
    for cause in ("volume", "retrieved_context", "volume"):  # one that comes and goes
        publish(home, [replace(SPIKE, excess_usd=SPIKE.excess_usd * Decimal("1.6"), cause=cause)])
        say(home, ops)
    assert len(box.received) == 3
    tomorrow = TODAY + timedelta(days=1)
    longer = replace(SPIKE, excess_usd=SPIKE.excess_usd * 2, last_date=tomorrow, day_count=3)
    publish(home, [longer], tomorrow)
    say(home, ops)
    assert len(box.received) == 4
    publish(home, [replace(longer, is_open=False)], tomorrow + timedelta(days=2))
    for _ in range(2):
        say(home, ops)
    assert box.titles[4].startswith("Over: doc_search cost $55.46 more")
    assert box.received[4]["type"] == "success"
    assert len(box.received) == 5
    assert [one["message"].splitlines()[-1] for one in box.received] == [
        f"id 5d3d237fb4a9, message {number}: {news}"
        for number, news in enumerate(("opened", "update", "update", "update", "resolved"), start=1)
    ]


def test_what_newer_data_take_back_is_withdrawn_once(home: Path, ops: Channel, box: Webhook) -> None:
    say(home, ops)
    publish(home, [])
    for _ in range(2):
        say(home, ops)
    assert box.titles[1:] == ["Withdrawn: doc_search cost $27.73 more than usual: retrieved context"]
    assert "id 5d3d237fb4a9, message 2: withdrawn" in box.received[1]["message"]


def test_late_data_that_move_its_first_day_make_no_other_episode_of_it(home: Path, ops: Channel, box: Webhook) -> None:
    say(home, ops)
    publish(home, [replace(SPIKE, anomaly_id="other", started_date=SPIKE.started_date - timedelta(days=1))])
    say(home, ops)
    assert len(box.received) == 1
    publish(home, [replace(SPIKE, anomaly_id="other", excess_usd=Decimal(100))])
    say(home, ops)
    assert box.received[1]["message"].endswith("id 5d3d237fb4a9, message 2: update")


def test_a_new_channel_is_not_told_of_what_was_over_before_it_and_later_of_all(
    home: Path, ops: Channel, box: Webhook
) -> None:
    over = replace(OTHER, is_open=False)
    publish(home, [SPIKE, over])
    say(home, ops)
    assert [title.split()[0] for title in box.titles] == ["doc_search"]
    between_two_runs = replace(OTHER, anomaly_id="quick", feature_id="chat", is_open=False)
    publish(home, [SPIKE, over, between_two_runs])
    say(home, ops)
    assert box.titles[1].startswith("chat cost")
    assert "It is over" in box.received[1]["message"]


def test_owners_are_told_of_their_own_and_nobodys_anomalies_are_named(home: Path, ops: Channel, box: Webhook) -> None:
    publish(home, [SPIKE, OTHER])
    search = ops.model_copy(update={"name": "search", "owners": ("search-team",)})
    ads = ops.model_copy(update={"name": "ads", "owners": ("ads-team",)})
    report = say(home, search, ads)
    assert [title.split()[0] for title in box.titles] == ["doc_search"]
    assert report.unheard == {None}
    assert say(home, search, ads, ops).unheard == frozenset()
    assert [title.split()[0] for title in box.titles[1:]] == ["doc_search", "summaries"]


def test_small_ones_wait_until_they_are_not(home: Path, ops: Channel, box: Webhook) -> None:
    dear = ops.model_copy(update={"min_usd": Decimal(50)})
    say(home, dear)
    assert not box.received
    publish(home, [replace(SPIKE, excess_usd=Decimal(51))])
    say(home, dear)
    assert len(box.received) == 1


@pytest.mark.parametrize(
    ("hour", "is_told"), [(20, True), (21, False), (23, False), (3, False), (5, False), (6, True), (12, True)]
)
def test_quiet_hours_are_of_the_channels_time_zone(
    home: Path, ops: Channel, box: Webhook, hour: int, is_told: bool
) -> None:
    night = Channel.model_validate(
        {**ops.model_dump(), "quiet_from": "22:00", "quiet_to": "07:00", "time_zone": "Europe/Berlin"}
    )
    say(home, night, now=NOON.replace(hour=hour))  # Berlin is an hour ahead
    assert len(box.received) == is_told
    say(home, night)
    assert len(box.received) == 1  # late, and not lost


def test_a_channel_that_is_down_loses_nothing_and_is_told_what_holds_then(
    home: Path, ops: Channel, box: Webhook
) -> None:
    publish(home, [SPIKE, OTHER])
    box.fails = 503
    (outcome,) = say(home, ops).outcomes
    assert outcome.problem == "HTTP status 503, 3 times"
    assert box.asked == 3  # the second message is not tried where the first did not arrive
    assert [one.news for one, _ in outcome.waiting] == [News.OPENED, News.OPENED]
    publish(home, [replace(SPIKE, excess_usd=Decimal(400)), OTHER])
    say(home, ops)
    box.fails = None
    (outcome,) = say(home, ops).outcomes
    assert [one.news for one, _ in outcome.sent] == [News.OPENED, News.OPENED]
    assert box.titles[0].startswith("doc_search cost $400.00 more")
    assert len(box.received) == 2
    publish(home, [])
    box.fails = 500
    say(home, ops)
    box.fails = None
    say(home, ops)
    assert len(box.titles) == 4


def test_one_that_hangs_keeps_no_other_waiting(
    home: Path, ops: Channel, box: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hung:
        hung.hangs = True
        monkeypatch.setenv("HUNG_URL", f"json://127.0.0.1:{hung.port}/?rto=1&cto=1")
        began = time.monotonic()
        told_at: list[float] = []
        waiter = threading.Thread(target=lambda: _wait_for(box, told_at))
        waiter.start()
        first, second = say(home, Channel(name="hung", url_env="HUNG_URL"), ops).outcomes
        took = time.monotonic() - began
        waiter.join()
    assert first.problem == "no answer, 3 times"
    assert second.problem is None
    assert told_at[0] - began < took - 1
    assert took < 10


def _wait_for(box: Webhook, told_at: list[float]) -> None:
    while not box.received:
        time.sleep(0.01)
    told_at.append(time.monotonic())


def test_a_crash_after_a_message_repeats_it_under_the_same_id(
    home: Path, ops: Channel, box: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, saved = told.save, []

    def crash(*arguments: Any) -> None:
        saved.append(1)
        if len(saved) > 1:
            raise OSError("the power is gone")
        save(*arguments)

    monkeypatch.setattr(told, "save", crash)
    with pytest.raises(OSError, match="power"):
        say(home, ops)
    monkeypatch.setattr(told, "save", save)
    say(home, ops)
    say(home, ops)
    assert [one["message"] for one in box.received] == [box.received[0]["message"]] * 2


def test_an_address_may_hold_the_id_for_receivers_that_have_a_place_for_it(
    home: Path, ops: Channel, box: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_URL", f"json://127.0.0.1:{box.port}/hook?:dedup_key={{anomaly_id}}")
    say(home, ops)
    assert box.received[0]["dedup_key"] == "5d3d237fb4a9"


def test_mail(home: Path, ops: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise.NotifyBase, "request_rate_per_sec", 0)
    with mail_server() as mail:
        monkeypatch.setenv(
            "OPS_URL",
            f"mailto://127.0.0.1:{mail.port}?smtp=127.0.0.1&from=unitcost@example.com&to=ops@example.com&mode=insecure",
        )
        mail.fails = True
        (outcome,) = say(home, ops).outcomes
        assert outcome.problem == "no answer, 3 times"
        mail.fails = False
        say(home, ops)
        (only,) = mail.received
    assert "Subject: doc_search cost $27.73 more than usual: retrieved context" in only


SILENT = replace(
    OTHER,
    anomaly_id="silent",
    kind="silent_source",
    feature_id="(all)",
    cause="silent_source",
    excess_usd=Decimal(),
    actual_usd=Decimal(),
    customer_id=None,
    place_share=None,
    detail="openai logged 4000 calls in its last week and none since",
    deviation_sigmas=None,
    history_days=None,
    is_low_history=None,
)


def test_what_is_noticed_as_such_is_told_whatever_it_costs_and_has_an_end_where_it_can(
    home: Path, ops: Channel, box: Webhook
) -> None:
    model = replace(SILENT, anomaly_id="model", kind="new_model", feature_id="chat", excess_usd=Decimal(3))
    publish(home, [SILENT, model])
    dear = ops.model_copy(update={"min_usd": Decimal(50)})
    say(home, dear)
    assert box.titles == [
        "chat: a new model, openai logged 4000 calls in its last week and none since",
        "All features: a silent source, openai logged 4000 calls in its last week and none since",
    ]
    assert "feature=" not in box.received[1]["message"]
    assert "$" not in box.received[1]["message"]
    later = TODAY + timedelta(days=1)
    publish(home, [replace(SILENT, last_date=later), replace(model, last_date=later)], later)
    say(home, dear)
    assert [title.split(":")[0] for title in box.titles[2:]] == ["Update"]
    publish(home, [replace(model, is_open=False)], later)
    for _ in range(2):
        say(home, dear)
    assert [title.split(":")[0] for title in box.titles[3:]] == ["Withdrawn"]


def test_what_nobody_can_price_is_told_once(home: Path, ops: Channel, box: Webhook) -> None:
    """It costs nothing, of which 1.5 times is nothing, too."""
    free = replace(SILENT, anomaly_id="model", kind="unpriced_model", feature_id="chat", excess_usd=Decimal())
    for day in range(3):
        newest = TODAY + timedelta(days=day)
        publish(home, [replace(free, last_date=newest, day_count=2 + day)], newest)
        say(home, ops)
    assert len(box.received) == 1


def test_a_budget_is_told_in_its_own_words_and_again_when_it_is_over(home: Path, ops: Channel, box: Webhook) -> None:
    budget = replace(
        SILENT, anomaly_id="budget", kind="budget", owner_id="finance", cause="at_risk", excess_usd=Decimal(-4),
        detail="search of feature search is at risk: 80.00 of 100.00 USD spent by 2026-11-28",
    )  # fmt: skip
    for cause, excess in (("at_risk", -4), ("at_risk", -1), ("burning", 4), ("burning", 5), ("over", 5), ("over", 5)):
        publish(home, [replace(budget, cause=cause, excess_usd=Decimal(excess))])
        say(home, ops)
    assert [title.split(":")[0] for title in box.titles] == ["All features", "Update", "Update"]
    assert box.titles[0].endswith(f"a budget, {budget.detail}")
    assert "beyond usual" not in box.received[1]["message"]
    assert "Owner: finance" in box.received[1]["message"]


def test_a_deployment_of_the_week_before_is_named(home: Path, ops: Channel, box: Webhook) -> None:
    publish(home, [replace(SPIKE, deployment_id="search-v2", deployed_date=date(2026, 11, 26))])
    say(home, ops)
    assert "Before it: deployment search-v2, first called on 2026-11-26" in box.received[0]["message"].splitlines()


def test_a_prompt_version_is_named_where_it_is_and_when_it_came(home: Path, ops: Channel, box: Webhook) -> None:
    new = {"new_prompt_version": "search@7", "prompt_changed_date": date(2026, 11, 27)}
    publish(home, [replace(SPIKE, customer_id=None, prompt_version="search@7", **new)])
    say(home, ops)
    lines = box.received[0]["message"].splitlines()
    assert "Where: prompt version search@7 (84% of it)" in lines
    assert "Before it: prompt version search@7, first called on 2026-11-27" in lines


def test_a_drift_is_of_a_week(home: Path, ops: Channel, box: Webhook) -> None:
    publish(home, [replace(SPIKE, kind="drift", day_count=20, excess_usd=Decimal(70))])
    say(home, ops)
    assert box.titles == ["doc_search cost $70.00 more than usual, creeping up: retrieved context"]
    assert "$10.00 a day" in box.received[0]["message"]


@pytest.mark.parametrize("verdict", ["expected", "false", "acknowledged"])
def test_a_verdict_ends_the_updates_and_expected_and_false_the_episode(
    home: Path, ops: Channel, box: Webhook, verdict: str
) -> None:
    say(home, ops)
    publish(home, [replace(SPIKE, feedback=verdict, excess_usd=Decimal(4000)), replace(OTHER, feedback=verdict)])
    for _ in range(2):
        say(home, ops)
    assert len(box.received) == (1 if verdict == "acknowledged" else 2)
    publish(home, [replace(SPIKE, feedback=verdict, is_open=False)])
    say(home, ops)
    assert len(box.received) == 2
    assert box.titles[1].startswith("Over: ")


def test_a_dry_run_sends_and_keeps_nothing(home: Path, ops: Channel, box: Webhook) -> None:
    (outcome,) = say(home, ops, dry_run=True).outcomes
    assert [text.title for _, text in outcome.waiting] == ["doc_search cost $27.73 more than usual: retrieved context"]
    assert not box.received
    assert not (home / "alerts.json").exists()


def test_names_cannot_mention_format_or_break_a_line(home: Path, ops: Channel, box: Webhook) -> None:
    publish(
        home, [replace(SPIKE, feature_id="a\r\nBcc: x@y.z <!channel> @everyone *b* `c`", customer_id="\x1b[31mred")]
    )
    say(home, ops)
    (only,) = box.received
    assert "\n" not in only["title"]
    assert not set("<>*`\r\x1b") & set(only["title"] + only["message"])
    assert "@everyone" not in only["title"] + only["message"].replace("%40", "")


def test_a_damaged_state_stops_it(home: Path, ops: Channel, box: Webhook) -> None:
    (home / "alerts.json").write_text('{"channels": 1}')
    with pytest.raises(AlertError, match="damaged"):
        say(home, ops)
    assert not box.received


def test_two_runs_at_once_do_not_tell_twice(home: Path, ops: Channel) -> None:
    with told.only_one(home), pytest.raises(LockedError):
        say(home, ops)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a"},
        {"name": "a", "url_env": "A", "url_file": "b"},
        {"name": "a", "url_env": "A", "quiet_from": "22:00"},
        {"name": "a", "url_env": "A", "time_zone": "Mars/Base"},
        {"name": "a b/c", "url_env": "A"},
        {"name": "a", "url": f"json://{CANARY}"},
        {"name": "a", "url_env": "A", "min_usd": -1},
    ],
)
def test_a_channel_that_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Channel.model_validate(wrong)


def command(home: Path, toml: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    (home / "unitcost.toml").write_text(toml)
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *arguments],
        cwd=home,
        env={**os.environ, "UNITCOST_HOME": str(home), "COLUMNS": "500", **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


IN_ENVIRONMENT = '[[channels]]\nname = "ops"\nurl_env = "OPS_URL"\n'


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1:1/{canary}?rto=1&cto=1",
        "json://user:{canary}@127.0.0.1:1",
        "slack://{canary}",
        "{canary}",
        "nothing://{canary}/{canary}",
        "mailto://user:{canary}@127.0.0.1:1?to=a@example.com&mode=insecure",
    ],
)
def test_the_address_is_in_no_output_and_no_file(home: Path, url: str) -> None:
    done = command(home, IN_ENVIRONMENT, "alert", OPS_URL=url.format(canary=CANARY))
    assert done.returncode == 1, done.stderr
    assert "ops was not told of 1 message" in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not any(CANARY.encode() in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_the_address_may_lie_in_a_file_that_nobody_else_reads(home: Path, box: Webhook) -> None:
    secret = home.parent / "ops.url"
    secret.write_text(f"json://127.0.0.1:{box.port}/{CANARY}\n")
    secret.chmod(0o644)
    toml = f'[[channels]]\nname = "ops"\nurl_file = "{secret}"\n'
    done = command(home, toml, "alert")
    assert done.returncode == 1
    assert "can be read by others" in done.stderr
    assert not box.received
    secret.chmod(0o600)
    done = command(home, toml, "alert")
    assert (done.returncode, done.stdout) == (0, "ops: 1 opened\n"), done.stderr
    assert box.paths == [f"/{CANARY}"]
    assert (home / "alerts.json").stat().st_mode & 0o077 == 0
    assert command(home, toml, "alert").stdout == "ops: nothing new\n"


def test_the_command_says_what_is_missing(home: Path) -> None:
    done = command(home, "", "alert")
    assert done.returncode == 1
    assert "[[channels]]" in done.stderr
    done = command(home, IN_ENVIRONMENT, "alert")
    assert (done.returncode, "OPS_URL is not set" in done.stderr) == (1, True)
    done = command(home, IN_ENVIRONMENT, "alert", "--dry-run")
    assert done.returncode == 0
    assert "to ops: doc_search cost $27.73 more than usual: retrieved context" in done.stdout


episode_changes = st.lists(
    st.tuples(st.booleans(), st.integers(1, 5000), st.integers(0, 3), st.sampled_from(["requests", "cache"])),
    min_size=1,
    max_size=8,
)


@given(steps=episode_changes, arrives=st.lists(st.booleans(), min_size=8, max_size=8))
def test_whatever_fails_the_channel_ends_with_what_holds(
    steps: list[tuple[bool, int, int, str]], arrives: list[bool]
) -> None:
    channel, known, sent = Channel(name="ops", url_env="A"), {}, []
    for (is_open, usd, days, cause), does_arrive in zip(steps, arrives, strict=False):
        episode = replace(
            SPIKE, is_open=is_open, excess_usd=Decimal(usd), last_date=TODAY + timedelta(days=days), cause=cause
        )
        for one in due.due(channel, known, [episode]):
            if does_arrive:
                known[one.anomaly_id] = due.after(one, "", NOON)
                sent.append(one)
    for one in due.due(channel, known, [episode]):  # it is back
        known[one.anomaly_id] = due.after(one, "", NOON)
        sent.append(one)
    assert [one.number for one in sent] == [*range(1, len(sent) + 1)]
    assert known[SPIKE.anomaly_id].is_over == (not is_open)
    assert not due.due(channel, known, [episode])


def test_a_verdict_is_a_file_for_its_owner_that_says_what_was_beyond_its_limits(home: Path) -> None:
    path = feedback.record(home, SPIKE.anomaly_id, Verdict.FALSE, "a load test", "ana")
    (said,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert path.parent == home / "feedback"
    assert path.stat().st_mode & 0o077 == 0
    assert (said["verdict"], said["driver"], said["times_usual"]) == ("false", "volume", "3.500000")
    assert (said["anomaly_id"], said["last_date"], said["note"]) == (SPIKE.anomaly_id, "2026-11-28", "a load test")


def test_a_verdict_on_a_drift_says_how_far_its_driver_has_crept(home: Path) -> None:
    publish(home, [replace(SPIKE, kind="drift", cause="retries")])
    (said,) = map(json.loads, feedback.record(home, SPIKE.anomaly_id, Verdict.EXPECTED).read_text().splitlines())
    assert (said["kind"], said["driver"], said["times_usual"]) == ("drift", "attempts", "1.310000")


def test_a_verdict_on_what_has_no_drivers_is_kept_too(home: Path) -> None:
    publish(home, [SILENT])
    path = feedback.record(home, SILENT.anomaly_id, Verdict.ACKNOWLEDGED)
    assert ["driver" in json.loads(line) for line in path.read_text().splitlines()] == [False]


def test_a_verdict_on_nothing_is_refused(home: Path) -> None:
    done = command(home, "", "feedback", "nonesuch", "false")
    assert done.returncode == 1
    assert "there is no anomaly nonesuch" in done.stderr
    with pytest.raises(FeedbackError, match="longer"):
        feedback.record(home, SPIKE.anomaly_id, Verdict.FALSE, "x" * 3000)
    assert not (home / "feedback").exists()


def test_telling_reads_nothing_of_a_home_without_a_build(tmp_path: Path, ops: Channel) -> None:
    from app.builds import NoBuildError  # noqa: PLC0415

    with pytest.raises(NoBuildError):
        telling.tell(Settings(home=tmp_path, channels=(ops,)))
