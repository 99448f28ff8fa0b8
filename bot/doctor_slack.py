"""The doctor's look at Slack: the token, its scopes, the clock, and the channels that approvals go to."""

import time
from collections.abc import AsyncIterator, Iterator
from email.utils import parsedate_to_datetime

from bot.endings import SlackRefused, SlackUnreachable
from bot.errors import Unavailable
from bot.findings import Finding, fail, ok, warn
from bot.manifest import SCOPES
from bot.settings import Settings
from bot.slack import Slack
from bot.store.health import ApprovalChannel

SKEW = 60.0
"""Seconds a clock may be off before it is worth a word; at 300 Slack's requests are refused (RELIABILITY B13)."""
LOOKING = ("channels:history", "groups:history", "im:history")
"""Optional scopes: with them an unanswered message is looked for before it is sent again (docs/approvals.md)."""
SHARED = ("is_ext_shared", "is_pending_ext_shared", "is_org_shared")
"""Marks of a channel that people of other companies or workspaces read (RELIABILITY B3)."""


async def examine(slack: Slack, settings: Settings, bound: str) -> AsyncIterator[Finding]:
    """Yield findings about the token; ``ok`` for it means that Slack can be asked further things.

    Args:
        slack: with the token.
        settings: of the installation.
        bound: the workspace that the database belongs to; empty if it belongs to none yet.
    """
    try:
        found = await slack.auth_test()
    except SlackRefused as error:
        yield fail("token", f"Slack refuses SLACK_BOT_TOKEN ({error.code}): install the app again and copy its token.")
        return
    except Unavailable as error:
        yield fail("Slack", f"{settings.api_url} does not answer ({_why(error)}): check the network and SLACK_API_URL.")
        return
    yield ok("token", f"belongs to {found.get('user')} in {found.get('team')} ({found.get('team_id')})")
    if bound and bound != Slack.home_of(found):
        yield fail(
            "workspace",
            f"the token belongs to {Slack.home_of(found)}, but the database to {bound}: use the token of that "
            "workspace, or another GATEHOUSE_DATABASE_URL.",
        )
    for finding in scopes(str(found.get("scopes") or "")):
        yield finding
    yield clock(str(found.get("date") or ""))


def _why(error: Unavailable) -> str:
    if isinstance(error, SlackUnreachable):
        return "no connection"
    reason = getattr(error, "reason", "")
    return "not in time" if "Timeout" in reason else reason or "for now"


def scopes(granted: str) -> Iterator[Finding]:
    """Yield what the token may not do, out of what is needed and what is optional."""
    if not granted:
        yield warn("scopes", "Slack doesn't say which scopes the token has: compare them with manifest.yml.")
        return
    has = {scope.strip() for scope in granted.split(",")}
    if missing := sorted(set(SCOPES) - has):
        yield fail("scopes", f"missing: {', '.join(missing)}. Update the app from manifest.yml and install it again.")
    else:
        yield ok("scopes", "all that this version needs")
    if without := [scope for scope in LOOKING if scope not in has]:
        yield warn(
            "scopes",
            f"optional: without {', '.join(without)} a message whose answer was lost may be sent twice; add them to "
            "the app to have it looked for first.",
        )


def clock(date: str) -> Finding:
    """Compare this machine's clock with the date of Slack's answer."""
    try:
        off = time.time() - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return warn("clock", "Slack's answer carries no time to compare this clock with: see that NTP sets it.")
    if abs(off) > SKEW:
        return fail("clock", f"this machine is {off:+.0f} s off: set it by NTP, or Slack's requests are refused.")
    return ok("clock", f"{off:+.0f} s from Slack's")


async def channels(slack: Slack, wanted: list[ApprovalChannel]) -> AsyncIterator[Finding]:
    """Yield a finding for each approval channel that requests can't or should not go to, or that all are fine."""
    wrong = 0
    for one in wanted:
        finding = await _channel(slack, one)
        if finding:
            wrong += 1
            yield finding
    if wanted and not wrong:
        yield ok("channels", f"{len(wanted):,} for approvals, and the bot is in each")


async def _channel(slack: Slack, one: ApprovalChannel) -> Finding | None:
    where = f"{one.channel} of {one.organization}"
    try:
        info = await slack.conversation_info(one.channel)
    except SlackRefused as error:
        if error.code == "missing_scope":
            needed = error.needed or "channels:read, groups:read"
            return warn("channels", f"{where} can't be looked at without the scope {needed}: add it to the app.")
        return fail("channels", f"{where} can't be found ({error.code}): check the id, and /invite the bot there.")
    except Unavailable:
        return warn("channels", f"{where} can't be looked at: Slack does not answer.")
    if info.get("is_archived"):
        return fail("channels", f"{where} is archived: name another approval_channel in the catalog file.")
    if any(info.get(mark) for mark in SHARED):
        return fail(
            "channels", f"{where} is shared with others, who read what is asked for: name a channel of your own."
        )
    if info.get("is_member") is False:
        return fail("channels", f"the bot is not in {where}: /invite it there.")
    return None
