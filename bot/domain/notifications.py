"""Notifications: each is one message that Slack should show, wherever it is and whatever it shows now (SPEC 5, 6)."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.domain.contracts import Contract
from bot.domain.reach import Reach


class Kind(StrEnum):
    """Who a notification is for and what it says."""

    REQUEST = "request"
    """To approvers: somebody asks; with buttons while it waits."""
    WAITING = "waiting"
    """To the requester: it waits; with Withdraw while it does."""
    OUTCOME = "outcome"
    """To the requester and the client's admins: what became of it."""
    REMINDER = "reminder"
    """In the thread of a copy: it still waits."""
    DIGEST = "digest"
    """To whoever has many requests waiting: one message a day in place of single reminders."""
    QUESTION = "question"
    """In the thread of each copy: an approver asks for changes."""
    ASKED = "asked"
    """To the requester: the question, with a button to edit the request."""
    ANSWER = "answer"
    """In the thread of each copy: the requester sent the request again."""
    TROUBLE = "trouble"
    """To the requester: how far the request got, where it did not go the usual way."""
    ALERT = "alert"
    """To platform admins: an approval channel that can't be reached."""
    EXTRA = "extra"
    """A message that stands twice: to be deleted, or kept if its other one is gone."""
    BURST = "burst"
    """To a channel where many requests came at once: one card for all of them."""

    @property
    def asks(self) -> bool:
        """Whether somebody is asked for a decision, who must not wait for messages that only tell something."""
        return self in (Kind.REQUEST, Kind.BURST)


class State(StrEnum):
    """Where a notification stands (INTERFACE 5)."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class DestinationType(StrEnum):
    """Whether a message goes to a channel or to a person."""

    CHANNEL = "channel"
    USER = "user"


class Notification(BaseModel):
    """A claimed notification: whoever holds it has until its lease ends.

    ``lease_until`` is the fencing token: only the newest claim may say how it went.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    contract_id: str
    kind: Kind
    number: int = 0
    parent_id: str | None = None
    card_id: str | None = None
    """The burst card that shows it, if it has no message of its own."""
    thread: str | None = None
    """Timestamp of the message in whose thread it stands."""
    thread_channel: str | None = None
    destination_type: DestinationType
    destination: str
    state: State
    wanted: int
    shown: int
    attempts: int
    """Claims since the last success, this one included; those that were nobody's fault are not counted."""
    lease_until: datetime | None = None
    posting_since: datetime | None
    unsure: bool
    """Whether an earlier attempt to post it ended without an answer: it may be there already."""
    channel: str | None
    ts: str | None
    last_error: str
    due_at: datetime | None

    @property
    def takes_turn(self) -> bool:
        """Whether it takes one of its conversation's turns: a post, and each drawing of a burst card."""
        return self.kind is Kind.BURST or (self.ts is None and self.card_id is None)

    @property
    def may_join(self) -> bool:
        """Whether a burst card may stand for it: a request to a channel that was surely not posted yet."""
        asks_channel = self.kind is Kind.REQUEST and self.destination_type is DestinationType.CHANNEL
        return asks_channel and self.ts is None and self.card_id is None and not self.unsure


class Letter(BaseModel):
    """What a notification is drawn from: the contract as it is now; for a digest or a burst card, what waits there."""

    model_config = ConfigDict(frozen=True)

    notification: Notification
    contract: Contract
    waiting: tuple[Contract, ...] = ()
    total: int = 0
    reach: Reach = Reach()

    @property
    def asks(self) -> bool:
        """Whether it still asks something of its readers."""
        return self.total > 0 if self.notification.kind is Kind.BURST else self.contract.is_waiting

    @property
    def is_moot(self) -> bool:
        """Whether there is nothing to say any more: to remind of what was decided, to warn of a channel that works."""
        if self.notification.kind is Kind.ALERT:
            return not self.reach.channel
        return self.notification.kind in _ONLY_WHILE_WAITING and not self.contract.is_waiting


_ONLY_WHILE_WAITING = frozenset({Kind.REMINDER, Kind.DIGEST, Kind.QUESTION})
