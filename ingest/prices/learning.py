"""What the price book learns before a build, and by `unitcost prices update`. Fast where nothing is new."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from genai_prices.data_snapshot import DataSnapshot

from ingest.ledger import Ledger, Snapshot
from ingest.prices import book, catalogue, litellm, matches, overrides, uplift_rules, variant_rules
from ingest.prices.tables import GENAI_PRICES, LITELLM, PriceBookError, Row

PRICES, OVERRIDES, MATCHES = "prices__model_prices", "prices__overrides", "prices__model_matches"
UPLIFTS = "prices__uplifts"


@dataclass(frozen=True)
class Inputs:
    """Where prices that are no library come from.

    Attributes:
        rules: `seeds/price_variant_rules.csv`.
        overrides: `seeds/price_overrides.csv`.
        uplifts: `seeds/price_uplift_rules.csv`.
        litellm_map: the file that the user names; None: that of an installed `litellm`, if any.
    """

    rules: Path
    overrides: Path
    uplifts: Path
    litellm_map: Path | None = None


def learn_all(ledger: Ledger, home: Path, inputs: Inputs) -> None:
    """Learn the installed library's catalogue, LiteLLM's map, overrides and uplifts; resolve the names that were seen.

    Raises:
        PriceBookError: one of them cannot be read; the message says where.
    """
    learn_catalogue(ledger, home, inputs.rules)
    learn_litellm(ledger, home, inputs.litellm_map)
    book.learn(ledger, home, OVERRIDES, overrides.SOURCE, overrides.read(inputs.overrides))
    book.learn(ledger, home, UPLIFTS, uplift_rules.SOURCE, uplift_rules.read(inputs.uplifts))
    learn_matches(ledger, home)


def learn_catalogue(ledger: Ledger, home: Path, rules: Path, *, fetched: DataSnapshot | None = None) -> Snapshot | None:
    """Learn the catalogue, extended by the rules of today.

    The library's own is learned when a version of the library is met for the first time. So what an update fetched
    stays until the library is upgraded or another update comes.

    Args:
        ledger: of the same home.
        home: `$UNITCOST_HOME`.
        rules: `seeds/price_variant_rules.csv`.
        fetched: what an update brought.

    Returns:
        The new snapshot; None where the catalogue says nothing new.
    """
    document, said_by, remember = _newest_catalogue(ledger, home, fetched)
    state = _digest(document, said_by, rules.read_bytes(), _code())
    if ledger.recall("catalogue learned") == state:
        return None
    snapshot = catalogue.load(book.document(home, document))
    rows = variant_rules.extend(catalogue.rows(snapshot), variant_rules.read(rules))
    remember |= {"catalogue": document, "catalogue said by": said_by, "catalogue learned": state}
    return book.learn(ledger, home, PRICES, GENAI_PRICES, rows, source_version=said_by, remember=remember)


def _newest_catalogue(ledger: Ledger, home: Path, fetched: DataSnapshot | None) -> tuple[str, str, dict[str, str]]:
    """The kept document of the catalogue that holds now, which release said it, and what to remember of that."""
    release = f"genai-prices {catalogue.library_version()}"
    met = f"met {release}"
    if fetched is None and ledger.recall(met):
        return ledger.recall("catalogue") or "", ledger.recall("catalogue said by") or "", {}
    said_by = f"{release}, fetched {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" if fetched else release
    return book.keep_document(home, catalogue.dump(fetched or catalogue.bundled())), said_by, {met: "yes"}


def learn_litellm(ledger: Ledger, home: Path, named: Path | None) -> Snapshot | None:
    """Learn LiteLLM's map, where there is one; what was learned stays where there is none any more."""
    found = litellm.find_map(named)
    if found is None:
        return None
    path, release = found
    document = path.read_bytes()
    state = _digest(document, _code())
    if ledger.recall("litellm learned") == state:
        return None
    try:
        rows = litellm.rows(document)
    except PriceBookError as error:
        raise PriceBookError(f"{path}: {error}") from error
    return book.learn(ledger, home, PRICES, LITELLM, rows, source_version=release, remember={"litellm learned": state})


def learn_matches(ledger: Ledger, home: Path) -> None:
    """Resolve every (provider, model) that landed, by the newest catalogue and the newest map; append what is new."""
    document, seen = ledger.recall("catalogue") or "", ledger.models()
    second = next(iter(ledger.snapshots(PRICES, LITELLM)), None)
    state = _digest(document, second.snapshot_id if second else "", repr(seen), _code())
    if ledger.recall("matches learned") == state:
        return
    models = litellm.priced_models(book.read(home, second))
    now = matches.resolve(seen, catalogue.load(book.document(home, document)), models)
    rows = matches.changed(newest_matches(ledger, home), now)
    at = datetime.now(UTC).replace(tzinfo=None)
    files = {MATCHES: book.write(home, MATCHES, [{**row, "learned_at": at} for row in rows])} if rows else {}
    ledger.append(files, remember={"matches learned": state})


def newest_matches(ledger: Ledger, home: Path) -> list[Row]:
    """How each name resolves now: rows of `MODEL_MATCHES`."""
    last = {(row["provider_id"], row["model_name"]): row for row in book.read_all(ledger, home, MATCHES)}
    return list(last.values())


def changed_matches(ledger: Ledger, home: Path) -> list[Row]:
    """Names that came to mean something else: rows of `MODEL_MATCHES` after the first of their name.

    They move figures of calls that landed before, which a name that is seen for the first time does not.
    """
    seen, changed = set(), []
    for row in book.read_all(ledger, home, MATCHES):
        name = (row["provider_id"], row["model_name"])
        if name in seen:
            changed.append(row)
        seen.add(name)
    return changed


@dataclass(frozen=True)
class Changes:
    """How two snapshots of prices differ: counts of (provider, model, tier, kind, context threshold)."""

    changed: int
    added: int
    gone: int


def compare(before: Iterable[Row], after: Iterable[Row]) -> Changes:
    """Count what is priced otherwise than before on any day, what is new and what is gone."""
    old, new = _by_price(before), _by_price(after)
    return Changes(
        changed=sum(old[key] != new[key] for key in old.keys() & new.keys()),
        added=len(new.keys() - old.keys()),
        gone=len(old.keys() - new.keys()),
    )


def _by_price(rows: Iterable[Row]) -> dict[tuple[object, ...], set[tuple[object, ...]]]:
    prices: dict[tuple[object, ...], set[tuple[object, ...]]] = {}
    for row in rows:
        key = tuple(row[n] for n in ("provider_id", "model_id", "service_tier", "usage_kind", "tier_start_tokens"))
        when = ("unit_price_usd", "valid_from_date", "valid_to_date", "daily_from_second", "daily_to_second")
        prices.setdefault(key, set()).add(tuple(row[name] for name in when))
    return prices


@cache
def _code() -> str:
    """Of this package: a release that reads a source better says something new, though the source does not."""
    return _digest(*(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))))


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()
