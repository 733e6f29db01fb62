"""Who the imaginary company is: what it sells, to whom, on which models and at which prices. Tables only."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle, islice

WINDOW_DAYS = 90

HAIKU = "claude-haiku-4-5-20251001"
SONNET = "claude-sonnet-4-5-20250929"
GPT_5 = "gpt-5-2025-08-07"
GPT_5_MINI = "gpt-5-mini-2025-08-07"
GPT_4O_MINI = "gpt-4o-mini-2024-07-18"
EMBEDDING = "text-embedding-3-small"
UNKNOWN_MODEL = "acme-ft-7b-instruct"

# The disjoint kinds of token that providers bill, as columns of the traffic and as meters of the bill.
TOKEN_KINDS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


def _per_million(*usd: str) -> dict[str, Decimal]:
    kinds = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    return dict(zip(kinds, map(Decimal, usd), strict=False))  # no caching, no price of it


# List prices in USD per 1,000,000 tokens: input, output, cache read, cache write for 5 minutes and for 1 hour.
PRICES = {
    HAIKU: _per_million("1", "5", "0.10", "1.25", "2"),
    SONNET: _per_million("3", "15", "0.30", "3.75", "6"),
    GPT_5: _per_million("1.25", "10", "0.125"),
    GPT_5_MINI: _per_million("0.25", "2", "0.025"),
    GPT_4O_MINI: _per_million("0.15", "0.60", "0.075"),
    EMBEDDING: _per_million("0.02"),
}
# A call with more input than this (cached or not) is billed at the long-context prices, all of it.
LONG_CONTEXT_ABOVE_TOKENS = 200_000
LONG_CONTEXT_PRICES = {SONNET: _per_million("6", "22.50", "0.60", "7.50", "12")}


@dataclass(frozen=True)
class Feature:
    """What the company sells, and how it is used: sessions in the window at scale 1, each of so many turns.

    `gap_seconds` lie between two turns of a session, `plans` are the letters of the plans that may use the feature, and
    `staging` is the share of sessions in the staging environment.
    """

    name: str
    sessions: int
    turns: tuple[int, int] = (1, 1)
    gap_seconds: tuple[int, int] = (20, 120)
    plans: str = "EGSF"
    staging: float = 0.03


SUPPORT = Feature("support_assistant", sessions=50_000, turns=(10, 10), staging=0)  # of the last full month alone
DOC_SEARCH = Feature("doc_search", sessions=18_000, turns=(1, 4))
SUMMARIES = Feature("summaries", sessions=70_000)
AGENT = Feature("agent", sessions=1_300, turns=(6, 34), gap_seconds=(8, 50), plans="EG")
COPYWRITER = Feature("copywriter", sessions=18_000, turns=(1, 3))
UNTAGGED = Feature("(none)", sessions=10_000)
EXPERIMENT = Feature("copywriter", sessions=40)  # on the company's own model, which no price list knows

# One support turn costs exactly this: $0.01, written in millionths of a dollar.
SUPPORT_TURN_MICRO_USD = 10_000

PILOT_SHARE = 0.02  # of the full month's traffic, from the first day on
HELP_CENTRE_LEAVES = 0.3  # of it, from a week into the running month

# Days before the end of the window, and hours of the day in UTC.
RETRY_STORM_DAYS_BEFORE_END = 12
RETRY_STORM_HOURS = (13, 17)
TIMEOUT_MS = 20_000  # then the caller hangs up; the provider bills what it had written
OVER_RETRIEVAL_DAYS_BEFORE_END = 20
CITED_CHUNKS = 7  # an answer of doc_search cites no more, however many it was given
MODEL_SWITCH_DAYS_BEFORE_END = 30

# The rhythm of the week (Monday first) and of the day (hours of UTC), in relative traffic.
WEEK = (1.05, 1.15, 1.15, 1.10, 0.95, 0.45, 0.40)
DAY = (3, 2, 2, 2, 3, 5, 10, 22, 38, 48, 50, 46, 42, 50, 56, 54, 48, 40, 30, 22, 16, 11, 7, 5)

# 25 × 6 words, walked side by side, are 150 different names; the order is by usage, the heaviest user first.
_FIRST_WORDS = (
    "northwind brightside cedar dovetail ember fernhill granite harbor ivory juniper kestrel lantern marigold "
    "nimbus orchard pinecone quarry redwood saffron tidewater umbra verdant willow yarrow zephyr"
)
_SECOND_WORDS = "labs media health robotics travel foods"
CUSTOMERS = tuple(map("-".join, islice(zip(cycle(_FIRST_WORDS.split()), cycle(_SECOND_WORDS.split())), 150)))
# The plan of each, in the same order. Some starters are heavier users than most who pay ten times as much.
PLAN_OF = "EEGSESGSGSGEGSGEGGSEGGEE" + "SFSSGF" * 21

NORTHWIND = 0  # the heaviest user bought the cheapest enterprise plan: in the full month it costs more than it pays
BRIGHTSIDE = 1  # moves its copywriting from gpt-5 to gpt-5-mini
NORTHWIND_SHARE = 0.45  # of every feature that it uses, and it uses all
ZIPF_EXPONENT = 0.9

PLANS = {"F": "free", "S": "starter", "G": "growth", "E": "enterprise"}
MONTHLY_FEE_USD = {"F": Decimal(0), "S": Decimal(49), "G": Decimal(499)}
ENTERPRISE_FEES_USD = tuple(map(Decimal, (2400, 6000, 4800, 3600, 5400, 3000, 4200, 2700)))

# What growth customers pay beside their plan: feature → (included a month, USD for each one above). Enterprise: all in.
METERED_PLAN = "G"
METERED_USD = {DOC_SEARCH.name: (60, Decimal("0.05")), AGENT.name: (0, Decimal("2.50"))}

# The provider's side of the books, USD a month.
SUPPORT_PLAN_USD = {"openai": Decimal(100), "anthropic": Decimal(150)}
TAX_ON_SUPPORT_PLAN = Decimal("0.08")
PROMOTIONAL_CREDIT_USD = Decimal(-75)
# What OpenAI's bill of the last full month has that the logs do not, one of each class of difference (a support plan is
# no use of calls, a promotion a credit): class → model, kind of token, day.
SHADOW = "gpt-4.1-2025-04-14"  # somebody calls it by a key that logs nothing
PLANTED = {
    "coverage": (SHADOW, "input", 12),
    "quantity": (GPT_4O_MINI, "output", 15),
    "price": (GPT_5, "output", 8),
    "tier": (GPT_5_MINI, "input", 18),
    "timing": (GPT_5, "input", 20),
    "rounding": (GPT_5_MINI, "cache_read", 22),
    "unexplained": (GPT_5_MINI, "output", 25),
}
SHADOW_TOKENS, SHADOW_PRICE = 6_000_000, Decimal(2)
OVERBILLED_BY = Decimal("1.02")  # tokens that the logs do not know
DEARER_BY = Decimal("1.10")  # the price
BATCHED_SHARE = 2  # one token of so many is billed as batch, at half the price
LATE_TOKENS = 100_000  # are on the bill of the next day
UNTOLD_BY = Decimal("1.05")  # dearer, by a line that does not say how much of what

DUPLICATED_LINES = 25
