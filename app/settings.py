"""Where the warehouse lives and what `unitcost run` reads."""

import re
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from app.alerts.channels import Channel

PROJECT_DIR = Path(__file__).resolve().parent.parent
"""The checkout: dbt_project.yml, models/, seeds/ and macros/ lie here."""


class Input(BaseModel):
    """One of `[[inputs]]` in unitcost.toml: files, a folder or a glob, here or at `s3://…`; its source if not told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    source: str | None = None
    mapping: Path | None = None


class Settings(BaseSettings):
    """Read from the environment (`UNITCOST_HOME`, …), then from `unitcost.toml` in the working directory."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix="UNITCOST_", toml_file="unitcost.toml", extra="forbid", frozen=True
    )

    home: Path = Path("warehouse")
    inputs: tuple[Input, ...] = ()
    keep_builds: int = Field(default=3, ge=1)
    threads: int | None = None
    memory_limit: str = "1300MB"
    """What DuckDB may use while files land and while models are built; what is more goes to disk."""
    reporting_currency: Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{3}$")] = "USD"
    """ISO 4217: what every `*_usd` column and every figure is in."""
    price_overrides: Path = PROJECT_DIR / "seeds" / "price_overrides.csv"
    """Contract prices, discounts, own models."""
    litellm_prices: Path | None = None
    """LiteLLM's price map, the second source of list prices; the one inside an installed `litellm` where not given."""

    dashboard_can_close: bool = False
    """Whether the dashboard may close a month. It has no log-in: whoever can open it can then close."""
    dashboard_url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] = "http://127.0.0.1:8501"
    """Where others find the dashboard: alerts link there."""
    channels: tuple[Channel, ...] = ()
    """Who is told of anomalies, and how."""
    dashboard_can_judge: bool = False
    """Whether the dashboard takes verdicts on anomalies, which move limits: whoever can open it can then give them."""
    receive_token: SecretStr | None = None
    """What clients of `unitcost receive` must show."""

    @field_validator("receive_token")
    @classmethod
    def _is_a_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not re.fullmatch(r"[!-~]{16,}", token.get_secret_value()):
            raise ValueError("a token has at least 16 characters, of ASCII, without spaces")
        return token

    @field_validator("home")
    @classmethod
    def _usable(cls, home: Path) -> Path:
        home = home.expanduser()
        if any("=" in part for part in home.resolve().parts):
            raise ValueError("no folder above the warehouse may have '=' in its name: it would be read as a column")
        return home

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
