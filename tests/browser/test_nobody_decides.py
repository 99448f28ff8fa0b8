"""What is seen where nobody decides: reminder, digest, escalation and expiry, with restarts of the bot in between."""

from typing import TYPE_CHECKING

from bot import townspeople
from tests.browser.studio import HALF, Studio
from tests.journeys.house import House

if TYPE_CHECKING:
    from playwright.async_api import Page

PAYROLL = townspeople.Wish("Payday", "Xero Payroll AU API", "Gold", "The payroll run of 400 people, once a month.")


async def later(house: House, **time: float) -> None:
    """Restart the bot after some time, and let the clock tick twice: what has come does not come again."""
    await house.stop()
    house.clock.forward(**time)
    await house.start()
    await house.tick()
    await house.tick()


async def everybody_asks(house: House) -> None:
    await townspeople.ask(house.bob, [PAYROLL], organization="zuora.com")
    for wish in townspeople.WISHES:
        house.clock.forward(minutes=4)
        await townspeople.ask(house.eve, [wish])
    await house.delivered()


async def read_direct_messages(page: "Page") -> None:
    await page.get_by_role("list", name="Direct messages").get_by_role("link").click()


async def test_reminder_digest_escalation_and_expiry_are_seen_once_each(studio: Studio) -> None:
    house = studio.house
    await everybody_asks(house)
    pat = await studio.window("U0PAT", "c/C0APPROVALS")
    await later(house, hours=24)

    await pat.get_by_role("link", name="1 reply").click()
    thread = pat.get_by_role("complementary", name="Thread")
    await thread.get_by_text("Reminder: Payday 1.0").wait_for()
    await studio.picture(pat, "reminder")

    await read_direct_messages(pat)
    await pat.get_by_text("6 requests are waiting for your approval").wait_for()
    assert await pat.get_by_text("requests are waiting for your approval").count() == 1
    assert await pat.get_by_text("Reminder:").count() == 0
    await studio.picture(pat, "digest")

    await later(house, hours=48)
    ada = await studio.window("U0ADA", "app")
    await ada.get_by_text("Approval request: nobody decided in time").wait_for()
    assert await ada.get_by_role("button", name="Approve", exact=True).count() == 1
    await studio.picture(ada, "escalation")

    await later(house, days=11)
    bob = await studio.window("U0BOB", "app", viewport=HALF)
    await bob.get_by_text("Nobody decided in time.").wait_for()
    await pat.set_viewport_size(HALF)  # type: ignore[arg-type]
    await pat.goto(f"{house.server.url}/as/U0PAT/c/C0APPROVALS")
    await pat.get_by_text("Approval request: Expired").wait_for()
    assert await pat.get_by_role("button", name="Approve", exact=True).count() == 0
    await studio.side_by_side(bob, pat, "expired")
