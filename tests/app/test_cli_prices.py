"""`unitcost prices` as a person uses it: real processes, a real server, exit codes, one-line errors."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.settings import PROJECT_DIR
from ingest.ledger import Ledger
from ingest.prices import book, catalogue, learning, overrides
from ingest.prices.tables import PriceBookError, Row

UNITCOST = str(Path(sys.executable).parent / "unitcost")
RULES = PROJECT_DIR / "seeds" / "price_variant_rules.csv"
CALL = {"timestamp": "2026-11-01T00:00:00Z", "response": {"id": "x", "object": "chat.completion", "model": "gpt-4o"}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


def unitcost(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [UNITCOST, *arguments],
        env={**os.environ, "UNITCOST_HOME": str(home), "COLUMNS": "300", **environment},
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], str]]:
    """A server on this machine that answers with a document; its address."""
    servers = []

    def start(document: bytes, status: int = 200) -> str:
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/data.json"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def published() -> list[dict[str, object]]:
    """The library's own catalogue as it would be published: gpt-4o at ten times its price, one model gone, one new."""
    providers = json.loads(catalogue.dump(catalogue.bundled()))
    (openai,) = (provider for provider in providers if provider["id"] == "openai")
    openai["models"] = [model for model in openai["models"] if model["id"] != "gpt-4o-mini"]
    (gpt_4o,) = (model for model in openai["models"] if model["id"] == "gpt-4o")
    gpt_4o["prices"] = {"input_mtok": 25, "output_mtok": 10}
    gpt_4o.pop("price_variants", None)
    openai["models"].append(
        {"id": "brand-new", "match": {"equals": "brand-new"}, "prices": {"input_mtok": 0.123456789}}
    )
    return providers


def newest(home: Path) -> dict[tuple[str, str, str], Decimal]:
    """(model, tier, kind) → price of OpenAI's models on a day of the newest snapshot."""
    with Ledger(home) as ledger:
        rows: list[Row] = book.read(home, ledger.snapshots(learning.PRICES, "genai-prices")[0])
    return {
        (row["model_id"], row["service_tier"], row["usage_kind"]): row["price_usd"]
        for row in rows
        if row["provider_id"] == "openai" and str(row["valid_to_date"]) == "2100-01-01"
    }


def test_an_update_is_learned_once_says_what_changed_and_survives_the_next_command(
    home: Path, serve: Callable[[bytes], str]
) -> None:
    url = serve(json.dumps(published()).encode())
    done = unitcost(home, "prices", "update", "--url", url)
    assert done.returncode == 0, done.stderr
    with Ledger(home) as ledger:
        after, before = (book.read(home, one) for one in ledger.snapshots(learning.PRICES, "genai-prices"))
    key = ("provider_id", "model_id", "service_tier", "usage_kind", "tier_start_tokens")
    was, now = ({tuple(row[name] for name in key) for row in rows} for rows in (before, after))
    changes = learning.compare(before, after)
    assert (changes.added, changes.gone) == (len(now - was), len(was - now))
    assert {row[1] for row in now - was} == {"brand-new"}
    assert {row[1] for row in was - now} >= {"gpt-4o-mini"}
    assert changes.changed >= 2
    assert done.stdout.startswith(
        f"{changes.changed} prices changed, {changes.added} added, {changes.gone} gone; run `unitcost build`"
    )
    again = unitcost(home, "prices", "update", "--url", url)
    assert (again.returncode, again.stdout[:11]) == (0, "nothing new")
    assert unitcost(home, "prices", "check").returncode == 0
    assert newest(home)["gpt-4o", "standard", "input_tokens"] == 25
    assert newest(home)["brand-new", "standard", "input_tokens"] == Decimal("0.123456789")
    with Ledger(home) as ledger:
        assert len(ledger.snapshots(learning.PRICES, "genai-prices")) == 2


def test_an_update_that_cannot_be_had_is_one_line_and_the_book_stays(home: Path, serve: Callable[..., str]) -> None:
    assert unitcost(home, "prices", "check").returncode == 0
    before = newest(home)
    url = serve(b"not found", 404)
    done = unitcost(home, "prices", "update", "--url", url)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: cannot fetch prices from {url}: Client error '404 Not Found' for url '{url}'; "
        "the book stays as it was\n"
    )
    assert newest(home) == before


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b"<html>", "is no catalogue that genai-prices"),
        (b'{"a": 1}', "is no catalogue that genai-prices"),
        (b'[{"id": "p"}]', "is no catalogue that genai-prices"),
        (b"[]", "holds no model"),
    ],
)
def test_what_is_no_catalogue_is_not_taken_for_one(
    serve: Callable[[bytes], str], document: bytes, problem: str
) -> None:
    with pytest.raises(PriceBookError, match=f"{problem}.*; the book stays as it was"):
        catalogue.fetch(serve(document))


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/data.json", "no address", "http://"])
def test_an_address_that_does_not_answer_is_told(url: str) -> None:
    with pytest.raises(PriceBookError, match=f"cannot fetch prices from {url}"):
        catalogue.fetch(url)


def test_check_lists_the_errors_and_says_by_its_exit_code_whether_one_is_in_use(
    home: Path, serve: Callable[[bytes], str]
) -> None:
    url = serve(json.dumps(published()).encode())
    assert unitcost(home, "prices", "update", "--url", url).returncode == 0
    before = unitcost(home, "prices", "check")
    lines = [line.split() for line in before.stdout.splitlines() if " gpt-4o " in line and " standard " in line]
    jump, *others = (line for line in lines if line[0] == "jump")
    assert jump[-5:] == ["standard", "input_tokens", "25", "2.5", "2015-01-01"]
    assert [line[:3] for line in lines if line[0] == "output"] == [["output", "below", "input"]]
    assert not others
    assert before.returncode == 0
    home.mkdir(exist_ok=True)
    (home.parent / "log.jsonl").write_text(
        json.dumps({**CALL, "response": {**CALL["response"], "usage": {"prompt_tokens": 5}}}) + "\n"
    )
    assert unitcost(home, "ingest", "log.jsonl").returncode == 0
    after = unitcost(home, "prices", "check")
    assert after.returncode == 2
    assert after.stdout.splitlines()[1].startswith("yes ")
    assert " 0 of them of models in use" not in after.stdout


def test_an_override_that_cannot_be_meant_is_one_line_with_its_number(home: Path) -> None:
    path = home.parent / "contracts.csv"
    path.write_text(",".join(overrides.COLUMNS) + "\ndiscount" + "," * 15 + "\n")
    done = unitcost(home, "build", UNITCOST_PRICE_OVERRIDES=str(path))
    assert done.returncode == 1
    assert done.stderr == f"error: {path} line 2: a discount needs discount_percent\n"


def test_a_price_map_that_is_not_there_is_one_line(home: Path) -> None:
    done = unitcost(home, "build", UNITCOST_LITELLM_PRICES="gone.json")
    assert (done.returncode, done.stderr) == (
        1,
        "error: litellm_prices names gone.json, and there is no such file\n",
    )


def test_the_map_that_the_settings_name_is_the_second_source(home: Path, shared_data: Path) -> None:
    path = shared_data / "price_history" / "model_prices_litellm_1.109.1.json"
    done = unitcost(home, "prices", "check", UNITCOST_LITELLM_PRICES=str(path))
    assert done.returncode == 0, done.stderr
    assert " litellm " in done.stdout
    with Ledger(home) as ledger:
        (snapshot,) = ledger.snapshots(learning.PRICES, "litellm")
    assert (snapshot.source_version, snapshot.row_count > 15_000) == (path.name, True)
