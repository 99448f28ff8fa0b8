"""Is the suite awake? ``python -m tests.faults.seeded`` puts one bug after the other into a copy of the repository and
runs the tests that have to notice it; ``--sound 5`` runs all of these tests five times without any bug, where nothing
may be red (RELIABILITY G23). Prints a table; exit code 1 if a bug got through or there was a false alarm.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from tests.faults.seeded_bugs import BUGS, Bug

ROOT = Path(__file__).parents[2]
GREEN, RED = 0, 1
"""pytest's exit codes where tests ran (docs.pytest.org/en/stable/reference/exit-codes.html); others: nothing did."""
LONGEST = 900.0
LAST_WORDS = 10_000
"""Characters of a false alarm that are printed."""


def copy_of(folder: str) -> Path:
    """Return a fresh clone of what is committed."""
    place = Path(folder, "gatehouse")
    subprocess.run(["git", "clone", "--quiet", "--local", str(ROOT), str(place)], check=True)
    return place


def tested(place: Path, tests: Iterable[str]) -> tuple[int, str]:
    """Run tests in a copy until the first that fails; return pytest's exit code, and what it printed.

    Raises:
        RuntimeError: no test could be run, so nothing is proven.
    """
    # Compiled modules of the copy are kept by time of change in seconds, which a bug put in and out again escapes.
    environment = os.environ | {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(
        command, cwd=place, env=environment, timeout=LONGEST, capture_output=True, text=True, check=False
    )
    if done.returncode not in (GREEN, RED):
        raise RuntimeError(f"pytest ran no test: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode, done.stdout


def put_in(place: Path, path: str, old: str, new: str) -> None:
    """Change a file of a copy.

    Raises:
        ValueError: the program has changed, and the bug fits no more.
    """
    file = place / path
    sound = file.read_text()
    if sound.count(old) != 1:
        raise ValueError(f"{path} has {sound.count(old)} places for a bug, there should be one: {old}")
    file.write_text(sound.replace(old, new))


def caught(place: Path, bug: Bug) -> str:
    """Return the words for the first of a bug's tests that noticed it; nothing if none did."""
    for change in bug.changes:
        put_in(place, *change)
    try:
        return next((tests for tests in bug.tests if tested(place, [tests])[0] == RED), "")
    finally:
        subprocess.run(["git", "checkout", "--quiet", "."], cwd=place, check=True)


def hunt(place: Path, bugs: Iterable[Bug]) -> int:
    """Put in one bug after the other, print what noticed it, and return how many got through."""
    through = 0
    print("| bug | caught by | s |\n|---|---|---|", flush=True)
    for bug in bugs:
        begun = time.monotonic()
        by = caught(place, bug)
        through += not by
        print(f"| {bug.name} | {by or 'NOTHING'} | {time.monotonic() - begun:.0f} |", flush=True)
    return through


def alarms(place: Path, runs: int) -> int:
    """Run all tests that bugs name without any bug, print what was red, and return how many runs were not green."""
    tests = sorted({tests.split("::")[0] for bug in BUGS for tests in bug.tests})
    red = 0
    for number in range(1, runs + 1):
        begun = time.monotonic()
        code, printed = tested(place, tests)
        red += code == RED
        words = printed[-LAST_WORDS:] if code == RED else printed.splitlines()[-1]
        print(f"without a bug, run {number}, {time.monotonic() - begun:.0f} s: {words}", flush=True)
    print(f"without a bug: {runs - red} of {runs} runs green")
    return red


def main() -> int:
    """Hunt and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[""], help="words of the bugs' names")
    parser.add_argument("--sound", type=int, default=0, help="runs without a bug")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = copy_of(folder)
        through = hunt(place, [bug for bug in BUGS if any(words in bug.name for words in options.only)])
        return 1 if through + alarms(place, options.sound) else 0


if __name__ == "__main__":
    sys.exit(main())
