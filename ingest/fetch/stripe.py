"""Stripe's invoices, credit notes and subscriptions, in the order in which they were made, newest first.

Schema: stripe (16.1); `limit` is at most 100. `created` alone selects, and an invoice is finalised, paid, voided or
given up long after it was made: a month is asked for again until 60 days after its end; one of subscriptions for ten
years, since they change as long as they live. An invoice holds the first of its lines only.
"""

from ingest.fetch.api import Api, Bounds, Paging, Report, Rest, unix_seconds

_PAGE = (("limit", "100"),)
_NEXT = Paging("starting_after")
_MADE = Bounds("created[gte]", "created[lt]", unix_seconds)
_SETTLES = 60
_LIVES = 3653


def _with_lines(name: str, lines: str) -> Report:
    rest = Rest(name=lines, field="lines", path=f"/v1/{name}/{{id}}/lines", params=_PAGE, paging=_NEXT)
    return Report(
        name=name, path=f"/v1/{name}", bounds=_MADE, params=_PAGE, paging=_NEXT, refetch_days=_SETTLES, rest=rest
    )


API = Api(
    name="stripe",
    about="Stripe's invoices, credit notes and subscriptions, with a restricted key that may read them (rk_live_…)",
    base_url="https://api.stripe.com",
    key_variable="STRIPE_API_KEY",
    reports=(
        _with_lines("invoices", "invoice_lines"),
        _with_lines("credit_notes", "credit_note_lines"),
        Report(
            name="subscriptions",
            path="/v1/subscriptions",
            bounds=_MADE,
            # those that have ended are left out otherwise
            params=(("status", "all"), *_PAGE),
            paging=_NEXT,
            refetch_days=_LIVES,
        ),
    ),
)
