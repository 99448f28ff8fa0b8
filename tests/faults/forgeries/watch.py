"""What a run looks at: the processes' own counters, memory and logs, and every row of the database."""

import asyncio
import contextlib
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import sqlalchemy as sa

from bot.store.unit import Unit
from tests.faults.forgeries.genuine import MARK
from tests.faults.town import Server, Town
from tests.hatchery import hatch
from tests.ports import free_port

ACK = re.compile(r'gatehouse_acks_total\{listener="([^"]*)",outcome="([^"]*)"\} ([0-9.e+]+)')
REFUSED = re.compile(r'gatehouse_refused_requests_total\{reason="([^"]*)"\} ([0-9.e+]+)')
QUIET = 30.0
"""Seconds until a run gives up on waiting for quiet."""
STILL = 0.5
"""Seconds, more than two ticks of the scheduler, in which nothing may change for it to be quiet."""
LEFT_OUT = {"seen"}
"""Tables in which a refused request may leave something: what came before is noted there (RELIABILITY B12)."""
REFRESHED = {"people": {"seen_at"}}
"""Columns that say when Slack was last asked about a person; looking at a signed request may ask anew."""
OF_REQUESTS = ("bot.web", "bot.edge", "bot.connection", "handlers", "uvicorn", "asyncio", "slack_bolt")
"""Loggers that speak of requests; the scheduler's and the store's speak of how busy this machine is."""
OF_SIGNED = {"nobody could be told", "payload refused", "unknown id"}
"""Lines that only what is signed with our secret can bring about, one for each."""


@dataclass
class Counted:
    """The counters of one process at one moment, or what two moments differ by."""

    acks: Counter[tuple[str, str]]
    refused: Counter[str]

    def since(self, before: "Counted") -> "Counted":
        """Return what was counted since an earlier moment."""
        return Counted(self.acks - before.acks, self.refused - before.refused)

    @property
    def handled(self) -> int:
        """How often a handler ran: a name with a star is nobody's, and a repeated event is not handled."""
        return sum(
            count
            for (listener, outcome), count in self.acks.items()
            if not listener.endswith(" *") and listener != "unreadable" and outcome != "repeated"
        )

    @property
    def failed(self) -> int:
        """How many answers came of a fault of ours."""
        return self._ended("failed")

    @property
    def unconfirmed(self) -> int:
        """How many answers said that we could not confirm."""
        return self._ended("unavailable")

    def _ended(self, wanted: str) -> int:
        return sum(count for (_, outcome), count in self.acks.items() if outcome == wanted)


@dataclass
class Watched:
    """One ``gatehouse serve`` whose log is kept."""

    server: Server
    log: Path

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def memory(self) -> int:
        """Its resident memory in bytes."""
        return int(psutil.Process(self.server.process.pid).memory_info().rss)

    async def counted(self, at: Town) -> Counted:
        """Return its counters of now."""
        async with at.http.get(f"{self.server.url}/metrics") as answer:
            text = await answer.text()
        acks = {(listener, outcome): int(float(count)) for listener, outcome, count in ACK.findall(text)}
        return Counted(Counter(acks), Counter({reason: int(float(count)) for reason, count in REFUSED.findall(text)}))

    def lines(self) -> list[str]:
        """Return what it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()


async def watched(at: Town, folder: Path) -> Watched:
    """Start one more process and wait until it is ready; it ends with the town."""
    port = free_port()
    log = folder / f"{port}.log"
    with log.open("wb") as written:
        process = hatch("serve", env=at.environment(port) | {"GATEHOUSE_LOG_FORMAT": "json"}, stderr=written)
    server = Server(port, process)
    at.servers.append(server)
    await at._ready(server)
    at.slack.events_url = f"{server.url}/slack/events"
    return Watched(server, log)


Rows = Mapping[str, tuple[int, str]]
"""How many rows each table has, and a hash of all that stands in them."""


async def rows(at: Town) -> Rows:
    """Return what is stored, but for ``LEFT_OUT`` and ``REFRESHED``."""
    return await asyncio.wrap_future(at.store.read.submit(_rows))


def _rows(unit: Unit) -> Rows:
    schema = sa.MetaData()
    schema.reflect(unit.connection)
    return {name: _of(unit, table) for name, table in schema.tables.items() if name not in LEFT_OUT}


def _of(unit: Unit, table: sa.Table) -> tuple[int, str]:
    columns = [column for column in table.columns if column.name not in REFRESHED.get(table.name, ())]
    found = sorted(repr(tuple(row)) for row in unit.connection.execute(sa.select(*columns)))
    return len(found), hashlib.sha256("\n".join(found).encode()).hexdigest()


async def quiet(at: Town) -> Rows:
    """Wait until everything is delivered and nothing changes any more; return what is stored then.

    Raises:
        TimeoutError: something went on changing.
    """
    async with asyncio.timeout(QUIET):
        before = await rows(at)
        while True:
            await asyncio.sleep(STILL)
            now = await rows(at)
            if now == before and not await _owed(at):
                return now
            before = now


async def _owed(at: Town) -> int:
    query = sa.text("SELECT count(*) FROM notifications WHERE due_at IS NOT NULL OR lease_until IS NOT NULL")
    return await asyncio.wrap_future(at.store.read.submit(lambda unit: unit.connection.execute(query).scalar_one()))


def differences(before: Rows, after: Rows) -> list[str]:
    """Return a sentence for each table in which something is not as it was."""
    return [
        f"{name}: of {before.get(name, (0,))[0]} rows there are {after.get(name, (0,))[0]}, not all as they were"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def secrets_told(lines: list[str]) -> list[str]:
    """Return a sentence for each line of a log that nobody may see there: a traceback, a part of a request."""
    found = [f"the log holds a traceback: {line[:200]}" for line in lines if "Traceback" in line]
    return found + [f"the log holds a part of a request: {line[:200]}" for line in lines if MARK in line]


def repetitions(lines: list[str], minutes: float) -> list[str]:
    """Return a sentence for each thing that a log says more often than once a minute, while forgeries come."""
    told: Counter[str] = Counter()
    for line in lines:
        with contextlib.suppress(ValueError):
            one = json.loads(line)
            if str(one.get("logger")).startswith(OF_REQUESTS):
                told[f"{one.get('event')} {one.get('reason', '')}".strip()] += 1
    # One more where the first minute begins, and one where the last one ends.
    often = {words: count for words, count in told.items() if count > minutes + 2}
    return [
        f"{count} lines of the log say: {words}"
        for words, count in often.items()
        if not any(words.startswith(known) for known in OF_SIGNED)
    ]
