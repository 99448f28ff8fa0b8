"""The page of the local workspace in a real browser: what keys, focus and live updates do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from tests.sandbox.page.conftest import peopled
from tests.sandbox.page.stub_bot import StubBot

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page


@dataclass
class Desk:
    """A browser in front of a workspace. ``complaints`` holds every error of a script or of the content policy."""

    browser: "Browser"
    url: str
    workspace: Workspace
    bot: StubBot
    complaints: list[str] = field(default_factory=list)

    async def window(self, path: str = "U0ADA/c/C0GENERAL", **options: Any) -> "Page":
        """A window of its own, at the page of a person."""
        page = await (await self.browser.new_context(**options)).new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        await page.goto(f"{self.url}/as/{path}")
        return page


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: "Browser") -> AsyncIterator[Desk]:
    """A served workspace, the stub bot and a browser; nothing may have been complained of at the end."""
    workspace = peopled()
    workspace.quiet_seconds = 0.01
    async with (
        SandboxServer(workspace) as server,
        StubBot(workspace.bot_token, server.api_url) as bot,
    ):
        server.events_url = bot.url
        desk = Desk(browser, server.url, workspace, bot)
        yield desk
        for context in list(browser.contexts):
            await context.close()
    assert desk.complaints == []


async def type_in(page: "Page", text: str) -> None:
    box = page.get_by_role("textbox", name="Message")
    await box.fill(text)
    await box.press("Enter")


async def open_wizard(page: "Page") -> "Locator":
    await type_in(page, "/wizard")
    dialog = page.get_by_role("dialog", name="Create Thing")
    await dialog.get_by_text("Step 1 of 2").wait_for()
    return dialog


async def has_focus(locator: "Locator") -> bool:
    return bool(await locator.evaluate("element => element === document.activeElement"))


async def test_a_wizard_is_walked_by_its_labels(desk: Desk) -> None:
    page = await desk.window()
    dialog = await open_wizard(page)
    name, organization = dialog.get_by_label("Name"), dialog.get_by_role("combobox", name="Organization")
    await name.fill("<b>")
    await organization.fill("north")
    await page.get_by_role("option", name="Northwind Traders").click()
    await dialog.get_by_role("button", name="Next").click()
    await dialog.locator(".field-error", has_text="A name cannot contain <: <b>").wait_for()
    assert await has_focus(name) and await organization.input_value() == "Northwind Traders"
    await name.fill("Shop")
    await dialog.get_by_role("button", name="Next").click()
    await dialog.get_by_text("Name: Shop").wait_for()
    await dialog.get_by_role("button", name="Back").click()
    await dialog.get_by_text("Step 1 of 2").wait_for()
    await dialog.get_by_role("button", name="Cancel").click()
    await dialog.wait_for(state="detached")
    assert desk.workspace.violations == []


async def test_a_modal_takes_the_focus_keeps_it_and_gives_it_back(desk: Desk) -> None:
    page = await desk.window()
    dialog = await open_wizard(page)
    assert await has_focus(dialog.get_by_label("Name"))
    for _ in range(8):
        await page.keyboard.press("Tab")
        assert await dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    await page.keyboard.press("Escape")
    await dialog.wait_for(state="detached")
    assert await has_focus(page.get_by_role("textbox", name="Message"))


async def test_a_menu_is_used_with_the_keyboard_alone(desk: Desk) -> None:
    page = await desk.window()
    dialog = await open_wizard(page)
    organization = dialog.get_by_role("combobox", name="Organization")
    await organization.focus()
    await page.keyboard.press("ArrowDown")
    await page.get_by_role("option", name="Acme Logistics").wait_for()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.get_by_role("listbox").wait_for(state="hidden")
    assert await organization.input_value() == "Acme Logistics"
    await organization.fill("zzz")
    await dialog.get_by_text("No result").wait_for()
    await page.keyboard.press("Escape")
    assert await dialog.is_visible() and await organization.input_value() == "Acme Logistics"


async def test_commands_are_completed_while_typing(desk: Desk) -> None:
    page = await desk.window()
    box = page.get_by_role("textbox", name="Message")
    await box.press_sequentially("/w")
    assert await page.locator("#commands").get_by_role("option").all_inner_texts() == [
        "/wizard\nCreate something in two steps",
        "/whisper text\nAnswer so that only you can see it",
    ]
    await box.press("ArrowDown")
    await box.press("Tab")
    assert await box.input_value() == "/whisper "
    await box.press_sequentially("hello")
    await box.press("Enter")
    await page.get_by_text("Only visible to you").wait_for()
    assert await box.input_value() == ""


async def test_two_people_in_two_windows_stay_in_step(desk: Desk) -> None:
    ada, bob = await desk.window("U0ADA/c/C0GENERAL"), await desk.window("U0BOB/c/C0GENERAL")
    await type_in(ada, "/post")
    await bob.get_by_role("button", name="Approve").click()
    await ada.get_by_text("Approved by").wait_for()
    assert await ada.get_by_text("@Bob Kahn").is_visible()
    assert not await ada.get_by_role("button", name="Approve").count()


async def test_a_hidden_tab_rests_and_catches_up_when_it_is_seen_again(desk: Desk) -> None:
    page = await desk.window()
    hide = "Object.defineProperty(document, 'visibilityState', {value: %r, configurable: true});"
    change = "document.dispatchEvent(new Event('visibilitychange'))"
    await page.evaluate(hide % "hidden" + change)
    await desk.workspace.actor("U0BOB").say("While you were away", "C0GENERAL")
    await page.wait_for_timeout(200)  # an open stream would have brought it by now
    assert not await page.get_by_text("While you were away").count()
    await page.evaluate(hide % "visible" + change)
    await page.get_by_text("While you were away").wait_for()


async def test_what_is_being_typed_survives_a_change_by_the_bot(desk: Desk) -> None:
    page = await desk.window()
    dialog = await open_wizard(page)
    await dialog.get_by_label("Name").press_sequentially("Half a na")
    view = desk.workspace.actor("U0ADA").modal
    assert view is not None
    await desk.bot.client.views_update(view_id=view.id, view=view_with_note(view.body))
    await dialog.get_by_text("Something changed").wait_for()
    await page.wait_for_function("document.activeElement.value === 'Half a na'")


def view_with_note(body: dict[str, Any]) -> dict[str, Any]:
    kept = ("type", "callback_id", "title", "submit", "close")
    note = {"type": "section", "block_id": "note", "text": {"type": "mrkdwn", "text": "Something changed"}}
    return {key: body[key] for key in kept} | {"blocks": [note, *body["blocks"]]}


async def test_a_dangerous_button_asks_first(desk: Desk) -> None:
    page = await desk.window()
    await type_in(page, "/post")
    await page.get_by_role("button", name="Reject").click()
    question = page.get_by_role("alertdialog", name="Reject it?")
    await question.get_by_role("button", name="Not now").click()
    await page.get_by_role("button", name="Reject").click()
    await question.get_by_role("button", name="Reject").click()
    await page.wait_for_function("!document.querySelector('dialog[open]')")
    await page.get_by_role("button", name="Reject").and_(page.locator(":not(.htmx-request)")).wait_for()
    pressed = [body["actions"][0]["action_id"] for body in desk.bot.seen if body.get("type") == "block_actions"]
    assert pressed == ["decide.reject"]


async def test_shortcuts_and_the_home_open_modals(desk: Desk) -> None:
    page = await desk.window("U0ADA/home")
    await page.get_by_role("heading", name="My clients").wait_for()
    await page.get_by_role("button", name="Create client").click()
    dialog = page.get_by_role("dialog", name="Every field")
    await dialog.get_by_role("button", name="Cancel").click()
    await dialog.wait_for(state="detached")
    await page.get_by_role("button", name="Shortcuts").click()
    await page.get_by_role("menuitem", name="Open the form").click()
    await dialog.wait_for()


async def test_somebody_with_an_open_modal_can_become_somebody_else(desk: Desk) -> None:
    page = await desk.window()
    dialog = await open_wizard(page)
    await page.get_by_role("button", name="Acting as").click()
    await page.get_by_role("link", name="Bob Kahn", exact=True).click()
    await page.get_by_role("button", name="Acting as Bob Kahn").wait_for()
    assert not await dialog.count() and await page.get_by_role("heading", name="#general").is_visible()


async def test_a_telephone_has_the_channels_in_a_drawer(desk: Desk) -> None:
    page = await desk.window(viewport={"width": 390, "height": 780})
    link = page.get_by_role("link", name="approvals")
    assert not await link.is_visible()
    await page.get_by_role("button", name="Show the channel list").click()
    await link.click()
    await page.get_by_role("heading", name="#approvals").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_the_theme_can_be_chosen_and_stays(desk: Desk) -> None:
    page = await desk.window(color_scheme="light")
    light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.get_by_role("button", name="Theme: system").click()
    await page.get_by_role("button", name="Theme: light").click()
    await page.reload()
    assert await page.get_by_role("button", name="Theme: dark").is_visible()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != light


async def test_the_inspector_shows_a_request_when_it_is_opened(desk: Desk) -> None:
    page = await desk.window()
    await page.get_by_role("button", name="Inspector").click()
    await type_in(page, "/silent")
    row = page.locator("details", has_text="/silent")
    await row.locator("summary").click()
    await row.get_by_text('"command": "/silent"').wait_for()
    assert await page.get_by_role("complementary", name="Inspector").is_visible()
