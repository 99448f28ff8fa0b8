"""Each invariant can go red: a sound world has no breach, and each way to break it is told under its own number."""

import asyncio
import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.records import Message
from tests.faults.invariants import broken, buttons
from tests.faults.kills import peopled
from tests.faults.market import FREE, GOLD, NAMES, Market
from tests.faults.people import walkers
from tests.faults.world import SignUp, Told, World, delivery_of, observe

Break = Callable[[World], object]
SECRET = "a-secret-of-this-test"
ALPHA = NAMES[0]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One request that was approved, one that waits, one sign-up that needed no approval; and the messages of each."""
    return asyncio.run(live(tmp_path_factory.mktemp("world") / "gatehouse.db"))


async def live(path: Path) -> World:
    market, told = Market(shops=1), Told()
    async with peopled(f"sqlite:///{path}", market) as at:
        await at.serve(GATEHOUSE_REMIND_AFTER="0")
        somebody = walkers(at, market, told, 1)[0]
        for client, plan in (("Till", GOLD), ("Kiosk", GOLD), ("Stall", FREE)):
            await somebody.sign_up(client, ALPHA, plan)
        channel = at.workspace.channel("approvals-0")
        await at.until(lambda: len(channel.messages) == 2)
        asked = next(message for message in channel.messages if "Till" in message.text)
        await at.workspace.actor("U0APP0").press("Approve", message=asked)
        await at.until(lambda: not buttons(asked))
        await at.until(lambda: all(one["state"] == "sent" for one in at.export()["notifications"]))
        told.statuses[200] += 1
        return observe(at.workspace, at.store, market.plan({"secret": SECRET}, slowest=60.0), told)


@pytest.fixture
def world(lived_in: World) -> World:
    """A copy to be broken."""
    return copy.deepcopy(lived_in)


def contract(world: World, client: str = "Till") -> dict[str, Any]:
    return next(one for one in world.export["contracts"] if one["client"]["id"] == client)


def row(world: World, kind: str, client: str = "Till") -> dict[str, Any]:
    id_ = contract(world, client)["id"]
    return next(one for one in world.notifications if (one["kind"], one["contract_id"]) == (kind, id_))


def message(world: World, kind: str, client: str = "Till") -> Message:
    return world.by_delivery[row(world, kind, client)["id"]][0]


def audited(world: World, what: str) -> dict[str, Any]:
    return next(one for one in world.export["audit"] if one["what"] == what)


def test_a_sound_world_has_no_breach(world: World) -> None:
    assert broken(world) == []
    assert [one.told for one in world.told.sign_ups] == ["Waiting for approval", "Waiting for approval", "Approved"]
    assert sorted(one["kind"] for one in world.notifications) == ["outcome"] * 3 + ["request"] * 2 + ["waiting"] * 2


def forget_a_contract(world: World) -> None:
    world.export["contracts"].remove(contract(world))


def swap_plans(world: World) -> None:
    contract(world)["plan"]["id"] = FREE


def reject_without_effect(world: World) -> None:
    world.told.rejected.add(contract(world)["id"])


def sign_up_nobody(world: World) -> None:
    world.told.sign_ups.pop(0)


def copy_a_contract(world: World) -> None:
    world.export["contracts"].append(contract(world, "Kiosk") | {"id": "another"})


def copy_a_client(world: World) -> None:
    world.export["clients"].append(world.export["clients"][0] | {"id": "till", "name": "TILL"})


def say_that_a_name_is_taken(world: World) -> None:
    world.told.sign_ups[0].said.append("“Shop 0” already has a client called “Till”: choose another name.")


def decide_twice(world: World) -> None:
    world.export["audit"].append(audited(world, "ApproveContract") | {"what": "RejectContract"})


def decide_without_a_trace(world: World) -> None:
    decided = [one for one in world.export["audit"] if one["what"] == "ApproveContract"]
    for one in decided:
        world.export["audit"].remove(one)


def let_somebody_else_have_decided(world: World) -> None:
    contract(world)["decided_by"]["user"] = "U0APP3"


def let_the_requester_decide(world: World) -> None:
    contract(world)["decided_by"] = contract(world)["requested_by"]


def post_twice(world: World) -> None:
    world.messages.append(replace(message(world, "request"), ts="1.000001"))


def delete_a_message(world: World) -> None:
    world.messages.remove(message(world, "waiting"))


def tell_nobody(world: World) -> None:
    world.messages.remove(message(world, "request"))
    world.notifications.remove(row(world, "request"))


def deliver_nothing(world: World) -> None:
    row(world, "request")["state"] = "pending"


def fail_in_silence(world: World) -> None:
    row(world, "request")["state"] = "failed"
    world.messages.remove(message(world, "request"))


def lose_the_mark(world: World) -> None:
    row(world, "request")["ts"] = "1.000001"


def post_what_no_row_knows(world: World) -> None:
    stray = replace(message(world, "request"), metadata={"event_payload": {"delivery_id": "nobody"}})
    world.messages.append(stray)


def keep_the_buttons(world: World) -> None:
    message(world, "request").blocks += message(world, "request", "Kiosk").blocks[-1:]


def take_the_buttons(world: World) -> None:
    message(world, "request", "Kiosk").blocks.pop()


def leave_the_old_text(world: World) -> None:
    message(world, "request").text = message(world, "request", "Kiosk").text


def forget_the_decider(world: World) -> None:
    contract(world)["decided_by"]["user"] = "U0APP9"


def draw_too_little(world: World) -> None:
    row(world, "request")["shown"] -= 1


def write_a_secret_into_a_reason(world: World) -> None:
    contract(world)["reason"] = f"it is {SECRET}"


def write_a_secret_into_a_message(world: World) -> None:
    message(world, "request").text += SECRET


def log_a_secret(world: World) -> None:
    world.logs = f"token={SECRET}"


def keep_a_secret_in_the_database(world: World) -> None:
    world.leaks.append("the secret stands in the table seen")


def fail_with_a_500(world: World) -> None:
    world.told.statuses[500] += 1


def answer_late(world: World) -> None:
    world.told.slowest = 61.0


def change_the_audit(world: World) -> None:
    world.audit[1] = world.audit[1].model_copy(update={"number": world.audit[1].number, "hash": "0" * 64})


def make_a_client_without_a_trace(world: World) -> None:
    world.export["audit"] = [one for one in world.export["audit"] if one["what"] != "Create"]


def make_a_contract_without_a_trace(world: World) -> None:
    world.export["audit"] = [one for one in world.export["audit"] if one["what"] != "CreateContract"]


def keep_a_lease(world: World) -> None:
    row(world, "request")["lease_until"] = "later"


def keep_an_attempt_open(world: World) -> None:
    row(world, "request")["posting_since"] = "before"


def mention_everybody(world: World) -> None:
    message(world, "request").blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": "Hi <!channel>"}})


def mention_in_the_fallback(world: World) -> None:
    message(world, "request").text += " <@U0APP0>"


def link_in_rich_text(world: World) -> None:
    rich = next(block for block in message(world, "request").blocks if block["type"] == "rich_text")
    rich["elements"][0]["elements"].append({"type": "link", "url": "https://evil.example"})


def answer_for_another_team(world: World) -> None:
    contract(world)["requested_by"]["team"] = "T0OTHER"


def post_for_another_team(world: World) -> None:
    message(world, "request").team = "T0OTHER"


BREAKS: dict[str, tuple[Break, ...]] = {
    "I1": (forget_a_contract, swap_plans, reject_without_effect),
    "I2": (sign_up_nobody, copy_a_contract, say_that_a_name_is_taken, forget_a_contract),
    "I3": (copy_a_contract, copy_a_client),
    "I4": (decide_twice, decide_without_a_trace, let_somebody_else_have_decided),
    "I5": (let_the_requester_decide,),
    "I6": (
        *(post_twice, delete_a_message, tell_nobody, deliver_nothing, fail_in_silence, lose_the_mark),
        post_what_no_row_knows,
    ),
    "I7": (keep_the_buttons, take_the_buttons, leave_the_old_text, forget_the_decider, draw_too_little),
    "I8": (write_a_secret_into_a_reason, write_a_secret_into_a_message, log_a_secret, keep_a_secret_in_the_database),
    "I9": (fail_with_a_500, answer_late),
    "I11": (change_the_audit, make_a_client_without_a_trace, make_a_contract_without_a_trace),
    "I12": (keep_a_lease, keep_an_attempt_open),
    "I13": (mention_everybody, mention_in_the_fallback, link_in_rich_text),
    "I14": (answer_for_another_team, post_for_another_team),
}


def pairs() -> Iterator[Any]:
    for number, breaks in BREAKS.items():
        yield from (pytest.param(number, one, id=f"{number}-{one.__name__}") for one in breaks)


@pytest.mark.parametrize(("number", "spoil"), list(pairs()))
def test_what_breaks_it_is_told(world: World, number: str, spoil: Break) -> None:
    spoil(world)
    assert any(sentence.startswith(f"{number} ") for sentence in broken(world)), broken(world)


def test_a_secret_in_a_table_is_found(tmp_path: Path) -> None:
    async def look() -> World:
        market = Market(shops=1)
        async with peopled(f"sqlite:///{tmp_path}/gatehouse.db", market) as at:
            await at.do(lambda unit: unit.seen.note([f"x{SECRET}x"[:32]], unit.now))
            return observe(at.workspace, at.store, market.plan({"secret": SECRET}, 60.0), Told())

    assert asyncio.run(look()).leaks == ["the secret stands in the table seen"]


def test_a_message_without_a_notification_is_nobodys(world: World) -> None:
    assert delivery_of(replace(message(world, "request"), metadata=None)) == ""
    assert SignUp("Till", "U0W00", "Shop0", ALPHA, GOLD).told == ""
