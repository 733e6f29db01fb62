"""What people do today: a library's cost function called once for each call, in Python.

Run it as `python -m tests.bench.per_call genai-prices|litellm LOGS SAMPLE`; the last line printed has the seconds of
the pricing alone: reading and parsing the log, and what is done with the costs, are not in it.
"""

import gzip
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple


class Call(NamedTuple):
    """A call with usage; `prompt` has what was read from and written to the cache in it."""

    provider: str
    model: str
    requested_at: datetime
    prompt: int
    cache_read: int
    cache_write: int
    output: int


def by_genai_prices() -> Callable[[Call], object]:
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - only one library in a process

    def price(call: Call) -> object:
        usage = Usage(
            input_tokens=call.prompt,
            cache_read_tokens=call.cache_read,
            cache_write_tokens=call.cache_write,
            output_tokens=call.output,
        )
        provider = "google" if call.provider == "gemini" else call.provider
        return calc_price(usage, call.model, provider_id=provider, genai_request_timestamp=call.requested_at)

    return price


def by_litellm() -> Callable[[Call], object]:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # the prices that it was installed with
    from litellm import cost_per_token  # noqa: PLC0415 - only one library in a process

    def price(call: Call) -> object:
        return cost_per_token(
            model=call.model,
            custom_llm_provider=call.provider,
            prompt_tokens=call.prompt,
            completion_tokens=call.output,
            cache_read_input_tokens=call.cache_read,
            cache_creation_input_tokens=call.cache_write,
        )

    return price


LIBRARIES = {"genai-prices": by_genai_prices, "litellm": by_litellm}


def calls(logs: Path, log: str) -> Iterator[Call]:
    for path in sorted((logs / log).glob("*.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                is_spend = log == "litellm"
                usage = line["metadata"]["usage_object"] if is_spend else line["response"]["usage"]
                if usage is None:
                    continue
                answer = line if is_spend else line["response"]
                provider = line["custom_llm_provider"] if is_spend else log
                at = datetime.fromisoformat(line["startTime"] + "+00:00" if is_spend else line["timestamp"])
                if log == "anthropic":
                    read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
                    tokens = (usage["input_tokens"] + read + written, read, written, usage["output_tokens"])
                else:
                    read = usage["prompt_tokens_details"]["cached_tokens"]
                    tokens = (usage["prompt_tokens"], read, 0, usage["completion_tokens"])
                yield Call(provider, answer["model"], at, *tokens)


def main() -> None:
    library, logs, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    price = LIBRARIES[library]()
    sample = [
        call
        for log, share in (("openai", 2), ("anthropic", 4), ("litellm", 4))
        for call in itertools.islice(calls(logs, log), count // share)
    ]
    started, cpu = time.perf_counter(), time.process_time()
    for call in sample:
        price(call)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    sys.stdout.write(json.dumps({"calls": len(sample), "seconds": seconds, "cpu": cpu}) + "\n")


if __name__ == "__main__":
    main()
