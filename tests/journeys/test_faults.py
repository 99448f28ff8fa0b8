"""Slack or the database out of reach: a sentence, nothing lost, and it works afterwards (RELIABILITY F3–F15)."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store.engine import open_store
from bot.store.tables import notifications
from bot.store.unit import Unit
from tests.faults.town import sign_up
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.walking import create, enter, problem, step, to_details, to_summary

AGAIN = "submitting again is safe"
REFUSING = ["429", "500", "html", "reset_after", "error:fatal_error"]


@contextlib.contextmanager
def locked(house: House) -> Iterator[None]:
    """Hold what the bot wants to write, as another process would."""
    url = house.settings.database_url
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(house.settings.sqlite_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    store = open_store(url, patient=True)
    with store.engine.connect() as other_session:
        other_session.execute(sa.text("LOCK TABLE drafts, clients, people IN EXCLUSIVE MODE"))
        yield
        other_session.rollback()
    store.close()


async def test_a_locked_database_is_told_at_every_step_and_entries_stay(house: House) -> None:
    bob = house.bob
    await to_details(bob)
    await enter(bob)
    with locked(house):
        await bob.submit("Next")
        assert AGAIN in problem(bob)
        assert bob.value("Name") == "Web shop"
    await bob.submit("Next")
    assert step(bob) == "3"
    with locked(house):
        await bob.submit("Create Client")
        assert AGAIN in problem(bob)
        assert house.clients() == []
    await bob.submit("Create Client")
    assert step(bob) == "Client"
    assert house.clients() == ["Web shop"]


async def test_back_while_the_database_is_locked_says_so_and_works_afterwards(house: House) -> None:
    bob = house.bob
    await to_details(bob)
    await enter(bob)
    with locked(house):
        await bob.press("Back")
        await bob.settle()
        assert AGAIN in problem(bob)
    assert bob.value("Name") == "Web shop"
    await bob.press("Back")
    assert step(bob) == "1"


async def test_many_who_wait_for_a_locked_file_all_get_an_answer_and_the_bot_lives_on(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    submission = bob.draft_submission()
    with locked(house):
        answers = []
        for number in range(6):
            copy = json.loads(json.dumps(submission)) | {"trigger_id": f"1.2.{number}"}
            answers.append(asyncio.create_task(bob.send(copy)))
        for answer in await asyncio.gather(*answers):
            assert AGAIN in str(answer.body)
    await bob.submit("Create Client")
    assert house.clients() == ["Web shop"]


async def test_an_expired_trigger_is_told_in_a_message(house: House) -> None:
    house.workspace.faults.add(method="views.open", kind="error:expired_trigger_id")
    await house.bob.command("/create-client")
    assert house.bob.modal is None
    assert "took too long" in house.said_to(house.bob)
    await house.bob.command("/create-client")
    assert step(house.bob) == "1"


@pytest.mark.parametrize("kind", REFUSING)
async def test_a_window_that_can_not_be_opened_is_told_in_a_message(house: House, kind: str) -> None:
    house.workspace.faults.add(method="views.open", kind=kind)
    await house.bob.command("/create-client")
    assert "Temporarily unavailable" in house.said_to(house.bob)
    house.workspace.faults.clear()
    await house.bob.command("/create-client")
    assert step(house.bob) == "1"


async def test_a_shortcut_whose_window_can_not_be_opened_is_told_in_a_direct_message(house: House) -> None:
    house.workspace.faults.add(method="views.open", kind="500", times=2)
    await house.bob.shortcut("Create client")
    assert "Temporarily unavailable" in house.bob.inbox()[-1].text


@pytest.mark.parametrize("kind", ["500", "error:hash_conflict"])
async def test_a_window_that_can_not_be_changed_stays_and_back_works_afterwards(house: House, kind: str) -> None:
    bob = house.bob
    await to_summary(bob)
    house.workspace.faults.add(method="views.update", kind=kind)
    await bob.press("Back")
    if step(bob) == "3":
        await bob.press("Back")
    assert step(bob) == "2"
    assert bob.value("Name") == "Web shop"


async def test_an_app_home_that_can_not_be_drawn_costs_nobody_a_client(house: House) -> None:
    house.workspace.faults.add(method="views.publish", kind="500", times=3)
    await create(house.bob)
    assert step(house.bob) == "Client"
    assert house.clients() == ["Web shop"]


@pytest.mark.parametrize("kind", ["500", "error:user_not_found", "error:invalid_auth"])
async def test_somebody_never_seen_whom_slack_does_not_tell_about_is_asked_to_try_again(
    house: House, kind: str
) -> None:
    # Nia is no member of an organization: nobody asked about her before. Others may be asked about meanwhile.
    house.workspace.faults.add(method="users.info", kind=kind, times=20)
    await house.nia.command("/create-client")
    assert "Slack didn't tell us who you are just now" in house.said_to(house.nia)
    house.workspace.faults.clear()
    await house.nia.command("/create-client")
    assert step(house.nia) == "1"


async def test_somebody_known_can_go_on_while_slack_tells_nothing(house: House) -> None:
    await to_summary(house.bob)
    house.clock.forward(minutes=5)
    house.workspace.faults.add(method="users.info", kind="500", times=9)
    await house.bob.submit("Create Client")
    assert house.clients() == ["Web shop"]


async def test_a_slack_that_is_slow_to_tell_who_somebody_is_costs_only_patience(house: House) -> None:
    house.workspace.faults.add(method="users.info", kind="slow", seconds=1.0)
    await house.bob.command("/create-client")
    assert step(house.bob) == "1"


async def test_without_slack_at_the_start_the_bot_goes_on_with_what_it_knows(opened: OpenHouse) -> None:
    async with opened() as house:
        await house.stop()
        house.workspace.faults.add(method="auth.test", kind="500", times=99)
        await house.start()
        await create(house.bob)
        assert house.clients() == ["Web shop"]
        house.workspace.faults.clear()


async def test_a_window_that_was_acknowledged_still_opens_while_the_bot_stops(house: House) -> None:
    bob = house.bob
    house.workspace.faults.add(method="views.open", kind="slow")
    assert (await bob.wire.send("command", bob._payloads.command("/create-client", "", bob._where(None)))).status == 200
    await house.stop()
    assert bob.modal and step(bob) == "1"


async def test_a_message_that_is_on_its_way_when_the_bot_stops_is_written_down(opened: OpenHouse) -> None:
    async with opened(catalog=CATALOG) as house:
        slow = house.workspace.faults.add(method="chat.postMessage", kind="slow", about="C0APPROVALS")
        house.write(lambda unit: sign_up(unit, house.workspace.team_id, "Till", "Payments", "Gold"))
        async with asyncio.timeout(10):
            while not slow.fired:  # noqa: ASYNC110 - no event tells of a call that has begun
                await asyncio.sleep(0.01)
        await house.stop()
        assert len(house.workspace.channel("approvals").messages) == 1
        (row,) = house.write(requests)
        assert (row.state, row.lease_until) == ("sent", None)


async def test_what_a_process_had_claimed_that_died_is_delivered_at_once_where_it_was_the_only_one(
    opened: OpenHouse,
) -> None:
    async with opened(catalog=CATALOG) as house:
        await house.stop()
        house.write(lambda unit: sign_up(unit, house.workspace.team_id, "Till", "Payments", "Gold"))
        assert house.write(lambda unit: unit.outbox.claim(10))
        await house.start()
        told = house.workspace.channel("approvals").messages
        house.clock.forward(seconds=11)  # a message that may be there already is looked for after ten seconds
        if house.settings.is_sqlite:
            await house.delivered_now()
        else:
            await house.runtime.dispatcher.round()
            assert not told
            house.clock.forward(seconds=5)
            await house.delivered()
        assert len(told) == 1


def requests(unit: Unit) -> list[sa.Row[Any]]:
    query = sa.select(notifications.c.state, notifications.c.lease_until).where(notifications.c.kind == "request")
    return list(unit.connection.execute(query))
