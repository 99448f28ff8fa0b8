"""The two main walks in the browser, as people of the demo; on the way they take the pictures of the documents.

``GATEHOUSE_PICTURES=1 python3 -m bot test tests/browser`` takes all of them anew.
"""

from typing import TYPE_CHECKING

from tests.browser.studio import HALF, PHONE, Studio, type_in

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page


async def press(window: "Page | Locator", name: str) -> None:
    await window.get_by_role("button", name=name, exact=True).click()


async def enter(dialog: "Locator", name: str, version: str, description: str) -> None:
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_label("Version").fill(version)
    await dialog.get_by_label("Description").fill(description)


async def test_a_client_is_created_in_three_steps_with_back_twice(studio: Studio) -> None:
    page = await studio.window("U0BOB")
    await type_in(page, "/create-client")
    dialog = page.get_by_role("dialog", name="Create Client")
    await dialog.get_by_text("Step 1 of 3").wait_for()
    organization = dialog.get_by_role("combobox", name="Organization")
    await organization.fill("vi")
    await page.get_by_role("option", name="vimeo.com").wait_for()
    await studio.picture(page, "wizard-1-organization")
    await studio.choose(page, organization, "vimeo", "vimeo.com")
    await press(dialog, "Next")
    await dialog.get_by_text("Step 2 of 3").wait_for()
    await enter(dialog, "Film night", "first one", "Picks the films of our team evenings.")
    await studio.still(page)
    await press(dialog, "Next")
    await dialog.locator(".field-error", has_text="it can't contain a space").wait_for()
    await studio.picture(page, "wizard-field-error")
    await dialog.get_by_label("Version").fill("1.0")
    await studio.picture(page, "wizard-2-details")
    await press(dialog, "Next")
    await dialog.get_by_text("Step 3 of 3").wait_for()
    await studio.picture(page, "wizard-3-summary")
    await press(dialog, "Back")
    await dialog.get_by_text("Step 2 of 3").wait_for()
    assert await dialog.get_by_label("Name").input_value() == "Film night"
    await press(dialog, "Back")
    await dialog.get_by_text("Step 1 of 3").wait_for()
    assert await organization.input_value() == "vimeo.com"
    await press(dialog, "Next")
    await dialog.get_by_text("Step 2 of 3").wait_for()
    assert await dialog.get_by_label("Description").input_value() == "Picks the films of our team evenings."
    await press(dialog, "Next")
    await dialog.get_by_text("Step 3 of 3").wait_for()
    await press(dialog, "Create Client")
    details = page.get_by_role("dialog", name="Client", exact=True)
    await details.get_by_text("Film night was created.").wait_for()
    await studio.picture(page, "client-details")
    await press(details.locator("footer"), "Close")
    await type_in(page, "/my-clients")
    await page.get_by_role("dialog", name="My clients").get_by_text("Film night").wait_for()
    await studio.picture(page, "my-clients")
    assert studio.house.clients() == ["Film night"]


async def test_a_guest_gets_a_sentence(studio: Studio) -> None:
    page = await studio.window("U0GUS")
    await type_in(page, "/create-client")
    await page.get_by_text("Guests can't work with clients here").wait_for()
    await studio.picture(page, "guest")
    assert studio.house.clients() == []


async def to_plans(page: "Page") -> "Locator":
    """Find an API and look at its plans."""
    await type_in(page, "/apis pay")
    found = page.get_by_role("dialog", name="Find an API")
    await found.get_by_role("button", name="Learn more about Xero Payroll AU API").click()
    api = page.get_by_role("dialog", name="API", exact=True)
    await api.get_by_text("Approval required").wait_for()
    return api


async def to_reason(studio: Studio, page: "Page", plan: str, name: str, reason: str = "") -> "Locator":
    """Begin to sign up with a new client, and fill in the first step."""
    api = await to_plans(page)
    await api.get_by_role("button", name=f"Sign up for the plan {plan}").click()
    wizard = page.get_by_role("dialog", name="Sign Up")
    await studio.choose(page, wizard.get_by_role("combobox", name="Organization"), "zuora", "zuora.com")
    await enter(wizard, name, "1.0", "Pays the crew.")
    await wizard.get_by_label("Reason").fill(reason)
    await studio.still(page)
    return wizard


async def sign_up(wizard: "Locator", name: str, result: str) -> None:
    """Go on from the first step to the result."""
    await press(wizard, "Next")
    await wizard.get_by_text(f"{name} (new)").wait_for()
    await press(wizard, "Sign Up")
    await wizard.get_by_text(result).wait_for()
    await press(wizard.locator("footer"), "Close")
    await wizard.wait_for(state="detached")


async def read_direct_messages(page: "Page") -> None:
    await page.get_by_role("list", name="Direct messages").get_by_role("link").click()


async def test_an_api_is_found_and_signed_up_for(studio: Studio) -> None:
    page = await studio.window("U0BOB")
    await type_in(page, "/apis pay")
    await page.get_by_role("dialog", name="Find an API").get_by_text("Xero Payroll AU API").wait_for()
    await studio.picture(page, "apis")
    await press(page.get_by_role("dialog").locator("footer"), "Close")
    api = await to_plans(page)
    assert await api.get_by_text("No approval needed").count() == 2
    await studio.picture(page, "api-details")
    await press(api.locator("footer"), "Close")
    await api.wait_for(state="detached")
    wizard = await to_reason(studio, page, "Gold 2.0", "Payday", "The payroll run of 400 people, once a month.")
    await wizard.get_by_role("radio", name="New client").scroll_into_view_if_needed()
    await studio.picture(page, "sign-up-client")
    await press(wizard, "Next")
    await wizard.get_by_text("Payday (new)").wait_for()
    await studio.picture(page, "sign-up-summary")
    await press(wizard, "Cancel")
    await wizard.wait_for(state="detached")
    assert studio.house.clients() == []


async def test_an_approval_goes_round_between_two_windows(studio: Studio) -> None:
    bob = await studio.window("U0BOB", viewport=HALF)
    pat = await studio.window("U0PAT", "c/C0APPROVALS", viewport=HALF)
    wizard = await to_reason(studio, bob, "Gold 2.0", "Payday", "The payroll run of 400 people, once a month.")
    await sign_up(wizard, "Payday", "Waiting for approval")
    await read_direct_messages(bob)
    await bob.get_by_text("Waiting for approval: Payday 1.0").wait_for()
    await pat.get_by_text("The payroll run of 400 people, once a month.").wait_for()
    await studio.side_by_side(bob, pat, "approval-1-asked")
    await press(pat, "Approve")
    await pat.get_by_text("Approval request: Approved").wait_for()
    await studio.house.delivered()
    await bob.get_by_text("The client may call the API now.").wait_for()
    await bob.get_by_role("button", name="Withdraw").wait_for(state="detached")
    assert not await pat.get_by_role("button", name="Approve", exact=True).count()
    await studio.side_by_side(bob, pat, "approval-2-approved")


async def test_a_rejection_carries_its_reason(studio: Studio) -> None:
    bob = await studio.window("U0BOB", viewport=HALF)
    pat = await studio.window("U0PAT", "c/C0APPROVALS", viewport=HALF)
    wizard = await to_reason(studio, bob, "Gold 2.0", "Payday lab", "To find out how fast it is.")
    await sign_up(wizard, "Payday lab", "Waiting for approval")
    await read_direct_messages(bob)
    await bob.get_by_text("Waiting for approval: Payday lab 1.0").wait_for()
    await press(pat, "Reject")
    form = pat.get_by_role("dialog", name="Reject")
    await form.get_by_label("Reason").fill("The Free plan is enough for a measurement.")
    await studio.side_by_side(bob, pat, "approval-3-reason")
    await press(form.locator("footer"), "Reject")
    await form.get_by_text("The requester is told.").wait_for()
    await press(form.locator("footer"), "Close")
    await studio.house.delivered()
    await bob.get_by_text("The Free plan is enough for a measurement.").wait_for()
    await pat.get_by_text("Approval request: Rejected").wait_for()
    await studio.side_by_side(bob, pat, "approval-4-rejected")


async def test_a_plan_without_approval_is_active_at_once(studio: Studio) -> None:
    bob = await studio.window("U0BOB", viewport=HALF)
    pat = await studio.window("U0PAT", "c/C0APPROVALS", viewport=HALF)
    await sign_up(await to_reason(studio, bob, "Silver 1.1", "Payday"), "Payday", "Approved. The contract is active")
    await read_direct_messages(bob)
    await bob.get_by_text("No approval was needed.").wait_for()
    await studio.side_by_side(bob, pat, "approval-5-not-needed")
    assert not studio.house.workspace.channels["C0APPROVALS"].messages


async def test_the_home_tab_shows_what_waits_on_a_desk_and_on_a_phone(studio: Studio) -> None:
    bob = await studio.window("U0BOB")
    wizard = await to_reason(studio, bob, "Gold 2.0", "Payday", "The payroll run of 400 people, once a month.")
    await sign_up(wizard, "Payday", "Waiting for approval")
    pat = await studio.window("U0PAT", "home")
    await pat.get_by_role("button", name="Approve", exact=True).wait_for()
    await studio.picture(pat, "home")
    phone = await studio.window("U0PAT", "c/C0APPROVALS", viewport=PHONE)
    await phone.get_by_role("button", name="Approve", exact=True).wait_for()
    assert await phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await studio.picture(phone, "phone")
