"""``studio``: the demo in a browser, on a clock that stands still."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.studio import Studio, open_studio, stock


@pytest.fixture(scope="module")
def stocked(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("studio") / "gatehouse.db"))
    stock(database)
    return database


@pytest.fixture
async def studio(chromium: str, stocked: Path, tmp_path: Path) -> AsyncIterator[Studio]:
    async with open_studio(Path(shutil.copy(stocked, tmp_path / "gatehouse.db")), chromium) as one:
        yield one
