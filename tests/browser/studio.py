"""The demo on a clock that stands still, with a browser in front of it: the same walk gives the same pictures."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import townspeople
from bot.catalogs import native
from bot.manifest import manifest
from bot.samples import CATALOG
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from bot.settings import Settings, load
from bot.store.engine import open_store
from bot.usecases.catalog import apply_catalog
from bot.usecases.people import bind_team
from tests.journeys.house import SECRET_KEY, House
from tests.store.conftest import StandingClock

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page, ViewportSize

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WANTED = os.environ.get("GATEHOUSE_PICTURES") == "1"
"""Whether pictures are taken anew; otherwise only those that are missing are."""
DESKTOP = {"width": 1280, "height": 800}
HALF = {"width": 776, "height": 800}
BOTH: "ViewportSize" = {"width": 1560, "height": 800}
PHONE = {"width": 390, "height": 780}
UNSELECTED = """(() => {
    const field = document.activeElement;
    if (typeof field.selectionStart === "number") field.setSelectionRange(field.value.length, field.value.length);
})()"""
"""A field that takes the focus has its text selected, which hides it in a picture."""
MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class Studio:
    """A browser in front of the demo. ``complaints`` holds every error of a script."""

    def __init__(self, house: House, browser: "Browser") -> None:
        self.house, self._browser = house, browser
        self.complaints: list[str] = []

    async def window(self, user: str, place: str = "c/C0GENERAL", **options: Any) -> "Page":
        """Open a window of its own, at the page of a person; taking pictures is more than its content policy allows."""
        usual: dict[str, Any] = {
            "viewport": DESKTOP,
            "color_scheme": "light",
            "reduced_motion": "reduce",
            "bypass_csp": True,
        }
        options = usual | options
        page = await (await self._browser.new_context(**options)).new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        await page.goto(f"{self.house.server.url}/as/{user}/{place}")
        return page

    async def close(self) -> None:
        """Close all windows."""
        for context in list(self._browser.contexts):
            await context.close()

    async def picture(self, page: "Page", name: str) -> None:
        """Take a picture of a window, if it is wanted or missing."""
        path = PICTURES / f"{name}.png"
        if WANTED or not path.exists():
            await self.still(page)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(await page.screenshot(animations="disabled", caret="hide"))

    async def side_by_side(self, left: "Page", right: "Page", name: str) -> None:
        """Take one picture of two windows, if it is wanted or missing."""
        path = PICTURES / f"{name}.png"
        if not WANTED and path.exists():
            return
        images = []
        for page in (left, right):
            await self.still(page)
            taken = await page.screenshot(animations="disabled", caret="hide")
            images.append(f'<img src="data:image/png;base64,{base64.b64encode(taken).decode()}">')
        frame = await (await self._browser.new_context(viewport=BOTH)).new_page()
        style = "body{margin:0;display:flex;justify-content:space-between;background:#888}img{display:block}"
        await frame.set_content(f"<style>{style}</style>{''.join(images)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(await frame.screenshot())
        await frame.context.close()

    async def choose(self, page: "Page", field: "Locator", text: str, option: str) -> None:
        """Choose an entry of a menu by typing."""
        await self.still(page)
        await field.fill(text)
        await page.get_by_role("option", name=option).click()
        await page.get_by_role("listbox").wait_for(state="hidden")

    async def still(self, page: "Page") -> None:
        """Wait until nothing is on its way, and take the pointer out of the picture."""
        await page.mouse.move(0, 0)
        await page.evaluate(UNSELECTED)
        await page.locator(".htmx-request").first.wait_for(state="detached")
        await self.house.workspace.activity.settled(0.05, 20)


def stock(database: Path) -> None:
    """Fill a database that has the schema with the demo's catalog."""
    store = open_store(f"sqlite:///{database}", _clock(), patient=True)
    source = native.read(CATALOG)
    store.write.run(lambda unit: bind_team(unit, Workspace(manifest=manifest()).team_id))
    store.write.run(lambda unit: apply_catalog(unit, source.catalog, str))
    store.close()


def _clock() -> StandingClock:
    clock = StandingClock()
    clock.at = MORNING
    return clock


@asynccontextmanager
async def open_studio(database: Path, browser: "Browser") -> AsyncIterator[Studio]:
    """Give the demo's people and channels, the bot on a stocked database, and a browser; no script may complain."""
    clock = _clock()
    workspace = Workspace(manifest=manifest(), now=lambda: clock.now().timestamp())
    townspeople.people(workspace)
    async with SandboxServer(workspace) as server:
        house = House(workspace, server, _settings(workspace, server, database), clock)
        await house.start()
        studio = Studio(house, browser)
        try:
            yield studio
        finally:
            await studio.close()
            await house.stop()
    assert not studio.complaints, studio.complaints
    assert not workspace.violations, workspace.violations


def _settings(workspace: Workspace, server: SandboxServer, database: Path) -> Settings:
    return load(
        _env_file=None,
        SLACK_BOT_TOKEN=workspace.bot_token,
        SLACK_SIGNING_SECRET=workspace.signing_secret,
        SLACK_API_URL=server.api_url,
        GATEHOUSE_DATABASE_URL=f"sqlite:///{database}",
        GATEHOUSE_SECRET_KEY=SECRET_KEY,
    )


async def type_in(page: "Page", text: str) -> None:
    """Send a message or a command from the composer."""
    box = page.get_by_role("textbox", name="Message")
    await box.fill(text)
    await box.press("Enter")
