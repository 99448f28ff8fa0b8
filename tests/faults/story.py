"""A story: what people, catalogs, the clock and a failing Slack can do next, and what must agree after each step.

Hypothesis chooses the steps (hypothesis.readthedocs.io/en/latest/stateful.html); what must be true is worked out in
tests/faults/expected.py.
"""

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.sandbox.faults import Fault
from bot.sandbox.records import Json
from bot.store.audit import broken_rows
from tests.faults.agreement import compare, compare_messages, compare_views
from tests.faults.expected import ROOT, WAITING, Api, Client, Expected, Request, Window
from tests.faults.stage import Stage
from tests.faults.walks import answer_form, create_walk, open_form, sign_up_walk

T = TypeVar("T")
Form = tuple[str, str, Request, str]
"""The button behind which it is, who filled it in, for which request, with which plan."""
CATALOG = """
version: 1
organizations:
  - name: Acme Payments
    approval_channel: C0APPROVALS
    members:
      - {user: U0ADA, roles: [Owner]}
      - {user: U0PAT, roles: [Editor]}
    plans: [{name: Free, version: "1.0"}, {name: Gold, version: "1.0"}]
    apis:
      - name: Payments
        version: "1.0"
        plans: [{plan: Free, version: "1.0"}, {plan: Gold, version: "1.0", requires_approval: true}]
      - name: Ledger
        version: "1.0"
        terms: {url: "https://acme.example/terms", version: "2026-03"}
        plans: [{plan: Gold, version: "1.0", requires_approval: true}]
  - name: Quiet Corner
    members:
      - {user: U0ADA, roles: [Owner]}
      - {user: U0PAT, roles: [Owner]}
    plans: [{name: Only, version: "1.0"}]
    apis: [{name: Whisper, version: "1.0", plans: [{plan: Only, version: "1.0", requires_approval: true}]}]
  - name: Web Shop
    members:
      - {user: U0BOB, roles: [Client Developer]}
      - {user: U0EVE, roles: [Viewer]}
  - name: Side Shop
    members:
      - {user: U0BOB, roles: [Client Developer]}
      - {user: U0ADA, roles: [Client Developer]}
      - {user: U0NEW, roles: [Client Developer]}
"""


def apis() -> list[Api]:
    """Return the APIs of the catalog."""
    return [
        Api("Acme Payments", "Payments", {"Free": False, "Gold": True}, channel=True),
        Api("Acme Payments", "Ledger", {"Gold": True}, channel=True, terms=True),
        Api("Quiet Corner", "Whisper", {"Only": True}, channel=False),
    ]


EVERYBODY = ("U0BOB", "U0ADA", "U0PAT", "U0NEW", "U0EVE", ROOT)
PEOPLE = st.sampled_from(EVERYBODY)
MOSTLY = st.sampled_from([True, True, True, False])
PLANS = st.sampled_from([(0, "Gold"), (0, "Free"), (1, "Gold"), (2, "Only")])
SHOPS = st.sampled_from(["Side Shop", "Web Shop", "Acme Payments"])
NAMES = st.sampled_from(["Till", "Kiosk", "Web shop", "TILL"])
ROLES = st.sampled_from([[], ["Viewer"], ["Owner"], ["Editor"], ["Client Developer"], ["API Developer"]])
MEMBERS = st.sampled_from(["U0BOB", "U0ADA", "U0PAT", "U0NEW", "U0EVE"])
FIRST_ROLES = [
    ("U0ADA", "Acme Payments", ["Owner"]),
    ("U0PAT", "Acme Payments", ["Editor"]),
    ("U0ADA", "Quiet Corner", ["Owner"]),
    ("U0BOB", "Web Shop", ["Client Developer"]),
    ("U0BOB", "Side Shop", ["Client Developer"]),
    ("U0NEW", "Side Shop", ["Client Developer"]),
]
ORGANIZATIONS = st.sampled_from(["Acme Payments", "Quiet Corner", "Web Shop", "Side Shop"])
KINDS = ("500", "empty", "reset_before", "reset_after", "429")
SPOILS = st.sampled_from(KINDS)
WHICH = st.integers(0, 11)
CHANGES = st.sampled_from(
    [
        *("Published", "everyone", "approval", "open") * 2,
        *("Retired", "organization", "no approval", "closed"),
    ]
)
CATALOG_CHANGES = st.tuples(st.integers(0, 2), CHANGES, st.integers(0, 1))
ROLE_CHANGES = st.one_of(st.sampled_from(FIRST_ROLES), st.tuples(MEMBERS, ORGANIZATIONS, ROLES))


class Story(RuleBasedStateMachine):
    """One story; ``on`` is the stage that all of them share."""

    on: ClassVar[Stage]
    loop: ClassVar[asyncio.AbstractEventLoop]
    steps: ClassVar[Counter[str]] = Counter()
    planned: ClassVar[Counter[str]] = Counter()
    fired: ClassVar[Counter[str]] = Counter()
    told: ClassVar[int] = 0
    stumbled: ClassVar[str] = ""
    """Where one broke off last, as Hypothesis does not tell it where the same beginning had gone on before."""

    def __init__(self) -> None:
        super().__init__()
        self.do(self.on.reset())
        self.model = Expected(CATALOG, apis())
        self.kept: list[tuple[Window, Json]] = []
        self.forms: list[tuple[Form, Json]] = []
        self.faults: list[Fault] = []
        self.settlings = 0
        type(self).told += 1

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a piece of the story in the loop of the stage."""
        try:
            return self.loop.run_until_complete(work)
        except Exception:
            type(self).stumbled = traceback.format_exc()
            raise

    def settled(self, step: str, allowed: object) -> None:
        """Wait for quiet after a step, and hold everything against the model."""
        self.steps[f"{step} {'done' if allowed else 'refused'}"] += 1
        self.do(self.on.quiesce())
        compare(self.on, self.model)
        compare_messages(self.on, self.model)
        self.settlings += 1
        self.do(compare_views(self.on, self.model, EVERYBODY[self.settlings % len(EVERYBODY)]))
        self.on.house.clock.forward(seconds=1)  # no two requests are of the same moment: the older one comes first

    @property
    def now(self) -> Any:
        return self.on.house.clock.at

    def pick(self, which: int, label: str) -> Request | None:
        """Return a request that has or had a button: mostly one that waits."""
        there = [one for one in self.model.requests if self.on.knows(one.id, label)]
        waiting = [one for one in there if one.status == WAITING]
        some = waiting if waiting and which % 4 else there
        return some[which % len(some)] if some else None

    def somebody(self, who: str, can: Callable[[str], bool], *, fit: bool) -> str:
        """Return somebody who can do something if they are to be fit for it and there is anybody, else ``who``."""
        able = [user for user in EVERYBODY if can(user)] if fit else []
        return able[EVERYBODY.index(who) % len(able)] if able else who

    def has_requests(self) -> bool:
        return any(one.waited for one in self.model.requests)

    # -- what people do ------------------------------------------------------------------------------------------

    @rule(who=PEOPLE, fit=MOSTLY, shop=SHOPS, name=NAMES, keep=st.booleans())
    def create(self, who: str, fit: bool, shop: str, name: str, keep: bool) -> None:
        """Create a client, or leave the summary open."""
        who = self.somebody(who, lambda user: self.model.may(user, "clientEdit", shop), fit=fit)
        window = Window(who, Client(shop, name), True, None, "", "", self.now)
        free = window.client.key not in self.model.clients
        could = free and self.model.may(who, "clientEdit", shop)
        self._walked(window, could, self.do(create_walk(self.on, window)), keep=keep)

    @initialize(names=st.sets(NAMES, max_size=3))
    def begin(self, names: set[str]) -> None:
        """Let some requests wait from the beginning."""
        for name in sorted(names):
            self._sign_up("U0BOB", (0, "Gold"), Client("Side Shop", name), is_new=True, reason=True, keep=False)

    @rule(who=PEOPLE, fit=MOSTLY, plan=PLANS, shop=SHOPS, name=NAMES, reason=MOSTLY, keep=st.booleans())
    def sign_up(
        self, who: str, fit: bool, plan: tuple[int, str], shop: str, name: str, reason: bool, keep: bool
    ) -> None:
        """Sign a new client up, or leave the summary open."""
        who = self.somebody(who, lambda user: self.model.may(user, "clientEdit", shop), fit=fit)
        self._sign_up(who, plan, Client(shop, name), is_new=True, reason=reason, keep=keep)

    @precondition(lambda self: bool(self.model.clients))
    @rule(who=PEOPLE, fit=MOSTLY, plan=PLANS, which=WHICH, reason=MOSTLY, keep=st.booleans())
    def sign_up_again(self, who: str, fit: bool, plan: tuple[int, str], which: int, reason: bool, keep: bool) -> None:
        """Sign an existing client up, or leave the summary open."""
        clients = list(self.model.clients.values())
        client = clients[which % len(clients)]
        who = self.somebody(who, lambda user: self.model.may(user, "clientEdit", client.organization), fit=fit)
        self._sign_up(who, plan, client, is_new=False, reason=reason, keep=keep)

    def _sign_up(
        self, who: str, plan: tuple[int, str], client: Client, *, is_new: bool, reason: bool, keep: bool
    ) -> None:
        api = self.model.apis[plan[0]]
        window = Window(who, client, is_new, api, plan[1], "We sell things." if reason else "", self.now)
        could = self.model.could_sign_up(window)
        self._walked(window, could, self.do(sign_up_walk(self.on, window)), keep=keep)

    def _walked(self, window: Window, could: bool, came: bool, *, keep: bool) -> None:
        what = "create" if window.api is None else "sign up"
        assert came == could, f"{window.user} {'came' if came else 'did not come'} to the summary: {what}"
        if came and keep:
            self.kept.append((window, self.on.submission(window.user)))
            self.model.windows.append(window)
        elif came:
            self.do(self.on.person(window.user).submit())
            self.on.leave(window.user)
            assert self.model.confirm(window, self.now)
        self.settled("kept a window" if came and keep else what, came)

    @precondition(lambda self: bool(self.kept))
    @rule(which=WHICH)
    def confirm(self, which: int) -> None:
        """Confirm a summary that was left open, perhaps once more, whatever has changed meanwhile."""
        window, payload = self.kept[which % len(self.kept)]
        self.do(self.on.send(window.user, payload))
        self.settled("confirm", self.model.confirm(window, self.now))

    @precondition(has_requests)
    @rule(who=PEOPLE, fit=MOSTLY, which=WHICH, label=st.sampled_from(["Approve", "Approve", "Claim", "Withdraw"]))
    def press(self, who: str, fit: bool, which: int, label: str) -> None:
        """Press a button that does something at once; anybody may try, also when it is gone."""
        request = self.pick(which, label)
        if request is None:
            return
        self._press(self._fit(who, request, label, fit=fit), request, label)

    @precondition(has_requests)
    @rule(which=WHICH, label=st.sampled_from(["Approve", "Claim"]))
    def press_on_ones_own(self, which: int, label: str) -> None:
        """Give the right to decide to whoever asks: it is not for their own request."""
        request = self.pick(which, label)
        if request is None:
            return
        self._give_roles(request.requester, request.api.organization, ["Owner"])
        self._press(request.requester, request, label)

    def _press(self, who: str, request: Request, label: str) -> None:
        self.on.house.workspace.ephemerals.clear()
        self.do(self.on.press(who, request.id, label))
        if label == "Approve":
            allowed = self.model.decide(who, request, "Active")
        elif label == "Claim":
            allowed = self.model.claim(who, request, self.now)
        else:
            allowed = self.model.withdraw(who, request)
        assert allowed or self.on.was_told(who), f"{who} pressed {label} and heard nothing"
        self.settled(label.lower(), allowed)

    def _fit(self, who: str, request: Request, label: str, *, fit: bool) -> str:
        if label in ("Withdraw", "Edit request"):
            return self.somebody(who, lambda user: user == request.requester, fit=fit)
        return self.somebody(who, lambda user: self.model.may_decide(user, request), fit=fit)

    @precondition(has_requests)
    @rule(who=PEOPLE, fit=MOSTLY, which=WHICH, label=st.sampled_from(["Ask for changes", "Reject"]), keep=st.booleans())
    def fill_form(self, who: str, fit: bool, which: int, label: str, keep: bool) -> None:
        """Reject or ask for changes, or leave the form open."""
        request = self.pick(which, label)
        if request is None:
            return
        who = self._fit(who, request, label, fit=fit)
        opens = request.status == WAITING and self.model.may(who, "planAdmin", request.api.organization)
        assert self.do(open_form(self.on, who, request, label)) == opens, f"the form {label} for {who}"
        if opens:
            self.do(self.on.person(who).fill("Reason" if label == "Reject" else "Question", "Not yet."))
        self._filled((label, who, request, ""), opens, keep=keep)

    @precondition(has_requests)
    @rule(who=PEOPLE, fit=MOSTLY, which=WHICH, plan=st.sampled_from(["Gold", "Free", "Only"]), keep=st.booleans())
    def answer(self, who: str, fit: bool, which: int, plan: str, keep: bool) -> None:
        """Change a request as asked for, or leave the form open; anybody may try."""
        request = self.pick(which, "Edit request")
        if request is None or plan not in request.api.offers:
            return
        who = self._fit(who, request, "Edit request", fit=fit)
        opens = request.status == WAITING and request.requester == who
        assert self.do(open_form(self.on, who, request, "Edit request")) == opens, f"Edit request for {who}"
        can = opens and self.do(answer_form(self.on, who, plan, request.api, "It is urgent."))
        assert can == (opens and (request.api.organization, plan) not in self.model.closed)
        self._filled(("Edit request", who, request, plan), can, keep=keep)

    def _filled(self, form: Form, is_open: bool, *, keep: bool) -> None:
        label, who, _, _ = form
        if is_open and keep:
            self.forms.append((form, self.on.submission(who)))
        elif is_open:
            self.do(self.on.person(who).submit())
        self.on.leave(who)
        self.settled("kept a form" if is_open and keep else label.lower(), is_open and (keep or self._decided(form)))

    @precondition(lambda self: bool(self.forms))
    @rule(which=WHICH)
    def submit_form(self, which: int) -> None:
        """Submit a form that was left open."""
        form, payload = self.forms[which % len(self.forms)]
        self.do(self.on.send(form[1], payload))
        self.settled("submit a form", self._decided(form))

    def _decided(self, form: Form) -> bool:
        label, who, request, plan = form
        if label == "Reject":
            return self.model.decide(who, request, "Rejected")
        if label == "Ask for changes":
            return self.model.ask(who, request, "Not yet.")
        return self.model.answer(who, request, plan, "It is urgent.", self.now)

    # -- what happens around them ----------------------------------------------------------------------------------

    @rule(change=st.one_of(CATALOG_CHANGES, ROLE_CHANGES))
    def change(self, change: tuple[Any, ...]) -> None:
        """Change the catalog, or what somebody may do."""
        if isinstance(change[0], int):
            self._change_catalog(*change)
        else:
            self._give_roles(*change)

    def _give_roles(self, who: str, where: str, roles: list[str]) -> None:
        member = f"{{user: {who}, roles: [{', '.join(roles)}]}}"
        self.on.apply(f"version: 1\norganizations: [{{name: {where}, members: [{member}]}}]")
        self.model.rights.give(where, who, roles)
        self.settled("roles", True)

    def _change_catalog(self, which: int, change: str, plan: int) -> None:
        """Retire an API or hide it, let a plan need approval or none, close a plan; mostly the other way round."""
        api = self.model.apis[which]
        name = sorted(api.offers)[plan % len(api.offers)]
        if change in ("Published", "Retired"):
            api.status = change
            self._change(api, f"status: {change}")
        elif change in ("everyone", "organization"):
            api.visibility = change
            self._change(api, f"visibility: {change}")
        elif change in ("approval", "no approval"):
            api.offers[name] = needed = change == "approval"
            self._change(api, f"plans: [{{plan: {name}, version: '1.0', requires_approval: {str(needed).lower()}}}]")
        else:
            self._close(api.organization, name, closed=change == "closed")

    def _close(self, organization: str, plan: str, *, closed: bool) -> None:
        (self.model.closed.add if closed else self.model.closed.discard)((organization, plan))
        entry = f"{{name: {plan}, version: '1.0', locked: {str(not closed).lower()}}}"
        self.on.apply(f"version: 1\norganizations: [{{name: {organization}, plans: [{entry}]}}]")
        self.settled("catalog", True)

    def _change(self, api: Api, what: str) -> None:
        entry = f"{{name: {api.name}, version: '1.0', {what}}}"
        self.on.apply(f"version: 1\norganizations: [{{name: {api.organization}, apis: [{entry}]}}]")
        self.settled("catalog", True)

    @rule(hours=st.sampled_from([1, 1, 5, 5, 25, 50, 80, 170, 340]))
    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.do(self.on.tick(hours))
        self.model.tick(self.now)
        self.settled("time", True)

    @rule(kind=SPOILS, times=st.integers(1, 3), method=st.sampled_from(["chat.postMessage", "chat.update"]))
    def disturb(self, kind: str, times: int, method: str) -> None:
        """Let Slack fail at the next messages."""
        self.faults.append(self.on.house.workspace.faults.add(method=method, kind=kind, times=times))

    def teardown(self) -> None:
        """Hold the audit trail and the rules of Slack against what was done."""
        for fault in self.faults:
            self.planned[fault.kind] += fault.fired + fault.times
            self.fired[fault.kind] += fault.fired
        broken = [f"{one.rule}: {one.sentence}" for one in self.on.house.workspace.violations]
        assert not broken, broken
        rows = self.on.write(lambda unit: broken_rows(list(unit.audit.rows()), unit.audit.heads()))
        assert not rows, rows
