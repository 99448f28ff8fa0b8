"""What changes while the sign-up wizard is open: each time one sentence, and nothing is made (SPEC 4.4, 10)."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from bot.domain.clients import ClientStatus
from bot.domain.ids import new_id
from bot.store.tables import client_versions, clients
from bot.store.unit import Unit
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.signing import ask, choose_plan, contracts, enter, make_client, problem, to_summary


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG) as house:
        yield house


def payments(**changes: str) -> str:
    """Return a catalog file that sets something of the API Payments."""
    settings = "".join(f", {name}: {value}" for name, value in changes.items())
    return f"""
version: 1
organizations:
  - name: Acme Payments
    apis: [{{name: Payments, version: "1.4"{settings}}}]
"""


WITHDRAWN_PLAN = """
version: 1
organizations:
  - {name: Acme Payments, plans: [{name: Gold, version: "2.0", locked: false}]}
"""


def members(roles: str) -> str:
    """Return a catalog file that gives Bob these roles in the client's organization."""
    return f"version: 1\norganizations: [{{name: Web Shop, members: [{{user: U0BOB, roles: [{roles}]}}]}}]"


def versions_of(unit: Unit, name: str) -> list[str]:
    query = sa.select(client_versions.c.id).join(clients).where(clients.c.name == name)
    return list(unit.connection.execute(query.order_by(client_versions.c.created_at)).scalars())


def retire(unit: Unit, name: str) -> None:
    for version_id in versions_of(unit, name):
        unit.contracts.set_client_status(version_id, ClientStatus.RETIRED)


def delete(unit: Unit, name: str) -> None:
    unit.connection.execute(sa.delete(client_versions).where(client_versions.c.id.in_(versions_of(unit, name))))
    unit.connection.execute(sa.delete(clients).where(clients.c.name == name))


async def with_existing(house: House, client: str = "Kiosk") -> None:
    """Let Bob have a client and walk with it to the summary."""
    make_client(house, client, "1.0")
    await choose_plan(house.bob)
    assert house.bob.value("Client to sign up") == "Existing client"
    await house.bob.choose("Client", client)
    await house.bob.fill("Reason", "We sell things.")
    await house.bob.submit("Next")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (payments(status="Retired"), "is not published"),
        (payments(status="Created"), "can't be signed up for any more"),
        (payments(visibility="organization"), "can't be signed up for any more"),
        (WITHDRAWN_PLAN, "is not open for contracts now"),
        (members("Viewer"), "organization"),
        (members(""), "organization"),
    ],
    ids=["retired", "unpublished", "hidden", "plan withdrawn", "role lowered", "no member any more"],
)
async def test_what_was_open_at_the_start_is_looked_at_again_at_the_end(market: House, change: str, words: str) -> None:
    await to_summary(market.bob)
    market.apply(change)
    await market.bob.submit("Sign Up")
    assert words in problem(market.bob), market.bob.sees()
    assert contracts(market) == [] and market.clients() == []
    assert market.export()["notifications"] == []


async def test_an_api_that_one_may_not_see_is_refused_in_the_words_for_one_that_is_gone(market: House) -> None:
    await choose_plan(market.bob)
    draft = market.bob.draft_submission()
    market.apply(payments(visibility="organization"))
    await enter(market.bob)
    await market.bob.submit("Next")
    hidden = problem(market.bob)
    await choose_plan(market.ada)
    known = draft["view"]["private_metadata"]
    gone = market.ada.draft_submission()
    gone["view"]["private_metadata"] = known.replace(known.split('"offer":"')[1].split('"')[0], new_id())
    answer = await market.ada.send(gone)
    assert hidden and hidden in str(answer.body)
    assert contracts(market) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda unit: retire(unit, "Kiosk"), "was retired meanwhile"),
        (lambda unit: delete(unit, "Kiosk"), "no longer there"),
    ],
    ids=["retired", "deleted"],
)
async def test_a_client_that_went_meanwhile_is_asked_for_again_with_the_entries_kept(
    market: House, change: object, words: str
) -> None:
    await with_existing(market)
    market.write(change)  # type: ignore[arg-type]
    await market.bob.submit("Sign Up")
    assert words in problem(market.bob)
    assert market.bob.value("Reason") == "We sell things."
    assert contracts(market) == []


async def test_a_client_of_an_organization_one_left_meanwhile_can_not_sign_up(market: House) -> None:
    await with_existing(market)
    market.apply(members("Viewer"))
    await market.bob.submit("Sign Up")
    assert "may not sign up with this client any more" in problem(market.bob)
    assert contracts(market) == []


async def test_an_organization_one_left_while_it_is_chosen_is_not_chosen_any_more(market: House) -> None:
    bobs = "{name: %s, members: [{user: U0BOB, roles: [Client Developer]}]}"
    market.apply(f"version: 1\norganizations: [{bobs % 'Side Shop'}, {bobs % 'Third Shop'}]")
    make_client(market, "Kiosk", "1.0", organization="Side Shop")
    await choose_plan(market.bob)
    await market.bob.choose("Client to sign up", "New client")
    await market.bob.choose("Organization", "Web Shop")
    market.apply(members(""))
    await market.bob.choose("Client to sign up", "Existing client")
    assert market.bob.value("Client to sign up") == "Existing client"
    assert market.bob.value("Organization") is None and market.bob.value("Client") is None
    await market.bob.choose("Client", "Kiosk")
    await market.bob.fill("Reason", "We sell things.")
    await market.bob.submit("Next")
    await market.bob.submit("Sign Up")
    assert contracts(market)[0]["client"]["organization"] == "SideShop"


async def test_a_contract_that_a_colleague_made_meanwhile_is_respected(market: House) -> None:
    await with_existing(market)
    market.apply("version: 1\norganizations: [{name: Web Shop, members: [{user: U0EVE, roles: [Client Developer]}]}]")
    await choose_plan(market.eve, plan="Free")
    await market.eve.choose("Client", "Kiosk")
    await market.eve.submit("Next")
    await market.eve.submit("Sign Up")
    assert "Approved" in market.eve.sees()
    await market.bob.submit("Sign Up")
    assert "already has a contract with Payments 1.4" in problem(market.bob)
    assert [one["plan"]["id"] for one in contracts(market)] == ["Free"]


async def test_a_name_that_a_colleague_took_meanwhile_is_asked_for_again(market: House) -> None:
    await to_summary(market.bob)
    made = market.organization("Web Shop")
    market.write(lambda unit: unit.clients.ensure(made, "Till", "Till", "", unit.now))
    await market.bob.submit("Sign Up")
    assert "Till" in problem(market.bob) and market.bob.value("Name") == "Till"
    assert contracts(market) == []


TERMS = """
version: 1
organizations:
  - name: Acme Payments
    apis: [{name: Ledger, version: "2.0", terms: {url: "https://acme.example/terms", version: "2026-04"}}]
"""


async def to_terms(house: House) -> None:
    await choose_plan(house.bob, "Ledger")
    await enter(house.bob)
    await house.bob.submit("Next")


async def test_terms_that_changed_after_they_were_accepted_are_shown_again(market: House) -> None:
    await to_terms(market)
    await market.bob.tick("I accept the terms and conditions")
    await market.bob.submit("Next")
    market.apply(TERMS)
    await market.bob.submit("Sign Up")
    assert "terms changed meanwhile" in problem(market.bob)
    assert "2026-04" in market.bob.sees() and contracts(market) == []
    await market.bob.tick("I accept the terms and conditions")
    await market.bob.submit("Next")
    await market.bob.submit("Sign Up")
    assert contracts(market)[0]["terms"]["version"] == "2026-04"


async def test_terms_that_changed_while_they_were_read_are_not_accepted_unseen(market: House) -> None:
    await to_terms(market)
    await market.bob.tick("I accept the terms and conditions")
    market.apply(TERMS)
    await market.bob.submit("Next")
    assert "terms changed meanwhile" in problem(market.bob)
    assert "2026-04" in market.bob.sees()
    assert market.bob.value("Terms") == []


async def test_approval_that_became_necessary_meanwhile_asks_for_a_reason(market: House) -> None:
    await choose_plan(market.bob, plan="Free")
    await enter(market.bob, reason="")
    await market.bob.submit("Next")
    market.apply(
        payments(plans='[{plan: Free, version: "1.0", requires_approval: true}, {plan: Gold, version: "2.0"}]')
    )
    await market.bob.submit("Sign Up")
    assert "Enter a reason." in problem(market.bob)
    assert contracts(market) == []
    await market.bob.fill("Reason", "We sell things.")
    await market.bob.submit("Next")
    await market.bob.submit("Sign Up")
    await market.delivered()
    assert [one["status"] for one in contracts(market)] == ["AwaitingApproval"]


async def test_two_colleagues_with_one_name_at_once_make_one_client(market: House) -> None:
    market.apply("version: 1\norganizations: [{name: Web Shop, members: [{user: U0EVE, roles: [Client Developer]}]}]")
    await to_summary(market.bob)
    await to_summary(market.eve)
    await market.bob.submit("Sign Up")
    await market.eve.submit("Sign Up")
    assert "Waiting for approval" in market.bob.sees()
    assert "Till" in problem(market.eve)
    assert len(contracts(market)) == 1


async def test_what_was_open_to_all_can_still_be_signed_up_for_when_nothing_changed(market: House) -> None:
    await ask(market)
    assert len(contracts(market)) == 1
