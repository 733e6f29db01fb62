"""A message to an address, by apprise, tried some times.

Nothing that apprise says leaves this module: it may be secret.
"""

import logging
import re

import apprise
from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, wait_exponential

from app.alerts.channels import ChannelError
from app.alerts.message import Message

ATTEMPTS = 3
FIRST_WAIT = 1.0
"""Seconds before the second attempt, doubled before each further one. What still fails is told by the next run."""
LONGEST_ATTEMPT = 15
"""Seconds, whatever the address says of its own time-outs (`rto`, `cto`)."""
ID = "{anomaly_id}"
"""Stands in an address for the anomaly's id, where a receiver has a place for it: `?dedup={anomaly_id}`."""


class DeliveryError(Exception):
    """The channel did not take the message; the message of this holds nothing of its address."""


_logger = logging.getLogger("apprise")
_logger.handlers, _logger.propagate = [logging.NullHandler()], False


def send(url: str, message: Message, first_id: str) -> None:
    """Send it. It may arrive twice where the channel took it and did not say so.

    Args:
        url: an apprise URL, in which `{anomaly_id}` stands for the id.
        first_id: the anomaly's.

    Raises:
        ChannelError: the URL is none that apprise knows.
        DeliveryError: the channel was down, refused it, or did not answer, each time.
    """
    service = apprise.Apprise.instantiate(url.replace(ID, first_id))
    if service is None or not isinstance(service, apprise.NotifyBase):
        raise ChannelError("its address is no apprise URL: see https://github.com/caronc/apprise/wiki")
    sender = apprise.Apprise()
    sender.add(service)
    kind = apprise.NotifyType.SUCCESS if message.is_good_news else apprise.NotifyType.WARNING
    statuses: list[str] = []

    def attempt() -> bool:
        return bool(
            sender.notify(
                title=message.title,
                body=message.body,
                notify_type=kind,
                body_format=apprise.NotifyFormat.TEXT,
                timeout=LONGEST_ATTEMPT,
                log_callback=lambda entry, _: statuses.extend(re.findall(r"error=(\d{3})\b", entry.message)),
            )
        )

    attempts = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=FIRST_WAIT),
        retry=retry_if_result(lambda is_sent: not is_sent),
    )
    try:
        attempts(attempt)
    except RetryError:
        why = f"HTTP status {statuses[-1]}" if statuses else "no answer"
        raise DeliveryError(f"{why}, {ATTEMPTS} times") from None
