"""The demo as people start it: killed in between, and started again on the same data."""

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from bot.sandbox.journal import Journal
from bot.sandbox.workspace import Workspace
from tests.hatchery import PIPE, hatch

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds on a busy machine; two are what it takes."""
TITLE = re.compile(r'<h3 class="b-header">(Approval request[^<]*)<')
WAITS, APPROVED = "Approval request", "Approval request: Approved"
APPROVE = re.compile(r'hx-vals="([^"]*approval\.approve[^"]*)"')


class Demo:
    """A running demo, looked at over its page."""

    def __init__(self, url: str) -> None:
        self._url = url

    def page(self, person: str, place: str = "app") -> str:
        """Return a person's page, by default the direct messages with the bot."""
        with urlopen(f"{self._url}/as/{person}/{place}", timeout=PATIENCE) as answer:  # noqa: S310 - of the demo
            return str(answer.read().decode())

    def titles(self) -> list[str]:
        """Return what stands on top of the requests that Pat was asked about, oldest first."""
        return TITLE.findall(self.page("U0PAT"))

    def approve(self) -> None:
        """Press the first Approve button on Pat's page."""
        found = APPROVE.search(self.page("U0PAT"))
        assert found
        pressed = urlencode(json.loads(html.unescape(found[1]))).encode()
        request = Request(f"{self._url}/as/U0PAT/press", pressed, {"Origin": self._url})  # noqa: S310 - of the demo
        urlopen(request, timeout=PATIENCE).close()  # noqa: S310 - of the demo


def until(seen: Callable[[], bool]) -> None:
    """Wait until something is seen."""
    last = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < last
        time.sleep(0.1)


@contextmanager
def demo(folder: Path, *, end: signal.Signals) -> Iterator[Demo]:
    """Give a demo on a folder; a signal ends it, and no error may have been logged."""
    command = ("demo", "--port", "0", "--data-dir", str(folder), "--requests")
    times = {"GATEHOUSE_TICK": "1s", "GATEHOUSE_REMIND_AFTER": "2s", "GATEHOUSE_ESCALATE_AFTER": "0"}
    process = hatch(*command, env=os.environ | times, stdout=PIPE, stderr=PIPE)
    assert process.stdout
    try:
        said = next(line for line in process.stdout if "http://" in line)
        yield Demo(said.strip())
    finally:
        process.send_signal(end)
        _, complaints = process.communicate(timeout=PATIENCE)
    assert not re.search(r"Traceback|\[error", complaints), complaints
    assert process.returncode == (-end if end is signal.SIGKILL else 0)


def test_after_a_kill_everything_is_there_and_goes_on_and_nothing_comes_twice(tmp_path: Path) -> None:
    with demo(tmp_path, end=signal.SIGKILL) as first:
        until(lambda: first.titles() == [WAITS] * 6)
        until(lambda: "Last reply" in first.page("U0PAT") or "6 requests are waiting" in first.page("U0PAT"))
    with demo(tmp_path, end=signal.SIGINT) as second:
        assert second.titles() == [WAITS] * 6
        second.approve()
        until(lambda: second.titles() == [APPROVED, *[WAITS] * 5])
        until(lambda: "Approved: Standup board" in second.page("U0EVE"))
        until(lambda: "5 requests" in second.page("U0PAT") or "Last reply" in second.page("U0PAT"))
        assert second.page("U0EVE").count("Approved: Standup board 1.0") == 1
        assert [second.page("U0EVE").count(f"{wish} 1.0") for wish in ("Cloud costs", "Lobby music")] == [1, 1]


def test_a_folder_holds_one_demo(tmp_path: Path) -> None:
    workspace, journal = Workspace(manifest={}), Journal(tmp_path / "workspace.jsonl")
    journal.open(workspace)
    command = [sys.executable, "-m", "bot", "demo", "--port", "0", "--data-dir", str(tmp_path)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    journal.close()
    assert second.returncode == 2
    assert second.stderr == f"--data-dir {tmp_path}: another demo runs there; stop it first, or name another.\n"
