"""``gatehouse doctor``: looks at everything an installation needs and says what to do where something is missing."""

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bot import doctor_database, doctor_slack
from bot.errors import GatehouseError
from bot.findings import Finding, Verdict, fail, ok
from bot.settings import Settings
from bot.slack import Slack

__all__ = ["Finding", "Verdict", "examine"]

SAMPLES = ("xoxb-123-456-abc", "xapp-1-a012-345-abc", "8f742231b10e8888abcd99", "changeme", "example", "secret")
"""Beginnings of values that were copied from an example and protect nothing."""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield the findings as they are made."""
    yield _settings(settings)
    for finding in (*_secrets(settings), *_files(settings)):
        yield finding
    found, channels = await asyncio.to_thread(doctor_database.examine, settings)
    for finding in found:
        yield finding
    if not settings.bot_token:
        yield fail("token", "SLACK_BOT_TOKEN is not set: copy the Bot User OAuth Token of the app.")
        return
    slack = Slack(settings.bot_token, settings.api_url)
    try:
        answers = False
        async for finding in doctor_slack.examine(slack, settings):
            answers |= finding.check == "token" and finding.verdict is Verdict.OK
            yield finding
        if answers:
            async for finding in doctor_slack.channels(slack, channels):
                yield finding
    finally:
        await slack.close()


def _settings(settings: Settings) -> Finding:
    try:
        return ok("settings", f"complete, {settings.for_serving().mode} mode")
    except GatehouseError as error:
        return fail("settings", str(error))


def _secrets(settings: Settings) -> list[Finding]:
    named = {
        "SLACK_BOT_TOKEN": [settings.bot_token],
        "SLACK_APP_TOKEN": [settings.app_token],
        "SLACK_SIGNING_SECRET": settings.signing_secrets,
        "GATEHOUSE_SECRET_KEY": settings.secret_keys,
        "GATEHOUSE_AUTHORIZE_TOKEN": [settings.authorize_token],
    }
    wrong = [name for name, values in named.items() if any(value.lower().startswith(SAMPLES) for value in values)]
    return [fail("secrets", f"{name} is the value of an example: put your own there.") for name in wrong]


def _files(settings: Settings) -> Iterator[Finding]:
    """Look at ``.env``, the database, and what lies beside it: its log and lock files, backups, keys."""
    database = settings.sqlite_path if settings.is_sqlite else None
    beside = sorted(database.parent.glob(f"{database.name}*")) if database else []
    open_to_all = [path for path in (Path(".env"), *beside) if path.exists() and path.stat().st_mode & stat.S_IROTH]
    for path in open_to_all:
        yield fail("files", f"{path} can be read by every user of this machine: run chmod 600 {path}.")
