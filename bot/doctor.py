"""``gatehouse doctor``: looks at everything an installation needs and says what to do where something is missing."""

import asyncio
import stat
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bot.bootstrap import rules_of
from bot.endings import SlackRefused
from bot.errors import GatehouseError, Unavailable
from bot.manifest import SCOPES
from bot.settings import Settings
from bot.slack import Slack
from bot.store import schema
from bot.store.engine import Store, open_store

SKEW = 60.0
"""Seconds a clock may be off before it is worth a word; at 300 Slack's requests are refused (RELIABILITY B13)."""
SAMPLES = ("xoxb-123-456-abc", "xapp-1-a012-345-abc", "8f742231b10e8888abcd99", "changeme", "example", "secret")
"""Beginnings of values that were copied from an example and protect nothing."""


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(BaseModel):
    """One line of the report; ``says`` also tells what to do, unless all is well."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    check: str
    says: str


def _ok(check: str, says: str) -> Finding:
    return Finding(verdict=Verdict.OK, check=check, says=says)


def _warn(check: str, says: str) -> Finding:
    return Finding(verdict=Verdict.WARN, check=check, says=says)


def _fail(check: str, says: str) -> Finding:
    return Finding(verdict=Verdict.FAIL, check=check, says=says)


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield the findings as they are made."""
    yield _settings(settings)
    for finding in _secrets(settings):
        yield finding
    for path in _readable_by_all(settings):
        yield _warn("files", f"{path} can be read by every user of this machine: run chmod 600 {path}.")
    async for finding in _slack(settings):
        yield finding
    for finding in await asyncio.to_thread(lambda: list(_database(settings))):
        yield finding


def _settings(settings: Settings) -> Finding:
    try:
        return _ok("settings", f"complete, {settings.for_serving().mode} mode")
    except GatehouseError as error:
        return _fail("settings", str(error))


def _secrets(settings: Settings) -> list[Finding]:
    named = {
        "SLACK_BOT_TOKEN": [settings.bot_token],
        "SLACK_APP_TOKEN": [settings.app_token],
        "SLACK_SIGNING_SECRET": settings.signing_secrets,
        "GATEHOUSE_SECRET_KEY": settings.secret_keys,
        "GATEHOUSE_AUTHORIZE_TOKEN": [settings.authorize_token],
    }
    wrong = [name for name, values in named.items() if any(value.lower().startswith(SAMPLES) for value in values)]
    return [_fail("secrets", f"{name} is the value of an example: put your own there.") for name in wrong]


def _readable_by_all(settings: Settings) -> list[Path]:
    paths = [Path(".env"), *([settings.sqlite_path] if settings.is_sqlite else [])]
    return [path for path in paths if path.exists() and path.stat().st_mode & stat.S_IROTH]


async def _slack(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.bot_token:
        yield _fail("token", "SLACK_BOT_TOKEN is not set: copy the Bot User OAuth Token of the app.")
        return
    slack = Slack(settings.bot_token, settings.api_url)
    try:
        found = await slack.auth_test()
    except SlackRefused as error:
        yield _fail("token", f"Slack refuses SLACK_BOT_TOKEN ({error.code}): install the app again and copy its token.")
        return
    except Unavailable as error:
        reason = getattr(error, "reason", type(error).__name__)
        yield _fail("Slack", f"{settings.api_url} does not answer ({reason}): check the network and SLACK_API_URL.")
        return
    finally:
        await slack.close()
    yield _ok("token", f"belongs to {found.get('user')} in {found.get('team')} ({found.get('team_id')})")
    yield _scopes(str(found.get("scopes") or ""))
    yield _clock(str(found.get("date") or ""))


def _scopes(granted: str) -> Finding:
    if not granted:
        return _warn("scopes", "Slack doesn't say which scopes the token has: compare them with manifest.yml.")
    missing = sorted(set(SCOPES) - {scope.strip() for scope in granted.split(",")})
    if missing:
        return _fail("scopes", f"missing: {', '.join(missing)}. Update the app from manifest.yml and install it again.")
    return _ok("scopes", "all that this version needs")


def _clock(date: str) -> Finding:
    try:
        off = time.time() - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return _warn("clock", "Slack's answer carries no time to compare this machine's clock with.")
    if abs(off) > SKEW:
        return _fail("clock", f"this machine is {off:+.0f} s off: set it by NTP, or Slack's requests are refused.")
    return _ok("clock", f"{off:+.0f} s from Slack's")


def _database(settings: Settings) -> list[Finding]:
    if settings.is_sqlite and not settings.sqlite_path.exists():
        return [_warn("database", f"{settings.sqlite_path} does not exist yet: the first start makes it.")]
    try:
        store = open_store(settings.database_url, patient=True)
    except GatehouseError as error:
        return [_fail("database", str(error))]
    try:
        return _inside(store, settings)
    except Exception as error:  # noqa: BLE001 - whatever the driver says is what has to be told
        reason = str(error).strip().splitlines()[0]
        return [_fail("database", f"can't be read ({reason}): check GATEHOUSE_DATABASE_URL.")]
    finally:
        store.close()


def _inside(store: Store, settings: Settings) -> list[Finding]:
    found, needed = schema.current(store.engine), schema.newest()
    if found != needed:
        return [_fail("database", f"its schema is {found or 'empty'}, not {needed}: run gatehouse db upgrade.")]
    team = store.read.run(lambda unit: unit.people.team())
    findings = [_ok("database", f"revision {found}, {f'bound to {team}' if team else 'not bound to a workspace yet'}")]
    waiting = store.read.run(lambda unit: unit.people.emails_without_account(100))
    if waiting:
        names = ", ".join(waiting[:3])
        findings.append(
            _warn("members", f"no Slack account is known yet for {names}: they count from their first use.")
        )
    if not rules_of(settings).admins:
        findings.append(
            _warn("admins", "GATEHOUSE_ADMINS is empty: nobody can help where an organization has no owner.")
        )
    return findings
