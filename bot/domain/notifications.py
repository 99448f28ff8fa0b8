"""Notifications: each is one message that Slack should show, wherever it is and whatever it shows now (SPEC 5, 6)."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """Who a notification is for and what it says."""

    REQUEST = "request"
    """To approvers: somebody asks; with buttons while it waits."""
    WAITING = "waiting"
    """To the requester: it waits; with Withdraw while it does."""
    OUTCOME = "outcome"
    """To the requester and the client's admins: what became of it."""
    TROUBLE = "trouble"
    """To the requester: nobody who could decide can be reached."""


class State(StrEnum):
    """Where a notification stands (INTERFACE 5)."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class DestinationType(StrEnum):
    CHANNEL = "channel"
    USER = "user"


class Notification(BaseModel):
    """A claimed notification: whoever holds it has until its lease ends.

    ``attempts`` is the fencing token: only the newest claim may say how it went.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    contract_id: str
    kind: Kind
    destination_type: DestinationType
    destination: str
    state: State
    wanted: int
    shown: int
    attempts: int
    posting_since: datetime | None
    unsure: bool
    """Whether an earlier attempt to post it ended without an answer: it may be there already."""
    channel: str | None
    ts: str | None
    last_error: str
    due_at: datetime | None
