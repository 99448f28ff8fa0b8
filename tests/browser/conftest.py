"""``browser``: one Chromium for all tests of a process. ``studio``: the demo in it, on a clock that stands still."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.browser.studio import Studio, open_studio, stock

if TYPE_CHECKING:
    from playwright.async_api import Browser

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of this folder share a loop, and so a browser."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_browser(chromium: str) -> AsyncIterator["Browser"]:
    """Give the one Chromium of this process: to start it takes more of a core than most tests do."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - only where a browser is

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(running_browser: "Browser") -> AsyncIterator["Browser"]:
    """Give a browser without windows; each test opens its own, which know nothing of those before them."""
    yield running_browser
    for context in list(running_browser.contexts):
        await context.close()


@pytest.fixture(scope="module")
def stocked(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("studio") / "gatehouse.db"))
    stock(database)
    return database


@pytest_asyncio.fixture(loop_scope="session")
async def studio(browser: "Browser", stocked: Path, tmp_path: Path) -> AsyncIterator[Studio]:
    async with open_studio(Path(shutil.copy(stocked, tmp_path / "gatehouse.db")), browser) as one:
        yield one
