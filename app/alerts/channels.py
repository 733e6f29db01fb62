"""A channel of `unitcost.toml`: who is told of what, when, and where its secret address is kept."""

import os
import zoneinfo
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self

import typer
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from app import secret_file


class ChannelError(Exception):
    """A channel has no address; the message says what to do, and holds nothing of a secret."""


class Channel(BaseModel):
    """One of `[[channels]]` in unitcost.toml. Its address is an apprise URL, which holds tokens.

    Attributes:
        name: what the state and the command line call it.
        url_env: the environment variable that holds the address.
        url_file: the file of mode 600 that holds it. One of the two is there.
        owners: whose anomalies it is told of, by seeds/owners.csv; empty: all.
        quiet_from: from when on nothing is told, in its own time zone.
        quiet_to: until when; earlier than `quiet_from`: of the next day.
        min_usd: what an anomaly must have cost before it is told, in the reporting currency.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,64}$")]
    url_env: str | None = None
    url_file: Path | None = None
    owners: tuple[str, ...] = ()
    quiet_from: time | None = None
    quiet_to: time | None = None
    time_zone: str = "UTC"
    min_usd: Decimal = Field(default=Decimal(0), ge=0)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {name}: write Europe/Berlin") from error
        return name

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.url_env is None) == (self.url_file is None):
            raise ValueError("a channel has url_env or url_file, one of them")
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("quiet hours have both quiet_from and quiet_to")
        return self

    def takes(self, owner_id: str | None) -> bool:
        """Whether it is told of anomalies of this owner."""
        return not self.owners or owner_id in self.owners

    def is_quiet(self, now: datetime) -> bool:
        """Whether nothing is told now.

        Args:
            now: with its time zone.
        """
        if self.quiet_from is None or self.quiet_to is None:
            return False
        clock = now.astimezone(zoneinfo.ZoneInfo(self.time_zone)).time()
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= clock < self.quiet_to
        return clock >= self.quiet_from or clock < self.quiet_to

    def url(self) -> str:
        """Its address, a secret.

        Raises:
            ChannelError: there is none, or others can read the file.
        """
        if self.url_file is not None:
            try:
                return secret_file.read(self.url_file.expanduser(), "URL")
            except typer.BadParameter as error:
                raise ChannelError(error.message) from None
        if url := os.environ.get(self.url_env or "", "").strip():
            return url
        raise ChannelError(f"{self.url_env} is not set")
