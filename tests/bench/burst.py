"""A burst of sign-ups in many channels at once (PERFORMANCE.md P6): ``python -m tests.bench.burst``.

10,000 sign-ups are committed in ten seconds for the plans of 50 organizations with a channel each, as other replicas
commit them: by a feeder, a process of its own that writes the rows a sign-up leaves, a hundred times a second, each
time for ten requests, and announces them. One ``gatehouse serve`` on a PostgreSQL with durable settings delivers
them, the requesters' direct messages too, to a local Slack, again a process of its own, which refuses messages that
come into a channel faster than one a second. Meanwhile an approver asks for ``/approvals`` ten times a second.

A request is told when its channel shows it: as a message, or by the number on the burst card.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import sqlalchemy as sa
import uvloop
from aiohttp import web

from bot.store import tables as t
from bot.store.engine import open_store
from tests import postgres
from tests.bench import load, processes, traffic
from tests.bench.burst_feed import prepare
from tests.ports import free_port

CLOSEST = 0.75
"""Seconds between two messages of a channel below which the local Slack refuses: its rule is "about one a second"."""
ACKS = 10.0
"""Requests for ``/approvals`` in a second."""
IDLE = 8.0
"""Seconds of them before the burst."""
MOST_CALLS = 12
PATIENCE = 180.0

Call = tuple[float, str, str, str]
"""When, which method, into which channel, with which text."""


async def stub(port: int) -> None:
    """Be a Slack that keeps its rate and notes who said what where; ``calls`` tells it."""
    calls: list[Call] = []
    last: dict[str, float] = {}

    async def answer(request: web.Request) -> web.Response:
        now, method = time.perf_counter(), request.match_info["method"]
        if method == "calls":
            return web.json_response(calls)
        said: dict[str, Any] = {"ok": True, "team_id": "T111", "user_id": "UBOT", "bot_id": "B111"}
        if method.startswith("views."):
            said["view"] = {"id": "V111", "hash": "1.a"}
        if method in {"chat.postMessage", "chat.update"}:
            told = await request.json() if request.content_type == "application/json" else await request.post()
            channel = str(told["channel"])
            if channel.startswith("C") and now - last.get(channel, 0.0) < CLOSEST:
                calls.append((now, "429", channel, ""))
                return web.json_response(
                    {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"}
                )
            last[channel] = now
            calls.append((now, method, channel, str(told["text"])))
            said |= {"channel": channel, "ts": str(told.get("ts") or f"{now:.6f}")}
        return web.json_response(said, headers={"x-oauth-scopes": "commands,chat:write"})

    app = web.Application()
    app.router.add_route("*", "/api/{method}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.sleep(timedelta(days=1).total_seconds())


@dataclass
class Burst:
    """What one round came to; times in seconds."""

    committed: dict[str, list[float]]
    calls: list[Call]
    idle: list[float]
    busy: list[float]
    unsent: int
    """Notifications that the database does not count as delivered."""

    def in_channel(self, channel: str) -> list[Call]:
        return [call for call in self.calls if call[2] == channel and call[1] != "429"]

    @property
    def limited(self) -> int:
        return sum(call[1] == "429" for call in self.calls)

    @property
    def most_calls(self) -> int:
        return max(len(self.in_channel(channel)) for channel in self.committed)

    def told(self) -> list[float]:
        """Return how long each request took to show in its channel, sorted."""
        return sorted(late for channel in self.committed for late in self._told(channel))

    def _told(self, channel: str) -> list[float]:
        late: list[float] = []
        for at, shown in shown_after(self.in_channel(channel)):
            times = self.committed[channel]
            late += [max(0.0, at - times[number]) for number in range(len(late), min(shown, len(times)))]
        return late

    @property
    def missing(self) -> int:
        """Requests that no channel shows."""
        return sum(map(len, self.committed.values())) - len(self.told())

    @property
    def too_many(self) -> int:
        """Requests that channels show beyond those there are, and messages that somebody got twice."""
        over = sum(
            max(0, shown_after(self.in_channel(channel))[-1][1] - len(times))
            for channel, times in self.committed.items()
        )
        direct = [call[2] for call in self.calls if call[2].startswith("UD") and call[1] == "chat.postMessage"]
        return over + len(direct) - len(set(direct))


def shown_after(calls: list[Call]) -> list[tuple[float, int]]:
    """Return how many requests a channel showed after each call: its messages, and the newest number of each card."""
    messages, card, shown = 0, 0, []
    for at, _, _, text in calls:
        first = text.split()[0].replace(",", "")
        if first.isdigit():
            card = int(first)
        else:
            messages += 1
        shown.append((at, messages + card))
    return shown


def _asking() -> Iterator[bytes]:
    number = int(time.time() * 1000) % 10**9
    content_type, body = traffic.template("command", "/approvals")
    body = body.replace(b"U111", b"UA0007").replace(b"Acme+Payments", b"")
    while True:
        number += 1
        yield traffic.signed(body.replace(b"NUMBER", b"%09d" % number), content_type)


async def _asks_for(line: list[load.Line], seconds: float) -> list[float]:
    return await load.paced(line, _asking(), ACKS, seconds)


async def one_round(url: str, api: str, number: int, seconds: float) -> Burst:
    """Let a burst come over a fresh database and wait until all of it has arrived."""
    prepare(url, number)
    port = free_port()
    with processes.gatehouse(api, url, port):
        lines = await processes.first_answer(port, next(_asking()))
        lines += await load.connect(port, 3)
        idle = await _asks_for(lines, IDLE)
        feeder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.burst_feed", url, str(number), str(seconds)),
            stdout=subprocess.PIPE,
        )
        busy, (written, _) = await asyncio.gather(_asks_for(lines, seconds + 2), feeder.communicate())
        unsent = await _arrived(url)
    async with aiohttp.ClientSession() as session, session.get(f"{api}calls") as answer:
        calls = [tuple(call) for call in await answer.json()]
    return Burst(json.loads(written), calls, idle, busy, unsent)


async def _arrived(url: str) -> int:
    """Wait until nothing is owed any more; return how much still is when patience ends."""
    store = open_store(url, patient=True)
    owed = sa.select(sa.func.count()).select_from(t.notifications)
    owed = owed.where(sa.or_(t.notifications.c.due_at.is_not(None), t.notifications.c.state != "sent"))
    try:
        for _ in range(int(PATIENCE * 2)):
            left = store.read.run(lambda unit: unit.connection.execute(owed).scalar_one())
            if not left:
                return 0
            await asyncio.sleep(0.5)
        return int(left)
    finally:
        store.close()


async def measure(rounds: int, number: int, seconds: float) -> list[Burst]:
    """Return what each round came to."""
    bursts = []
    for _ in range(rounds):
        with ExitStack() as stack:
            durable = stack.enter_context(postgres.running(postgres.DURABLE))
            port = free_port()
            command: list[str | Path] = [sys.executable, "-m", "tests.bench.burst", "--stub", str(port)]
            stack.enter_context(processes.serving(command))
            api = f"http://127.0.0.1:{port}/api/"
            await _listens(api)
            url = stack.enter_context(durable.database())
            bursts.append(await one_round(url, api, number, seconds))
            print(f"round {len(bursts)} of {rounds}: {_line(bursts[-1])}", file=sys.stderr)
    return bursts


async def _listens(api: str) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            try:
                async with session.get(f"{api}calls"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
    raise RuntimeError("the local Slack did not start")


def _line(burst: Burst) -> str:
    return ", ".join(f"{what} {value:.3g}" for what, _, value, _ in _reached([burst]))


def _reached(bursts: list[Burst]) -> list[tuple[str, float, float, str]]:
    """Return what, its goal, what was reached (a median; the worst where nothing is allowed), and the unit."""
    return [
        ("429", 0, max(burst.limited for burst in bursts), ""),
        ("most calls into a channel", MOST_CALLS, max(burst.most_calls for burst in bursts), ""),
        ("committed → told, p50", 0.6, statistics.median(_at(burst.told(), 0.5) for burst in bursts), "s"),
        ("lost", 0, max(burst.missing + burst.unsent for burst in bursts), ""),
        ("doubled", 0, max(burst.too_many for burst in bursts), ""),
        ("p99 of `/approvals` against idle", 2.0, statistics.median(map(_slowed, bursts)), "×"),
    ]


def _slowed(burst: Burst) -> float:
    return _at(burst.busy, 0.99) / _at(burst.idle, 0.99)


def _at(times: list[float], part: float) -> float:
    return times[int(len(times) * part)] if times else float("inf")


def table(bursts: list[Burst]) -> str:
    """Return goals and results as a Markdown table."""
    lines = ["| # | what | goal | reached |", "|---|---|---|---|"]
    for what, goal, value, unit in _reached(bursts):
        lines.append(f"| P6 | {what} | ≤ {goal} {unit} | {value:.3g} {unit}{'' if value <= goal else ' (missed)'} |")
    told = [statistics.median(_at(burst.told(), part) for burst in bursts) for part in (0.99, 0.9999)]
    acks = [statistics.median(_at(times, 0.99) for times in every) * 1000 for every in _both(bursts)]
    lines += [
        "",
        f"Told: p99 {told[0]:.2f} s, last {told[1]:.2f} s. `/approvals`: p99 {acks[0]:.1f} ms idle, {acks[1]:.1f} ms.",
    ]
    return "\n".join(lines)


def _both(bursts: list[Burst]) -> tuple[list[list[float]], list[list[float]]]:
    return [burst.idle for burst in bursts], [burst.busy for burst in bursts]


def main() -> None:
    """Measure and print, or be the local Slack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sign-ups", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--stub", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stub:
        uvloop.run(stub(options.stub))
    else:
        if len(os.sched_getaffinity(0)) > 1:
            os.sched_setaffinity(0, {1})
        print(table(uvloop.run(measure(options.rounds, options.sign_ups, options.seconds))))


if __name__ == "__main__":
    main()
