"""`unitcost prices`: bring the price book up to date, and look for what no price list would say."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table as RichTable

from app import pipeline
from app.console import out
from app.settings import Settings
from ingest.ledger import Ledger
from ingest.prices import book, catalogue, checks, learning
from ingest.prices.tables import GENAI_PRICES, LITELLM

SUSPECT = 2
"""As everywhere: done, and there is something to look at."""

prices = typer.Typer(no_args_is_help=True, help="The price book: refresh the catalogue, look for errors in it.")


@prices.command()
def update(
    url: Annotated[str, typer.Option(help="Where genai-prices publishes its catalogue.")] = catalogue.UPDATE_URL,
) -> None:
    """Fetch today's catalogue into the price book; the next build rates by it."""
    settings = Settings()
    with pipeline.writer(settings), Ledger(settings.home) as ledger:
        rules = pipeline.price_inputs(settings).rules
        learning.learn_catalogue(ledger, settings.home, rules)  # so that no later build falls back to the library's own
        before = next(iter(ledger.snapshots(learning.PRICES, GENAI_PRICES)), None)
        fetched = catalogue.fetch(url)
        after = learning.learn_catalogue(ledger, settings.home, rules, fetched=fetched)
        if after is None:
            out.print("nothing new: the published catalogue says what the price book knows", markup=False)
            return
        changes = learning.compare(book.read(settings.home, before), book.read(settings.home, after))
    out.print(
        f"{changes.changed:,} prices changed, {changes.added:,} added, {changes.gone:,} gone; "
        "run `unitcost build` to rate by them",
        markup=False,
    )


@prices.command()
def check() -> None:
    """List what looks like an error of the catalogue: a jump by ×10, cache read above input, output below input.

    The exit code is 2 where one of the models is in use, 0 otherwise.
    """
    settings = Settings()
    findings: list[tuple[checks.Finding, bool]] = []
    with pipeline.writer(settings), Ledger(settings.home) as ledger:
        pipeline.learn_prices(ledger, settings)
        used = {
            (row["price_source"], row["price_provider_id"], row["price_model_id"])
            for row in learning.newest_matches(ledger, settings.home)
        }
        for source in (GENAI_PRICES, LITELLM):
            newest, previous, *_ = [*ledger.snapshots(learning.PRICES, source), None, None]
            findings += [
                (one, (one.price_source, one.provider_id, one.model_id) in used)
                for one in checks.check(book.read(settings.home, newest), book.read(settings.home, previous))
            ]
    table = RichTable(box=None, pad_edge=False)
    for name in ("used", "rule", "source", "provider", "model", "tier", "kind", "price", "against", "day"):
        table.add_column(name, justify="right" if name in ("price", "against") else "left", overflow="fold")
    for one, is_used in sorted(findings, key=lambda finding: not finding[1]):
        texts = (one.rule, one.price_source, one.provider_id, one.model_id, one.service_tier, one.usage_kind)
        prices_ = (f"{price.normalize():f}" for price in (one.price, one.against))
        table.add_row("yes" if is_used else "", *(escape(text) for text in (*texts, *prices_, str(one.day))))
    if findings:
        out.print(table)
    in_use = sum(is_used for _, is_used in findings)
    out.print(f"{len(findings):,} prices look wrong, {in_use:,} of them of models in use", markup=False)
    raise typer.Exit(SUSPECT if in_use else 0)
