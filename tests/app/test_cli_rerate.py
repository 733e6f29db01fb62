"""What `unitcost rerate` shows before it writes."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app import cli_rerate
from app.rerate import Proposal


def test_a_month_that_becomes_cheaper_has_its_minus_before_the_currency(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "usage_date": date(2026, 9, 10),
        "provider_id": "openai",
        "model_id": "gpt-x",
        "request_count": 2,
        "cost_before_usd": Decimal("0.000040"),
        "cost_after_usd": Decimal("0.000027"),
    }
    cli_rerate._show(Proposal({}, [row], Path()), "$")
    table, total = capsys.readouterr().out.rsplit("\n", 2)[:2]
    assert table.split()[-3:] == ["$0.000040", "$0.000027", "-$0.000013"]
    assert total.endswith("by -$0.000013 in all")
