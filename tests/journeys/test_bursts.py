"""Many requests come into one channel at once: one card stands for those that would queue up (SPEC 5)."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.catalogs import native
from bot.domain.notifications import Kind
from bot.outbox import claiming
from bot.sandbox.records import Message
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from bot.usecases.people import bind_team
from tests.faults.town import HISTORY, sign_up
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.signing import buttons, notifications
from tests.journeys.test_delivery_faults import with_history


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG) as house:
        yield house


def owed(house: House, *clients: str) -> None:
    """Let new clients ask for a plan, a millisecond apart."""
    team = house.workspace.team_id
    for client in clients:
        house.write(lambda unit, name=client: sign_up(unit, team, name, "Payments", "Gold"))  # type: ignore[misc]
        house.clock.forward(milliseconds=1)


async def burst(house: House, count: int = 12) -> list[str]:
    """Let many ask at once and everybody be told; return the names of their clients."""
    clients = [f"Till {number:02}" for number in range(count)]
    owed(house, *clients)
    await house.delivered()
    return clients


def posted(house: House) -> list[Message]:
    return house.workspace.channel("approvals").messages


def shown(house: House) -> str:
    return str(posted(house)[-1].blocks)


async def to_request(house: House, client: str) -> str:
    """Let Pat open the queue and find a request; return the block of its buttons."""
    await house.pat.command("/approvals")
    while f"{client} 1.0" not in house.pat.sees():
        await house.pat.press("Next page")
    assert house.pat.modal
    blocks = house.pat.modal.blocks
    at = next(number for number, block in enumerate(blocks) if f"{client} 1.0" in str(block))
    return next(str(block["block_id"]) for block in blocks[at:] if block["type"] == "actions")


async def approve(house: House, client: str) -> None:
    """Let Pat approve a request in the queue."""
    await house.pat.press("Approve", block=await to_request(house, client))
    await house.pat.dismiss()
    await house.delivered()


async def test_twelve_requests_at_once_are_a_message_and_a_card_for_the_other_eleven(market: House) -> None:
    market.workspace.post_rate = 1.0 / 0.79
    await burst(market)
    first, card = posted(market)
    assert "Till 00 1.0 wants" in first.text
    assert card.text == "11 requests that came at once wait for approval."
    assert [name for name in (f"Till {n:02}" for n in range(12)) if name in shown(market)] == [
        f"Till {n:02}" for n in range(1, 6)
    ]
    assert buttons(card) == ["Open queue"]
    assert [one for one in market.workspace.traffic if one.status == 429] == []


async def test_each_of_them_counts_as_told_by_the_message_that_shows_it(market: House) -> None:
    await burst(market)
    first, card = posted(market)
    told = notifications(market, "request")
    assert [one["state"] for one in told] == ["sent"] * 12
    assert sorted(one["message"]["ts"] for one in told) == sorted([first.ts] + [card.ts] * 11)


async def test_five_at_once_still_get_messages_of_their_own(market: House) -> None:
    await burst(market, 5)
    assert [buttons(one)[0] for one in posted(market)] == ["Approve"] * 5


async def test_who_comes_meanwhile_joins_the_card_which_is_drawn_once_a_second(market: House) -> None:
    async def pass_(seconds: float) -> None:
        await market.delivered_now()
        market.clock.forward(seconds=seconds)

    owed(market, *(f"Till {number}" for number in range(12)))
    await pass_(1)
    await pass_(0.3)
    assert [one.text.split()[0] for one in posted(market)] == ["Approval", "11"]
    for number in range(5):
        owed(market, f"Kiosk {number}", f"Booth {number}")
        await pass_(0.7)
        await pass_(0.3)
    assert [one.text.split()[0] for one in posted(market)] == ["Approval", "21"]
    assert sum(one.name == "chat.update" for one in market.workspace.traffic) == 5


async def test_a_card_shows_at_its_turn_who_came_a_moment_before(market: House) -> None:
    owed(market, *(f"Till {number}" for number in range(12)))
    await market.delivered_now()
    market.clock.forward(seconds=1)
    owed(market, "Kiosk")
    await market.delivered_now()
    assert [one.text.split()[0] for one in posted(market)] == ["Approval", "12"]
    market.clock.forward(seconds=1)
    await market.delivered_now()
    assert not any(one.name == "chat.update" for one in market.workspace.traffic)


async def test_a_request_does_not_take_the_turn_of_a_card_that_is_to_be_drawn(market: House) -> None:
    owed(market, *(f"Till {number}" for number in range(12)))
    await market.delivered_now()
    market.clock.forward(seconds=1)
    await market.delivered_now()
    market.clock.forward(seconds=0.3)
    owed(market, "Kiosk")
    await market.delivered_now()
    market.clock.forward(seconds=0.5)
    owed(market, "Booth")
    market.clock.forward(seconds=0.5)
    first, second = [market.write(lambda unit: claiming.take(unit, 1, 0)) for _ in range(2)]
    assert (first.claimed, first.letters) == (1, [])
    assert [(one.notification.kind, one.total) for one in second.letters] == [(Kind.BURST, 13)]


async def test_who_comes_after_the_rush_gets_a_message_again(market: House) -> None:
    await burst(market)
    market.clock.forward(seconds=20)
    owed(market, "Kiosk")
    await market.delivered()
    assert "Kiosk 1.0 wants" in posted(market)[-1].text
    market.clock.forward(minutes=6)
    await burst_again(market)
    assert [one.text for one in posted(market)[-1:]] == ["7 requests that came at once wait for approval."]


async def burst_again(market: House) -> None:
    owed(market, *(f"Booth {number}" for number in range(8)))
    await market.delivered()


async def test_the_card_counts_down_with_each_decision_and_ends_without_a_button(market: House) -> None:
    clients = await burst(market, 7)
    await approve(market, "Till 01")
    assert posted(market)[1].text == "5 requests that came at once wait for approval."
    assert "Till 01" not in shown(market)
    for client in clients[2:]:
        market.clock.forward(seconds=2)
        await approve(market, client)
    assert posted(market)[1].text == "All of the requests that came at once are decided."
    assert buttons(posted(market)[1]) == []
    assert "Till 00 1.0 wants" in posted(market)[0].text
    assert "Approve" in buttons(posted(market)[0])


async def test_its_button_opens_the_queue_of_whoever_presses_it(market: House) -> None:
    await burst(market)
    await market.pat.press("Open queue", message=posted(market)[1])
    assert "1–5 of 12" in market.pat.sees()
    await market.eve.press("Open queue", message=posted(market)[1])
    assert "Nothing is waiting for your approval." in market.eve.sees()


async def test_a_card_that_somebody_deleted_is_posted_anew_while_it_asks_something(market: House) -> None:
    await burst(market)
    market.workspace.remove(posted(market)[1])
    market.clock.forward(seconds=2)
    await approve(market, "Till 03")
    assert posted(market)[-1].text == "10 requests that came at once wait for approval."
    assert len(posted(market)) == 2
    assert {one["message"]["ts"] for one in notifications(market, "request")} == {one.ts for one in posted(market)}


async def test_if_the_card_can_not_be_posted_each_of_them_reaches_the_approvers_themselves(market: House) -> None:
    market.workspace.channel("approvals").is_archived = True
    await burst(market)
    for _ in range(3):
        market.clock.forward(seconds=30)
        await market.delivered()
    assert posted(market) == []
    asked = [one.text for one in market.workspace.direct("U0PAT").messages if one.text.startswith("Approval request")]
    assert sorted(text.split()[3] for text in asked) == [f"{number:02}" for number in range(12)]
    assert {one["state"] for one in notifications(market, "request") if one["destination"]["type"] == "channel"} == {
        "failed"
    }


async def test_a_card_whose_post_got_no_answer_is_found_and_not_posted_twice(market: House) -> None:
    await with_history(market)
    market.workspace.faults.add(method="chat.postMessage", kind="reset_after", times=4)
    await burst(market)
    for _ in range(3):
        market.clock.forward(seconds=20)
        await market.delivered()
    assert [one.text for one in posted(market)[1:]] == ["11 requests that came at once wait for approval."]
    assert len(HISTORY) == 3


async def test_a_card_that_stands_twice_is_taken_away_by_a_press_on_it(market: House) -> None:
    market.workspace.faults.add(method="chat.postMessage", kind="reset_after", about="C0APPROVALS", times=2)
    await burst(market)
    for _ in range(3):
        market.clock.forward(seconds=11)
        await market.delivered()
    cards = [one for one in posted(market) if "came at once" in one.text]
    assert [buttons(one) for one in cards] == [["Open queue"]] * 2
    await market.pat.press("Open queue", message=cards[0])
    assert "1–5 of 12" in market.pat.sees()
    await market.delivered()
    assert [one for one in posted(market) if "came at once" in one.text] == cards[1:]
    await market.pat.press("Open queue", message=cards[1])
    await market.delivered()
    assert cards[1] in posted(market)


async def test_a_question_in_the_thread_of_a_card_says_about_which_request(market: House) -> None:
    await burst(market)
    await market.pat.press("Ask for changes", block=await to_request(market, "Till 04"))
    await market.pat.fill("Question", "Which shop is it?")
    await market.pat.submit("Ask")
    await market.delivered()
    card = posted(market)[1].ts
    replies = [one for one in posted(market) if one.thread_ts == card != one.ts]
    assert [("Till 04" in one.text, "Which shop is it?" in one.text) for one in replies] == [(True, True)]


async def test_more_than_five_of_a_card_are_reminded_of_by_one_digest(market: House) -> None:
    await burst(market)
    market.clock.forward(hours=25)
    await market.tick()
    assert len(notifications(market, "digest")) == 1
    assert notifications(market, "reminder") == []


@pytest.fixture
def market_rows(postgres_url: str) -> Iterator[tuple[list[Store], str]]:
    """Give two stores on one PostgreSQL with twenty requests of one moment, and their channel."""
    one, other = open_store(postgres_url, patient=True), open_store(postgres_url, patient=True)
    schema.upgrade(one.engine)
    one.write.run(lambda unit: bind_team(unit, "T0LOCAL"))
    one.write.run(lambda unit: apply_catalog(unit, native.parse(CATALOG).catalog, str))
    for number in range(20):
        one.write.run(lambda unit, n=number: sign_up(unit, "T0LOCAL", f"Till {n}", "Payments", "Gold"))  # type: ignore[misc]
    yield [one, other], "C0APPROVALS"
    one.close()
    other.close()


def test_two_processes_at_the_same_moment_make_one_card(market_rows: tuple[list[Store], str]) -> None:
    stores, channel = market_rows

    def gather(store: Store) -> bool:
        def work(unit: Unit) -> bool:
            return bool(unit.bursts.gather(unit.pace.lock([channel]), [], []).ids)

        return store.write.run(work)

    with ThreadPoolExecutor(2) as both:
        gathered = list(both.map(gather, stores))
    cards = stores[0].read.run(lambda unit: unit.outbox.undelivered(100))
    assert any(gathered)
    assert sum(one.kind is Kind.BURST for one in cards) == 1
