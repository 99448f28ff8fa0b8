"""``gatehouse doctor``: looks at everything an installation needs and says what to do where something is missing."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from bot import doctor_database, doctor_slack, exposure
from bot.errors import GatehouseError
from bot.findings import Finding, Verdict, fail, ok
from bot.settings import Settings
from bot.slack import Slack

__all__ = ["Finding", "Verdict", "examine"]
MODES = {"http": "HTTP mode", "socket": "Socket Mode"}


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield the findings as they are made."""
    yield _settings(settings)
    for finding in _protection(settings):
        yield finding
    looked = await asyncio.to_thread(doctor_database.examine, settings)
    for finding in looked.findings:
        yield finding
    if not settings.bot_token:
        yield fail("token", "SLACK_BOT_TOKEN is not set: copy the Bot User OAuth Token of the app.")
        return
    slack = Slack(settings.bot_token, settings.api_url)
    try:
        answers = False
        async for finding in doctor_slack.examine(slack, settings, looked.team):
            answers |= finding.check == "token" and finding.verdict is Verdict.OK
            yield finding
        if answers:
            async for finding in doctor_slack.channels(slack, looked.channels):
                yield finding
    finally:
        await slack.close()


def _settings(settings: Settings) -> Finding:
    try:
        return ok("settings", f"complete, {MODES[settings.for_serving().mode]}")
    except GatehouseError as error:
        return fail("settings", str(error))


def _protection(settings: Settings) -> Iterator[Finding]:
    """Look at the secrets, at ``.env``, and at the database with what lies beside it: log and lock files, backups."""
    yield from (fail("secrets", says) for says in exposure.copied_secrets(settings))
    yield from (fail("files", says) for says in exposure.open_files(exposure.files_beside(settings)))
