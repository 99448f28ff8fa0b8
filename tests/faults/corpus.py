"""One genuine payload of everything that people can do in Gatehouse, collected by walking through it as they do.

Every window and message that somebody has before them is turned over: each button, menu, typed letter, submit, Cancel
and ✕ gives the payload that Slack would send, and none of them is sent. So all of them are good at the same moment,
on the database as it is when the walk has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from bot.sandbox.acting import Actor
from bot.sandbox.delivery import Kind
from bot.sandbox.fields import Field, elements, options_of
from bot.sandbox.payloads import Payloads
from bot.sandbox.records import Json, Message
from bot.sandbox.views import View
from tests.faults.furnished import furnish
from tests.journeys.house import House
from tests.journeys.signing import choose_plan, enter
from tests.journeys.walking import enter as type_in

Route = tuple[str, str]
"""Kind and id, as the switchboard has them."""


@dataclass(frozen=True)
class Seed:
    """A genuine payload, whose it is, and the handler it is for."""

    route: Route
    wire: Kind
    seat: str
    payload: Json


class Turner:
    """Turns over what one person has before them and keeps the payloads it could send."""

    def __init__(self, person: Actor, seeds: list[Seed]) -> None:
        self.person, self._seeds = person, seeds
        self._payloads = Payloads(person._at, person.member, person.seat)

    def _keep(self, route: Route, wire: Kind, payload: Json) -> None:
        # A copy: what the person types next must not get into what is kept.
        self._seeds.append(Seed(route, wire, self.person.seat, orjson.loads(orjson.dumps(payload))))

    def commands(self, text: str) -> None:
        """Keep every slash command, with ``text`` behind it, and every global shortcut."""
        at = self.person._at
        for spec in at.manifest.commands:
            payload = self._payloads.command(spec["command"], text, at.channel("general"))
            self._keep(("command", spec["command"]), "command", payload)
        for spec in at.manifest.shortcuts:
            callback = spec["callback_id"]
            self._keep(("shortcut", callback), "interactive", self._payloads.shortcut(callback))

    def event(self, event: Json) -> None:
        """Keep an event in its envelope."""
        self._keep(("event", event["type"]), "events", self._payloads.event({"event_ts": "1772442000.000100"} | event))

    def window(self) -> None:
        """Keep everything that can be done in the modal in front, else in App Home."""
        view = self.person.modal or self.person.home
        assert view is not None
        self._elements(view)
        callback = str(view.body.get("callback_id") or "")
        if view.submit_label:
            self._keep(("submission", callback), "interactive", self._payloads.submission(view))
        if view.body.get("notify_on_close"):
            for cleared in (True, False):
                payload = self._payloads.closed(view, is_cleared=cleared)
                self._keep(("closed", callback), "interactive", payload)

    def message(self, message: Message) -> None:
        """Keep every button of a message."""
        self._elements(message)

    def _elements(self, where: View | Message) -> None:
        typed = where.typed if isinstance(where, View) else {}
        for block in where.blocks:
            for element in elements(block):
                if "external" in element["type"]:
                    payload = self._payloads.suggestion(element, block["block_id"], "sho", where)
                    self._keep(("options", element["action_id"]), "options", payload)
                for value in _values(block, element) if _is_sent(block, element) else ():
                    payload = self._payloads.action(element, block["block_id"], value, where, typed)
                    self._keep(("action", element["action_id"]), "interactive", payload)


def _is_sent(block: Json, element: Json) -> bool:
    """Whether pressing or choosing is told to the bot at once, or could be: a typed text only where it says so."""
    return element["type"] != "plain_text_input" or bool(block.get("dispatch_action"))


def _values(block: Json, element: Json) -> Iterator[Json]:
    """Yield what pressing or choosing can add to an action."""
    kind = element["type"]
    if kind == "button":
        yield {}
    elif kind == "plain_text_input":
        yield {"value": "Pay"}
    elif kind == "checkboxes":
        yield {"selected_options": options_of(element)}
    else:
        chosen = Field(block, element).initial
        yield from ({"selected_option": option} for option in options_of(element) or [chosen])


async def collect(house: House) -> list[Seed]:
    """Walk through everything as Bob, Ada, Nia and a platform admin do; return what they could do in the end."""
    await furnish(house)
    seeds: list[Seed] = []
    bob, ada, nia = (Turner(person, seeds) for person in (house.bob, house.ada, house.nia))
    for turner, text in ((bob, "Web Shop"), (ada, ""), (nia, "no such thing")):
        turner.commands(text)
    await _helped(bob)
    await _in_the_client_wizard(bob)
    await _in_the_client_wizard(nia)
    await _among_clients(bob)
    await _among_apis(bob)
    await _signing_up(bob)
    await _deciding(house, ada)
    await _answering(house, bob, ada)
    await _at_home(bob, ada)
    await _as_an_admin(Turner(house.root, seeds))
    _said_by_slack(bob)
    return seeds


async def _helped(turner: Turner) -> None:
    await turner.person.command("/gatehouse")
    turner.message(turner.person.reads("general")[-1])


async def _in_the_client_wizard(turner: Turner) -> None:
    """Walk to the summary, leave by the ✕, and be offered to go on."""
    person = turner.person
    await person.command("/create-client")
    turner.window()
    if turner.person.value("Organization") is None:
        await person.choose("Organization", "Web Shop")
    turner.window()
    await person.submit("Next")
    await type_in(person, f"Shop of {person.member.first_name}")
    turner.window()
    await person.submit("Next")
    turner.window()
    await person.dismiss()
    await person.command("/create-client")
    turner.window()
    await person.dismiss()


async def _among_clients(turner: Turner) -> None:
    """Turn pages, narrow the list, look at a client and begin to edit it."""
    person = turner.person
    await person.command("/my-clients")
    turner.window()
    await person.press("Next page")
    turner.window()
    await person.choose("Organization", "Web Shop")
    turner.window()
    await person.press("Details")
    turner.window()
    await person.press("Edit description")
    turner.window()
    await person.dismiss()


async def _among_apis(turner: Turner) -> None:
    """Search, turn pages, look at an API."""
    person = turner.person
    await person.command("/apis")
    turner.window()
    await person.press("Next page")
    turner.window()
    await person.fill("Search", "Payments")
    await person.submit("Search")
    turner.window()
    await person.press("Learn More")
    turner.window()
    await person.dismiss()


async def _signing_up(turner: Turner) -> None:
    """Walk to the summary with a new and an existing client, with terms and without, and be offered to go on."""
    person = turner.person
    await choose_plan(person, "Payments", "Gold")
    await enter(person, "Kiosk")
    await person.choose("Organization", "Web Shop")
    turner.window()
    await person.submit("Next")
    turner.window()
    await person.dismiss()
    await choose_plan(person, "Ledger", "Gold")
    await person.choose("Client", "Till 00")
    await person.choose("Version", "2.0")
    await person.fill("Reason", "We keep books.")
    turner.window()
    await person.submit("Next")
    turner.window()
    await person.tick("I accept the terms and conditions")
    turner.window()
    await person.submit("Next")
    turner.window()
    await person.dismiss()
    await choose_plan(person, "Ledger", "Gold")
    turner.window()
    await person.dismiss()


async def _deciding(house: House, turner: Turner) -> None:
    """Look at a message with its buttons, at the queue, and into the forms behind the buttons."""
    person = turner.person
    asked = [one for one in person.reads("approvals") if "Asker 0" in one.text][-1]
    turner.message(asked)
    turner.message([one for one in person.reads("approvals") if "Open queue" in str(one.blocks)][-1])
    for label, field in (("Reject", "Reason"), ("Ask for changes", "Question")):
        await person.press(label, message=asked)
        await person.fill(field, "Not yet.")
        turner.window()
        await person.dismiss()
    await person.command("/approvals")
    turner.window()
    await person.press("Reject")
    await person.fill("Reason", "No.")
    turner.window()
    await person.dismiss()
    await person.command("/approvals")
    await person.press("Next page")
    turner.window()
    await person.dismiss()


async def _answering(house: House, requester: Turner, approver: Turner) -> None:
    """Ask for changes, and begin to answer."""
    asked = [one for one in approver.person.reads("approvals") if "Asker 1" in one.text][-1]
    await approver.person.press("Ask for changes", message=asked)
    await approver.person.fill("Question", "Would Free do?")
    await approver.person.submit("Ask")
    await house.delivered()
    person = requester.person
    for begins in ("Waiting for approval", "Changes asked for"):
        requester.message([one for one in person.inbox() if one.text.startswith(begins)][-1])
    await person.press("Edit request", message=person.inbox()[-1])
    requester.window()
    await person.dismiss()


async def _at_home(*turners: Turner) -> None:
    for turner in turners:
        await turner.person.open_home()
        turner.window()


async def _as_an_admin(turner: Turner) -> None:
    """Look at what a platform admin sees: everything of this workspace, and nothing of another one."""
    person = turner.person
    for command in ("/approvals", "/my-clients", "/apis"):
        await person.command(command)
        turner.window()
        await person.dismiss()
    await person.command("/approvals")
    await person.press("Reject")
    await person.fill("Reason", "No.")
    turner.window()
    await person.dismiss()


def _said_by_slack(turner: Turner) -> None:
    """Keep the events: somebody opens App Home, and an account changes."""
    member = turner.person.member
    turner.event({"type": "app_home_opened", "user": member.id, "tab": "home", "channel": "D0BOB"})
    user = {"id": member.id, "team_id": member.team_id, "name": member.name, "real_name": member.real_name}
    flags = dict.fromkeys(("deleted", "is_bot", "is_restricted", "is_ultra_restricted"), False)
    profile = {"real_name": member.real_name, "email": member.email}
    more = {"tz": member.tz, "locale": member.locale, "profile": profile, "updated": 1772442000}
    turner.event({"type": "user_change", "user": user | flags | more})
