"""Evidence that what was acknowledged is on the disk: ``python -m tests.faults.traced --submits 200`` (RELIABILITY G2).

A kill leaves what the system has in its cache, a power failure does not. So the process runs on SQLite under strace,
and for each submit of the wizard's last step its system calls must show, between the request and the answer, a write of
that client's name into the -wal file and after it a finished fsync or fdatasync of the same file.
"""

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.faults.kills import peopled
from tests.faults.market import GOLD, NAMES, Market
from tests.faults.people import walkers
from tests.faults.squad import COMMAND
from tests.faults.town import START, Town
from tests.faults.world import Told
from tests.ports import free_port

PAGE = 4_096 + 24
"""Bytes of a frame in the -wal file (sqlite.org/fileformat.html#the_write_ahead_log): so much of a write is noted."""
CALLS = "pwrite64,fdatasync,fsync"
LINE = re.compile(r"^(?P<thread>\d+) +(?P<at>\d+\.\d+) (?P<rest>.*)$")
LASTED = re.compile(r"= 0 <(?P<seconds>[\d.]+)>$")


@dataclass(frozen=True)
class Submit:
    """One submit that was answered as done: seconds since 1970 of request and answer."""

    client: str
    asked: float
    answered: float


@dataclass
class Trace:
    """What strace noted about the -wal file."""

    writes: list[tuple[float, str]] = field(default_factory=list)
    """When something was written, and what."""
    syncs: list[tuple[float, float]] = field(default_factory=list)
    """When it began and had ended to be brought to the disk."""

    def proves(self, submit: Submit) -> bool:
        """Return whether the name was written and then synced while the request waited."""
        written = [at for at, text in self.writes if submit.asked <= at <= submit.answered and submit.client in text]
        return any(at <= begun and ended <= submit.answered for at in written for begun, ended in self.syncs)


def read(lines: Iterator[str]) -> Trace:
    """Return what a file of strace tells; calls of several threads may be interleaved."""
    trace, begun = Trace(), dict[str, float]()
    for line in lines:
        found = LINE.match(line.rstrip("\n"))
        if not found:
            continue
        thread, at, rest = found["thread"], float(found["at"]), found["rest"]
        lasted = LASTED.search(rest)
        if rest.startswith("pwrite64(") and "-wal>" in rest:
            trace.writes.append((at, rest))
        elif rest.startswith(("fsync(", "fdatasync(")) and "-wal>" in rest:
            if lasted:
                trace.syncs.append((at, at + float(lasted["seconds"])))
            else:
                begun[thread] = at
        elif rest.startswith(("<... fsync", "<... fdatasync")) and lasted and thread in begun:
            start = begun.pop(thread)
            trace.syncs.append((start, start + float(lasted["seconds"])))
    return trace


async def submits(at: Town, count: int) -> list[Submit]:
    """Let people sign up one after the other; return each last step that was answered as done."""
    told, done = Told(), []
    crowd = walkers(at, Market(1), told, 1)
    for number in range(count):
        name = f"Traced {number:04}"
        await crowd[number % len(crowd)].sign_up(name, NAMES[number % len(NAMES)], GOLD)
        assert told.sign_ups[-1].told, told.sign_ups[-1]
        last = [one for one in at.workspace.traffic if one.name == "view_submission"][-1]
        done.append(Submit(name, last.at, last.at + last.ms / 1000))
        if number % 20 == 19:
            print(f"{number + 1} submits", file=sys.stderr, flush=True)
    return done


async def ready(at: Town, port: int) -> None:
    """Wait until the process takes requests."""
    async with asyncio.timeout(START):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with at.http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)


async def traced(database_url: str, count: int, notes: Path) -> list[Submit]:
    """Let a process serve under strace while people sign up."""
    async with peopled(database_url, Market(1)) as at:
        port = free_port()
        watching = ["strace", "-f", "-ttt", "-T", "-y", "-s", str(PAGE), "-e", f"trace={CALLS}", "-o", str(notes)]
        process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
            [*watching, *COMMAND],
            cwd="/",
            env=at.environment(port),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await ready(at, port)
            at.slack.events_url = f"http://127.0.0.1:{port}/slack/events"
            return await submits(at, count)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # strace alone would leave the process running
            process.wait()


def main() -> int:
    """Run and print; return 1 if a submit was acknowledged before it was on the disk, 2 without strace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submits", type=int, default=200)
    count = parser.parse_args().submits
    if shutil.which("strace") is None:
        print("strace is not installed: nothing was traced", file=sys.stderr)
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "strace"
        done = asyncio.run(traced(f"sqlite:///{folder}/gatehouse.db", count, notes))
        with notes.open(errors="replace") as lines:
            trace = read(iter(lines))
    bare = [submit.client for submit in done if not trace.proves(submit)]
    print(
        f"{len(done)} submits traced in {time.monotonic() - began:.0f} s: {len(done) - len(bare)} written and synced "
        f"between request and answer; {len(trace.writes)} writes and {len(trace.syncs)} syncs of the -wal file"
    )
    print(*(f"not on the disk when acknowledged: {client}" for client in bare), sep="\n", end="\n" if bare else "")
    return 1 if bare else 0


if __name__ == "__main__":
    sys.exit(main())
