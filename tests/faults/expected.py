"""A small model of SPEC 2, 4, 5, 6 and 8: what must be true after whatever people, catalogs and the clock do.

Nothing here is taken from the bot. A method does what SPEC says about one step, and returns whether it was allowed.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.faults.rights import Rights

WAITING, ACTIVE = "AwaitingApproval", "Active"
REMIND, ESCALATE, EXPIRE = timedelta(hours=24), timedelta(hours=72), timedelta(days=14)
"""INTERFACE 2."""
LONGEST_GAP, CLAIM, DRAFT = timedelta(days=7), timedelta(hours=4), timedelta(hours=24)
ROOT = "U0ROOT"


@dataclass
class Api:
    """An API version; ``offers`` says for each plan whether it asks for approval."""

    organization: str
    name: str
    offers: dict[str, bool]
    channel: bool
    """Whether its organization has an approval channel."""
    terms: bool = False
    status: str = "Published"
    visibility: str = "everyone"


@dataclass
class Client:
    """A client with its one version."""

    organization: str
    name: str
    description: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it unique: upper and lower case alike (SPEC 1)."""
        return self.organization, self.name.lower()


@dataclass
class Request:
    """A contract, from the moment it is asked for."""

    client: Client
    api: Api
    plan: str
    requester: str
    reason: str
    status: str
    waited: bool
    """Whether it ever waited: else nobody was asked."""
    decided_by: str | None = None
    remind_at: datetime | None = None
    escalate_at: datetime | None = None
    expires_at: datetime | None = None
    reminders: int = 0
    escalation: int = 0
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    question: str = ""
    words: int = 0
    """Turns of the talk between approver and requester."""
    asked: set[str] = field(default_factory=set)
    """Where a message with the buttons stands: a person, or ``channel``."""
    told: set[str] = field(default_factory=set)
    """Who was told what became of it."""
    unreachable: bool = False
    id: str = ""

    @property
    def is_live(self) -> bool:
        return self.status in (WAITING, ACTIVE)


@dataclass
class Window:
    """A summary that somebody left open: its entries, who may still confirm it, and what it became."""

    user: str
    client: Client
    is_new: bool
    api: Api | None
    plan: str
    reason: str
    kept_at: datetime
    gone: bool = False
    done: bool = False


class Expected:
    """What must be stored and who may do what."""

    def __init__(self, catalog: str, apis: list[Api]) -> None:
        self.rights = Rights(catalog, [ROOT])
        self.apis = apis
        self.clients: dict[tuple[str, str], Client] = {}
        self.requests: list[Request] = []
        self.windows: list[Window] = []
        self.members: dict[tuple[str, str], list[str]] = {}
        self.closed: set[tuple[str, str]] = set()
        """Organization and plan that can't be signed up for now."""

    # -- who may ------------------------------------------------------------------------------------------------

    def may(self, user: str, permission: str, organization: str) -> bool:
        return self.rights.may(user, permission, organization)

    def sees(self, user: str, api: Api) -> bool:
        """Return whether somebody may see an API (SPEC 3.2); a version that was never published is no business here."""
        return api.visibility == "everyone" or self.may(user, "apiView", api.organization)

    def may_decide(self, user: str, request: Request) -> bool:
        """Return whether somebody may decide, claim or ask: never about their own request (SPEC 5.3)."""
        waits = request.status == WAITING and request.requester != user
        return waits and self.may(user, "planAdmin", request.api.organization)

    def queue(self, user: str) -> list[Request]:
        """Return what waits for somebody, their own requests included (SPEC 5.8)."""
        return [
            one for one in self.requests if one.status == WAITING and self.may(user, "planAdmin", one.api.organization)
        ]

    def visible_clients(self, user: str) -> set[tuple[str, str]]:
        """Return the clients somebody may see."""
        return {key for key in self.clients if self.may(user, "clientView", key[0])}

    # -- creating and signing up ---------------------------------------------------------------------------------

    def create(self, user: str, client: Client) -> bool:
        """Create a client (SPEC 2.6)."""
        allowed = client.key not in self.clients and self.may(user, "clientEdit", client.organization)
        if allowed:
            self.clients[client.key] = client
        return allowed

    def is_offered(self, user: str, api: Api, plan: str) -> bool:
        """Return whether somebody can sign up for a plan now (SPEC 4.4)."""
        is_open = api.status == "Published" and plan in api.offers and (api.organization, plan) not in self.closed
        return is_open and self.sees(user, api)

    def waits(self, user: str, api: Api, plan: str) -> bool:
        """Return whether a request would wait: not that of whoever could approve it (SPEC 4.5)."""
        return api.offers[plan] and not self.may(user, "planAdmin", api.organization)

    def is_live(self, client: Client, api: Api) -> bool:
        """Return whether a live contract joins the two, whatever the plan."""
        return any(one.client.key == client.key and one.api is api and one.is_live for one in self.requests)

    def could_sign_up(self, window: Window) -> bool:
        """Return whether all of SPEC 4.4 holds for what a window would sign up."""
        api, client = window.api, window.client
        assert api is not None
        if not self.is_offered(window.user, api, window.plan) or not self.may(
            window.user, "clientEdit", client.organization
        ):
            return False
        fits = client.key not in self.clients if window.is_new else not self.is_live(client, api)
        return fits and (bool(window.reason) or not self.waits(window.user, api, window.plan))

    def confirm(self, window: Window, now: datetime) -> bool:
        """Confirm a summary: once, however often it is confirmed."""
        if window.gone or window.done:
            return False
        if window.api is None:
            window.done = self.create(window.user, window.client)
        elif self.could_sign_up(window):
            self._sign_up(window, window.api, now)
            window.done = True
        return window.done

    def _sign_up(self, window: Window, api: Api, now: datetime) -> None:
        client = self.clients.setdefault(window.client.key, window.client)
        waits = self.waits(window.user, api, window.plan)
        status = WAITING if waits else ACTIVE
        request = Request(client, api, window.plan, window.user, window.reason, status, waits)
        self.requests.append(request)
        if waits:
            self._schedule(request, now)
            self._ask_approvers(request)
        else:
            request.told = {window.user}

    def _schedule(self, request: Request, now: datetime) -> None:
        request.remind_at, request.escalate_at, request.expires_at = now + REMIND, now + ESCALATE, now + EXPIRE
        request.reminders = request.escalation = 0

    def _ask_approvers(self, request: Request) -> None:
        """Tell the channel, or everybody who may decide; without anybody, the platform admins (SPEC 5.1)."""
        approvers = self._holders(request.api.organization, "planAdmin") - {request.requester}
        request.asked = {"channel"} if request.api.channel else set(approvers)
        if not approvers:
            request.unreachable = True
            request.asked |= {ROOT} - {request.requester}

    def _holders(self, organization: str, permission: str) -> set[str]:
        return self.rights.holders(organization, permission)

    # -- deciding ------------------------------------------------------------------------------------------------

    def decide(self, user: str, request: Request, status: str) -> bool:
        """Approve or reject."""
        allowed = self.may_decide(user, request)
        if allowed:
            self._settle(request, status, user)
        return allowed

    def withdraw(self, user: str, request: Request) -> bool:
        """Take one's own request back."""
        allowed = request.status == WAITING and request.requester == user
        if allowed:
            self._settle(request, "Withdrawn", user)
        return allowed

    def _settle(self, request: Request, status: str, by: str | None) -> None:
        request.status, request.decided_by = status, by
        request.told = {request.requester} | self._holders(request.client.organization, "clientAdmin")

    def claim(self, user: str, request: Request, now: datetime) -> bool:
        """Say that one looks at it (SPEC 5.9)."""
        allowed = self.may_decide(user, request)
        if allowed:
            request.claimed_by, request.claimed_until = user, now + CLAIM
        return allowed

    def ask(self, user: str, request: Request, question: str) -> bool:
        """Ask for changes: the reminders stop until they are answered (SPEC 5.10)."""
        allowed = self.may_decide(user, request)
        if allowed:
            request.question, request.words = question, request.words + 1
            request.remind_at = request.escalate_at = None
        return allowed

    def answer(self, user: str, request: Request, plan: str, reason: str, now: datetime) -> bool:
        """Send the same request again; under a plan without approval it is a contract at once (SPEC 5.10, 4.5)."""
        allowed = request.status == WAITING and request.requester == user and self.is_offered(user, request.api, plan)
        if not allowed or not self.may(user, "clientEdit", request.client.organization):
            return False
        request.plan, request.reason, request.question = plan, reason, ""
        request.words += 1
        self._schedule(request, now)
        if not request.api.offers[plan]:
            self._settle(request, ACTIVE, user)
        return True

    # -- the clock -----------------------------------------------------------------------------------------------

    def tick(self, now: datetime) -> None:
        """Do what is due, job by job (SPEC 6)."""
        for request in self._due("remind_at", now):
            self._remind(request, now)
        for request in self._due("escalate_at", now):
            self._escalate(request, now)
        for request in self._due("expires_at", now):
            self._settle(request, "Expired", None)
        for window in self.windows:
            window.gone |= window.kept_at < now - DRAFT

    def _due(self, column: str, now: datetime) -> list[Request]:
        waiting = [one for one in self.requests if one.status == WAITING]
        return [one for one in waiting if (at := getattr(one, column)) is not None and at <= now]

    def _remind(self, request: Request, now: datetime) -> None:
        if request.claimed_until and request.claimed_until > now:
            request.remind_at = request.claimed_until
            return
        request.reminders += 1
        request.remind_at = now + min(REMIND * 2**request.reminders, LONGEST_GAP)

    def _escalate(self, request: Request, now: datetime) -> None:
        """Ask the owners, then the platform admins; a level where nobody is new is passed over (SPEC 6)."""
        for level in range(request.escalation + 1, 3):
            people = self.rights.with_role(request.api.organization, "Owner") if level == 1 else {ROOT}
            fresh = people - {request.requester} - request.asked
            if fresh:
                request.asked |= fresh
                request.escalation = level
                request.escalate_at = now + ESCALATE if level == 1 else None
                return
        request.escalate_at = None

    # -- what follows --------------------------------------------------------------------------------------------

    def client_status(self, client: Client) -> str:
        """Return the status of a client's version (SPEC 4.6); no gateway is configured."""
        statuses = {one.status for one in self.requests if one.client.key == client.key}
        return WAITING if WAITING in statuses else "Registered" if ACTIVE in statuses else "Created"
