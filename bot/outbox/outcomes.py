"""What an attempt came to, and what follows from it: one table, so that nothing is decided twice (SPEC 6, delivery)."""

import random
from datetime import timedelta
from enum import Enum

PERMANENT = frozenset(
    {
        "account_inactive",
        "cannot_dm_bot",
        "channel_is_limited_access",
        "channel_not_found",
        "ekm_access_denied",
        "is_archived",
        "messages_tab_disabled",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "thread_not_found",
        "user_disabled",
        "user_not_found",
        "users_not_found",
    }
)
"""Errors of chat.postMessage after which this destination never works (docs.slack.dev/reference/methods)."""
TOKEN = frozenset(
    {
        "accesslimited",
        "app_uninstalled",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""Errors that are the token's: no destination is at fault, so nothing is given up (RELIABILITY F9)."""
TOO_MUCH = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "too_many_attachments"}
)
"""Errors of what the message looks like: a plain text still gets through (RELIABILITY F10)."""
GONE = frozenset({"cant_update_message", "edit_window_closed", "is_inactive", "message_not_found", "block_mismatch"})
"""Errors of chat.update after which this copy can't be changed any more (RELIABILITY F6)."""

CLOSED = PERMANENT | {"is_inactive"}
"""Errors of chat.update that are the conversation's: nobody can press a button of any message there."""
OURS_PERHAPS = frozenset({"account_inactive"})
"""Errors that may be the token's, too: Slack says so of the account a message is for, and of a bot that was removed
(docs.slack.dev/reference/methods/chat.postMessage)."""

MOST_ATTEMPTS = 8
"""Attempts with an error nobody knows, before a notification is set aside (RELIABILITY G19)."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
TOKEN_PAUSE = timedelta(seconds=60)
LOOK_AFTER = timedelta(seconds=10)
"""How long after an unsure attempt the message is looked for: Slack may still be at it (RELIABILITY C.4)."""


class Refusal(Enum):
    """What a refusal by Slack is about."""

    DESTINATION = "destination"
    TOKEN = "token"
    LOOKS = "looks"
    COPY = "copy"
    OTHER = "other"


def about(code: str, *, updating: bool) -> Refusal:
    """Return what an error of chat.postMessage, or of chat.update, is about."""
    if updating and code in GONE:
        return Refusal.COPY
    if code in TOKEN:
        return Refusal.TOKEN
    if code in TOO_MUCH:
        return Refusal.LOOKS
    if code in PERMANENT:
        return Refusal.COPY if updating else Refusal.DESTINATION
    return Refusal.OTHER


def pause(attempts: int, chance: float | None = None) -> timedelta:
    """Return how long to wait after this many attempts: doubled each time, with jitter, at most five minutes.

    ``chance`` between 0 and 1 stands in for the jitter's dice.
    """
    doublings = min(attempts - 1, 20)  # after days without Slack the power would no longer fit into a number
    longest = min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)
    dice = random.random() if chance is None else chance  # noqa: S311 - jitter, no secret
    return timedelta(seconds=longest * (0.5 + dice / 2))
