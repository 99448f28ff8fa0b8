"""What must hold of a bot that was sent a spoiled payload, whatever is in it: its answer, its writes, its words.

Who may do what comes from the catalog's text and SPEC 8 (tests/faults/rights.py), who acted from the payload as it was
sent. Each function returns breaches in words; none: all is well.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from bot.edge import MOST_BYTES
from bot.sandbox.delivery import Kind
from bot.sandbox.records import Json
from bot.sandbox.surfaces import problems_of_blocks, problems_of_suggestions, problems_of_view
from tests.faults.furnished import ADMIN, CATALOG
from tests.faults.rewind import Change, Changes, Row
from tests.faults.rights import Rights
from tests.faults.short_wire import Answered

TEAM = "T0GATEHOUSE"
SLOWEST = 3.0
"""Seconds Slack waits (RELIABILITY I9)."""
NO_MEMBERS = frozenset({"U0GUS", "U0DAN", "U0SAM", "U0OLGA", "U0NOBODY"})
"""A guest, a deactivated account, people of other workspaces, and nobody."""
SHELTERED = {
    ("Hidden Valley", "Sealed Vault", "Vault Keeper"): frozenset({"U0ADA", ADMIN}),
    ("Foreign Works", "Faraway", "Gone Asker"): frozenset[str](),
    ("Till 0", "Till 1"): frozenset({"U0BOB", "U0EVE", ADMIN}),
    ("Asker 2", "Asker 3"): frozenset({"U0BOB", "U0EVE", "U0ADA", "U0PAT", ADMIN}),
}
"""Names that only some people may ever read."""
NEVER = ("workspace", "plans", "plan_versions", "apis", "api_versions", "offers")
"""Tables that nobody changes from Slack."""
_ASKS = {"ApproveContract", "RejectContract", "ClaimContract", "AskForChanges"}
_OWN = {"WithdrawContract", "ChangeRequest"}


@dataclass(frozen=True)
class Attempt:
    """A spoiled payload as it went out, and what came back."""

    wire: Kind
    payload: Any
    body: bytes
    answered: Answered

    @property
    def user(self) -> str:
        """The user id that the payload names as the one who acts; empty if it names none."""
        if not isinstance(self.payload, dict):
            return ""
        if self.wire == "command":
            return _text(self.payload.get("user_id"))
        if self.wire == "events":
            event = _dict(self.payload.get("event"))
            actor = event.get("user") or event.get("user_id")
            return _text(actor.get("id") if isinstance(actor, dict) else actor)
        return _text(_dict(self.payload.get("user")).get("id"))

    @property
    def teams(self) -> set[str]:
        """The workspaces that the payload names as the one it is from, in any of the places for that."""
        if not isinstance(self.payload, dict):
            return set()
        grants = self.payload.get("authorizations")
        grant = _dict(grants[0]) if isinstance(grants, list) and grants else {}
        given = (_dict(self.payload.get("team")), _dict(self.payload.get("enterprise")))
        named = [one.get("id") for one in given] + [self.payload.get(key) for key in _TEAM_KEYS]
        return {_text(one) for one in [*named, grant.get("team_id"), grant.get("enterprise_id")]} - {""}


_TEAM_KEYS = ("team_id", "context_team_id", "enterprise_id")


def wrong_answer(attempt: Attempt) -> Iterator[str]:
    """Find an answer that Slack would not take, or that came too late."""
    answered = attempt.answered
    if answered.seconds > SLOWEST:
        yield f"answered after {answered.seconds:.1f} s"
    if answered.status != 200:
        if answered.status >= 500 or not _edge_may_refuse(attempt):
            yield f"HTTP {answered.status}"
        elif answered.body:
            yield f"HTTP {answered.status} with a body"
        return
    try:
        said = answered.parsed
    except orjson.JSONDecodeError:
        yield "the answer is no JSON"
        return
    if said is not None:
        yield from _wrong_body(attempt, said)


def _edge_may_refuse(attempt: Attempt) -> bool:
    """Whether the body is one that Slack can't have written: too big, no strict JSON, or of another form."""
    if len(attempt.body) > MOST_BYTES or attempt.payload is None or attempt.wire == "command":
        return True
    kind = attempt.payload.get("type")
    of_events = kind in ("event_callback", "url_verification", "app_rate_limited") if isinstance(kind, str) else False
    return (attempt.wire == "events") != of_events or "command" in attempt.payload


def _wrong_body(attempt: Attempt, said: Any) -> Iterator[str]:
    kind = attempt.payload.get("type") if isinstance(attempt.payload, dict) else None
    if not isinstance(said, dict):
        yield "the answer is no object"
    elif attempt.wire == "command":
        yield from _fresh(problems_of_blocks(said.get("blocks") or []), [])
        if not isinstance(said.get("text"), str) or set(said) - {"response_type", "text", "blocks"}:
            yield f"a command is answered with {sorted(said)}"
    elif kind == "block_suggestion":
        if ("options" in said) == ("option_groups" in said):
            yield "options are answered with neither or both"
        yield from _fresh(problems_of_suggestions(said), [])
    elif kind == "view_submission":
        yield from _wrong_reaction(attempt.payload.get("view"), said)
    else:
        yield f"{kind} is answered with a body"


def _wrong_reaction(view: Any, said: Json) -> Iterator[str]:
    """What was wrong in the submitted view may come back with it, and nothing else may be wrong."""
    action, errors = said.get("response_action"), said.get("errors")
    if action == "update":
        before = {key: value for key, value in _dict(view).items() if key in SENT_AGAIN and value not in (None, "")}
        yield from _fresh(problems_of_view(said.get("view"), "modal"), problems_of_view(before, "modal"))
    elif action == "errors":
        blocks = _dict(view).get("blocks")
        inputs = {one.get("block_id") for one in blocks if _dict(one).get("type") == "input"} if blocks else set()
        if not isinstance(errors, dict) or not errors or not inputs.issuperset(errors):
            yield "errors at no input"
        elif not all(isinstance(text, str) and text for text in errors.values()):
            yield "an error without words"
    elif action != "clear":
        yield f"response_action {action!r}"


SENT_AGAIN = (
    *("type", "title", "submit", "close", "private_metadata", "callback_id", "external_id", "blocks"),
    *("clear_on_close", "notify_on_close"),
)


def _fresh(problems: Iterable[Any], known: Iterable[Any]) -> Iterator[str]:
    before = {(one.rule, one.sentence) for one in known}
    yield from (f"Slack would refuse it: {one}" for one in problems if (one.rule, one.sentence) not in before)


def wrong_words(attempt: Attempt, calls: Iterable[tuple[str, Json]]) -> Iterator[str]:
    """Find names that whoever acted may not read, in the answer and in what was shown to them afterwards.

    What stood in the payload is no secret from whoever sent it.
    """
    shown = [call for method, call in calls if method in _SHOWS]
    said = attempt.answered.body.decode() + json.dumps(shown, ensure_ascii=False)
    sent = json.dumps(attempt.payload, ensure_ascii=False)
    for names, readers in SHELTERED.items():
        if attempt.user not in readers:
            yield from (f"{attempt.user} reads {name!r}" for name in names if name in said and name not in sent)


_SHOWS = ("views.open", "views.update", "views.publish", "chat.postEphemeral", "response_url")


class Ledger:
    """Judges what was written: by the right person, with the right for it, and told in the audit."""

    def __init__(self, base: dict[str, list[Row]], catalog: str = CATALOG) -> None:
        self._base = base
        self._rights = Rights(catalog, [ADMIN])
        self._organizations = {row["id"]: row for row in base["organizations"]}

    def wrong_writes(self, attempt: Attempt, changes: Changes) -> Iterator[str]:
        """Find writes that nobody may make, or not this person."""
        get = changes.get
        mine = self._person_ids(attempt, get("people"))
        yield from (f"{name} changed" for name in NEVER if name in changes)
        yield from self._wrong_audit(attempt, get("audit") or Change(), changes)
        yield from self._wrong_people(attempt, get("people") or Change())
        for name, owner in (("drafts", "person_id"), ("organization_uses", "person_id")):
            strange = [row for row in (get(name) or Change()).rows if row[owner] not in mine]
            yield from (f"{name} of somebody else" for _ in strange)
        yield from self._wrong_contracts(attempt, get("contracts") or Change(), changes, mine)
        yield from self._wrong_clients(attempt, get("clients") or Change(), changes)
        yield from self._wrong_organizations(attempt, changes, mine)

    def _person_ids(self, attempt: Attempt, change: Change | None) -> set[str]:
        rows = [*self._base["people"], *(change.added if change else [])]
        return {row["id"] for row in rows if (row["team"], row["user"]) == (TEAM, attempt.user)}

    def _wrong_audit(self, attempt: Attempt, change: Change, changes: Changes) -> Iterator[str]:
        if change.removed or change.changed:
            yield "audit rows were altered"
        for row in change.added:
            if (row["actor_team"], row["actor_user"]) != (TEAM, attempt.user) or TEAM not in attempt.teams:
                yield f"{row['what']} by {row['actor_team']}/{row['actor_user']}, sent by {attempt.user}"
            if row["actor_kind"] != ("admin" if attempt.user == ADMIN else "person"):
                yield f"{row['what']} as {row['actor_kind']}"
            if attempt.user in NO_MEMBERS:
                yield f"{row['what']} by {attempt.user}, who is no member"
        said = {row["what"] for row in change.added}
        if (_states(changes) and not said) or (said and not _states(changes)):
            yield f"audited {sorted(said)}, changed {_states(changes)}"

    def _wrong_people(self, attempt: Attempt, change: Change) -> Iterator[str]:
        told = attempt.wire == "events"
        moved = [before["id"] for before, after in change.changed if told and after == before | {"email": None}]
        for row in change.rows:
            # An address that Slack now gives to somebody else leaves its former account.
            if (row["team"], row["user"]) != (TEAM, attempt.user) and row["id"] not in moved:
                yield f"the account {row['team']}/{row['user']} changed"

    def _wrong_contracts(self, attempt: Attempt, change: Change, changes: Changes, mine: set[str]) -> Iterator[str]:
        said = {row["what"] for row in changes["audit"].added} if "audit" in changes else set()
        if change.removed:
            yield "a request is gone"
        for row in change.added:
            yield from self._wrong_request(attempt, row, changes, mine)
        for before, after in change.changed:
            owner = self._organizations[after["organization_id"]]
            may_decide = self._may(attempt, "planAdmin", owner)
            own = before["requested_by"] in mine
            if not ((said <= _ASKS and may_decide and not own) or (said <= _OWN | _ASKS | {"Update"} and own)):
                yield f"{sorted(said)} on a request of {owner['name']}"
            if own and not said & _OWN:
                yield f"{sorted(said)} on one's own request"
            if before["status"] != "AwaitingApproval" and before["status"] != after["status"]:
                yield f"{before['status']} became {after['status']}"

    def _wrong_request(self, attempt: Attempt, row: Row, changes: Changes, mine: set[str]) -> Iterator[str]:
        owner = self._organizations[row["organization_id"]]
        if row["requested_by"] not in mine:
            yield "a request in somebody else's name"
        if owner["team"] != TEAM:
            yield f"a request to {owner['team']}"
        hidden = owner["name"] == "Hidden Valley"
        if hidden and not self._may(attempt, "apiView", owner):
            yield f"{attempt.user} signed up for an API they can't see"
        if row["status"] == "Active" and self._asks_first(row) and not self._may(attempt, "planAdmin", owner):
            yield f"{attempt.user} needed no approval"
        client = self._client_of(row["client_version_id"], changes)
        if not self._may_work_in(attempt, client["organization_id"], changes, "clientEdit"):
            yield f"{attempt.user} signed a client of somebody else up"

    def _asks_first(self, row: Row) -> bool:
        asked = ("api_version_id", "plan_version_id")
        offers = [one for one in self._base["offers"] if all(one[key] == row[key] for key in asked)]
        return not offers or bool(offers[0]["requires_approval"])

    def _client_of(self, version_id: str, changes: Changes) -> Row:
        def every(name: str) -> dict[str, Row]:
            added = changes[name].added if name in changes else []
            return {row["id"]: row for row in [*self._base[name], *added]}

        return every("clients")[every("client_versions")[version_id]["client_id"]]

    def _wrong_clients(self, attempt: Attempt, change: Change, changes: Changes) -> Iterator[str]:
        if change.removed:
            yield "a client is gone"
        for row in [*change.added, *(after for _, after in change.changed)]:
            if not self._may_work_in(attempt, row["organization_id"], changes, "clientEdit"):
                yield f"{attempt.user} changed a client of {row['organization_id']}"

    def _wrong_organizations(self, attempt: Attempt, changes: Changes, mine: set[str]) -> Iterator[str]:
        change, members = changes.get("organizations", Change()), changes.get("members", Change())
        made = {row["id"] for row in change.added}
        if change.removed or change.changed or members.removed or members.changed:
            yield "organizations or members changed"
        for row in change.added:
            if row["personal_of"] not in mine or self._rights.holds_somewhere(attempt.user, "clientEdit"):
                yield f"{attempt.user} got an organization"
        yield from ("somebody became a member" for row in members.added if row["organization_id"] not in made)

    def _may_work_in(self, attempt: Attempt, organization_id: str, changes: Changes, permission: str) -> bool:
        made = changes.get("organizations", Change()).added
        if any(row["id"] == organization_id for row in made):
            return True
        return self._may(attempt, permission, self._organizations[organization_id])

    def _may(self, attempt: Attempt, permission: str, organization: Row) -> bool:
        ours = organization["team"] == TEAM and attempt.user not in NO_MEMBERS
        return ours and self._rights.may(attempt.user, permission, organization["name"])


def _states(changes: Changes) -> list[str]:
    """Return which tables changed whose changes belong into the audit."""
    return [name for name in ("organizations", "members", "clients", "contracts") if name in changes]


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
