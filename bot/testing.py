"""``gatehouse test``: the whole suite of a checkout, with the checks of style and types in it (tests/test_house.py)."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
WORKERS = "4"
"""Two for each of two cores: a test waits for answers half of its time. Each worker has a PostgreSQL of its own."""


def run(arguments: list[str], checkout: Path = CHECKOUT) -> int:
    """Run the tests and return pytest's exit code; ``arguments`` go to pytest and stand for the whole suite if empty.

    Without a checkout around this package there are no tests: says so and returns 2 (wrong use).
    """
    if not (checkout / "tests" / "test_house.py").is_file():
        sys.stderr.write("The tests are in the repository, not in the installed package: run this in a clone of it.\n")
        return 2
    spread = [] if arguments else ["-n", WORKERS, "--dist", "worksteal"]
    command = [sys.executable, "-m", "pytest", "-rs", *spread, *arguments]
    try:
        return subprocess.run(command, cwd=checkout, check=False).returncode
    except KeyboardInterrupt:
        return 130
