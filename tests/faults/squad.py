"""The processes of a run: killed, replaced in the background, and known by who calls."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil

from tests.faults.front import Front
from tests.faults.proxy import socket_of
from tests.faults.tap import Moment, Tap, Works
from tests.faults.town import START, Town
from tests.hatchery import Hatched, hatch
from tests.ports import free_port

LOOK = 0.05
"""Seconds between looks at a process that starts."""
NO_DATABASE = ("the database can't be opened", "The database stopped answering during the start")
COMMAND = (sys.executable, "-c", "from bot.cli import main; main()", "serve")


@dataclass(eq=False)
class Replica:
    """One ``gatehouse serve`` in a process group of its own, with its own way to the database."""

    port: int
    process: subprocess.Popen[bytes] | Hatched
    tap: Tap | None
    log: Path
    taking: bool = False
    mute: bool = False
    asked: int = 0
    """Requests under way that make or decide a contract."""
    killed: bool = False
    stopping: bool = False

    def kill(self) -> None:
        """End it and all it started as power failure does; nothing that it still says gets out."""
        self.mute, self.taking, self.killed = True, False, True
        os.killpg(self.process.pid, signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and all it started."""
        self.stopping = self.stopping or number == signal.SIGTERM
        os.killpg(self.process.pid, number)

    @property
    def runs(self) -> bool:
        """Whether it is there and was not killed."""
        return not self.killed and self.process.poll() is None

    def calls_from(self, port: int) -> bool:
        """Return whether a connection from this local port is its own."""
        try:
            return any(one.laddr.port == port for one in psutil.Process(self.process.pid).net_connections("tcp"))
        except psutil.Error:
            return False


Seen = Callable[[Replica, Moment, Works], bool]


@dataclass
class Squad:
    """As many processes as are wanted, whatever happens to them.

    Args:
        at: the town they serve.
        front: where requests come from.
        size: how many there should be.
        seen: told what each one says to PostgreSQL; None on SQLite.
        logs: folder for what they write.
        settings: further variables for each.
    """

    at: Town
    front: Front
    size: int
    seen: Seen | None
    logs: Path
    settings: dict[str, str]
    replicas: list[Replica] = field(default_factory=list)
    started: int = 0
    broken: list[str] = field(default_factory=list)
    """Sentences about processes that did not become ready, or ended without being killed."""
    _keeping: asyncio.Task[None] | None = None
    _starting: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def serving(self) -> list[Replica]:
        """Those that take requests."""
        return [one for one in self.replicas if one.taking and one.runs]

    async def open(self) -> None:
        """Begin to keep the number."""
        self._keeping = asyncio.create_task(self._keep())
        await self.full(self.size)

    async def full(self, least: int, seconds: float = START) -> None:
        """Wait until so many take requests."""
        await self.at.until(lambda: len(self.serving) >= least or self._stumbled(), seconds)

    def _stumbled(self) -> bool:
        """Raise what ended the keeping, if anything did."""
        if self._keeping and self._keeping.done():
            self._keeping.result()
        return False

    async def _keep(self) -> None:
        while True:
            for gone in [one for one in self.replicas if not one.runs]:
                self._remove(gone)
            while len(self.replicas) < self.size:
                replica = await self.start()
                task = asyncio.create_task(self._admit(replica))
                self._starting.add(task)
                task.add_done_callback(self._starting.discard)
            await asyncio.sleep(LOOK)

    def _remove(self, gone: Replica) -> None:
        self.replicas.remove(gone)
        if gone in self.front.places:
            self.front.places.remove(gone)
        gone.process.wait()
        # Without its database a process ends with one sentence, and whoever looks after it starts it anew.
        if not (gone.killed or gone.stopping) and not any(words in _tail(gone.log) for words in NO_DATABASE):
            self.broken.append(f"a process ended by itself: {_tail(gone.log)}")
        if gone.tap:
            gone.tap.close()

    async def start(self, *, afresh: bool = False) -> Replica:
        """Start one more process, ``afresh`` with everything still to be imported; it takes no requests yet."""
        port, self.started = free_port(), self.started + 1
        log = self.logs / f"{self.started}.log"
        tap, address = None, {}
        if self.seen:
            tap = Tap(socket_of(self.at.database_url), lambda *_: False)
            await tap.open()
            address = {"GATEHOUSE_DATABASE_URL": tap.url(self.at.database_url)}
        variables = self.at.environment(port) | self.settings | address
        process = _started(variables, log, afresh=afresh)
        replica = Replica(port, process, tap, log)
        if tap and self.seen:
            seen = self.seen
            tap.watch = lambda moment, works: replica.runs and seen(replica, moment, works)
        self.replicas.append(replica)
        return replica

    async def _admit(self, replica: Replica) -> None:
        """Let a process take requests once it is ready."""
        latest = time.monotonic() + START
        while replica.runs and time.monotonic() < latest:
            if await self._is_ready(replica):
                replica.taking = True
                self.front.places.append(replica)
                return
            await asyncio.sleep(LOOK)
        if replica.runs:
            self.broken.append(f"a process did not become ready: {_tail(replica.log)}")
            replica.kill()

    async def _is_ready(self, replica: Replica) -> bool:
        try:
            async with self.at.http.get(f"http://127.0.0.1:{replica.port}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def caller(self, port: int) -> Replica | None:
        """Return whose connection comes from a local port."""
        return next((one for one in self.replicas if one.runs and one.calls_from(port)), None)

    def said(self) -> str:
        """Return everything the processes wrote."""
        return "".join(log.read_text(errors="replace") for log in self.logs.glob("*.log"))

    async def close(self) -> None:
        """Kill all of them and start no more."""
        for task in (self._keeping, *self._starting):
            if task:
                task.cancel()
        for replica in self.replicas:
            if replica.process.poll() is None:
                replica.kill()
            replica.process.wait()
            if replica.tap:
                replica.tap.close()


def _started(variables: dict[str, str], log: Path, *, afresh: bool) -> subprocess.Popen[bytes] | Hatched:
    with log.open("wb") as said:
        if afresh:
            return subprocess.Popen(COMMAND, cwd="/", env=variables, stdout=said, stderr=said, start_new_session=True)
        return hatch("serve", env=variables, stdout=said, stderr=said, new_session=True)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-400:]
