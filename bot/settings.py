"""The settings of INTERFACE 2: environment variables, or the same names in a `.env` file in the working folder."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot import durations
from bot.errors import WrongSettings

EXAMPLES = {
    "SLACK_BOT_TOKEN": "xoxb-123-456-abc",
    "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99e785a5f0c1 (32 hexadecimal digits)",
    "SLACK_APP_TOKEN": "xapp-1-A012-345-abc",
    "SLACK_API_URL": "https://slack.com/api/",
    "GATEHOUSE_DATABASE_URL": "sqlite:///gatehouse.db or postgresql://user:password@host/gatehouse",
    "GATEHOUSE_PORT": "3000",
    "GATEHOUSE_ADMINS": "U012AB3CD,U045EF6GH",
    "GATEHOUSE_SECRET_KEY": "the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
    "GATEHOUSE_LOG_FORMAT": "console or json",
    "GATEHOUSE_LOG_LEVEL": "debug, info, warning or error",
}
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32,}")
_USER = re.compile(r"[UW][A-Z0-9]{2,}")


def _duration(value: Any) -> Any:
    return durations.parse(value) if isinstance(value, str) else value


def _words(value: Any) -> Any:
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


def _named(variable: str, default: Any) -> Any:
    return Field(default=default, validation_alias=AliasChoices(variable), alias=variable)


class Settings(BaseSettings):
    """Every setting, checked. Build it with :func:`load`, which turns a wrong value into one sentence."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, env_ignore_empty=True
    )

    bot_token: str = _named("SLACK_BOT_TOKEN", "")
    signing_secrets: Words = _named("SLACK_SIGNING_SECRET", ())
    app_token: str = _named("SLACK_APP_TOKEN", "")
    api_url: str = _named("SLACK_API_URL", "https://slack.com/api/")
    database_url: str = _named("GATEHOUSE_DATABASE_URL", "sqlite:///gatehouse.db")
    host: str = _named("GATEHOUSE_HOST", "127.0.0.1")
    port: Annotated[int, Field(ge=0, le=65535)] = _named("GATEHOUSE_PORT", 3000)
    admins: Words = _named("GATEHOUSE_ADMINS", ())
    self_service: bool = _named("GATEHOUSE_SELF_SERVICE", True)
    allow_self_approval: bool = _named("GATEHOUSE_ALLOW_SELF_APPROVAL", False)
    tick: Duration = _named("GATEHOUSE_TICK", timedelta(seconds=2))
    remind_after: Duration = _named("GATEHOUSE_REMIND_AFTER", timedelta(hours=24))
    escalate_after: Duration = _named("GATEHOUSE_ESCALATE_AFTER", timedelta(hours=72))
    expire_after: Duration = _named("GATEHOUSE_EXPIRE_AFTER", timedelta(days=14))
    secret_keys: Words = _named("GATEHOUSE_SECRET_KEY", ())
    authorize_token: str = _named("GATEHOUSE_AUTHORIZE_TOKEN", "")
    log_format: Literal["console", "json"] | None = _named("GATEHOUSE_LOG_FORMAT", None)
    log_level: Literal["debug", "info", "warning", "error"] = _named("GATEHOUSE_LOG_LEVEL", "info")

    @field_validator("bot_token")
    @classmethod
    def _bot_token_has_its_prefix(cls, value: str) -> str:
        if value and not value.startswith("xoxb-"):
            raise ValueError("is not a bot token, which begins with xoxb-")
        return value

    @field_validator("app_token")
    @classmethod
    def _app_token_has_its_prefix(cls, value: str) -> str:
        if value and not value.startswith("xapp-"):
            raise ValueError("is not an app-level token, which begins with xapp-")
        return value

    @field_validator("signing_secrets")
    @classmethod
    def _signing_secrets_are_hexadecimal(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > 2:
            raise ValueError("holds more than two secrets")
        if not all(_SIGNING_SECRET.fullmatch(secret) for secret in value):
            raise ValueError("is not a signing secret of at least 32 hexadecimal digits")
        return value

    @field_validator("api_url")
    @classmethod
    def _api_url_is_an_address(cls, value: str) -> str:
        if not re.match(r"https?://[^/\s]+", value):
            raise ValueError("is not an address that begins with https:// or http://")
        return value if value.endswith("/") else value + "/"

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, value: str) -> str:
        if value.startswith("sqlite:///") and len(value) > len("sqlite:///") and ":memory:" not in value:
            return value
        if re.match(r"postgres(ql)?(\+psycopg)?://", value):
            return value
        raise ValueError("is neither sqlite:///PATH nor postgresql://…")

    @field_validator("admins")
    @classmethod
    def _admins_are_user_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [word for word in value if not _USER.fullmatch(word)]:
            raise ValueError(f"holds {wrong[0]!r}, which is not a Slack user id")
        return value

    @field_validator("tick")
    @classmethod
    def _tick_is_longer_than_nothing(cls, value: timedelta) -> timedelta:
        if value < timedelta(milliseconds=50):
            raise ValueError("is shorter than 50ms")
        return value

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path:
        """Path of the SQLite file; only meaningful if ``is_sqlite``."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def mode(self) -> Literal["http", "socket"]:
        """How Slack reaches us (INTERFACE 1, serve).

        Raises:
            WrongSettings: neither or both of the two variables that decide it are set.
        """
        if bool(self.signing_secrets) == bool(self.app_token):
            state = "Both" if self.app_token else "Neither"
            raise WrongSettings(
                f"{state} SLACK_SIGNING_SECRET (HTTP mode) {'and' if self.app_token else 'nor'} SLACK_APP_TOKEN "
                f"(Socket Mode) {'are' if self.app_token else 'is'} set: set exactly one of the two."
            )
        return "socket" if self.app_token else "http"

    def for_serving(self) -> "Settings":
        """Return these settings if they are enough to serve a workspace.

        Raises:
            WrongSettings: something a running bot needs is missing.
        """
        _ = self.mode
        if not self.bot_token:
            raise WrongSettings(f"SLACK_BOT_TOKEN is missing, for example {EXAMPLES['SLACK_BOT_TOKEN']}.")
        if not self.is_sqlite and not self.secret_keys:
            raise WrongSettings(
                "GATEHOUSE_SECRET_KEY is missing; with PostgreSQL every replica needs the same one, "
                f"for example {EXAMPLES['GATEHOUSE_SECRET_KEY']}."
            )
        return self


def load(**overrides: Any) -> Settings:
    """Return the settings of the environment and `.env`; ``overrides`` are by variable name and win.

    Raises:
        WrongSettings: the variable's name, what is wrong with it and an example.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise WrongSettings(_sentence(error)) from None
    except UnicodeDecodeError:
        raise WrongSettings("The file .env is not UTF-8 text: save it as UTF-8.") from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    variable = str(first["loc"][0]) if first["loc"] else "A setting"
    reason = str(first.get("ctx", {}).get("error") or first["msg"].replace("Input should be", "should be"))
    example = EXAMPLES.get(variable, "24h" if "AFTER" in variable or "TICK" in variable else "true or false")
    return f"{variable} {reason.rstrip('.')}; an example is {example}."
