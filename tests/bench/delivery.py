"""From a committed sign-up to the approver's message in Slack (PERFORMANCE.md P5): ``python -m tests.bench.delivery``.

Sign-ups come at 50 a second, spread over so many organizations that no channel gets two messages within a second, which
Slack would not take. Measured is from the moment the sign-up's caller knows of the commit to the moment a local Slack,
a process of its own, has the message. Three ways in turn: delivered by this process; found by a sweep once a second,
as ordinary bots do it; and delivered by another replica, ``gatehouse serve``, on a PostgreSQL with durable settings.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web

from bot import logs
from bot.bootstrap import build, rules_of
from bot.clock import SystemClock
from bot.desk import Desk
from bot.directory import SlackDirectory
from bot.domain.contracts import SignUpDraft
from bot.domain.ids import new_id
from bot.domain.people import Person, Profile
from bot.settings import Settings, load
from bot.slack import Slack
from bot.store import schema
from bot.store.engine import open_store
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from tests import postgres, stock
from tests.bench import processes, traffic
from tests.ports import free_port

RATE = 50
ORGANIZATIONS = 200
"""Each with a channel, an approver and somebody who signs up: at 50 a second its turn comes every four seconds."""
WAYS = ("here", "sweep", "replica")
WARM_UP = 1.0
"""Seconds of sign-ups that don't count."""

Turn = tuple[str, Profile, str]
"""Channel, who signs up, and for which offer."""


def _seed(url: str) -> list[Turn]:
    store = open_store(url, SystemClock(), patient=True)
    try:
        schema.upgrade(store.engine)
        store.write.run(lambda unit: apply_catalog(unit, stock.catalog(ORGANIZATIONS), str))
        return store.write.run(_turns)
    finally:
        store.close()


def _turns(unit: Unit) -> list[Turn]:
    """Know everybody, and return whose turn comes when."""
    turns = []
    for number, place in enumerate(stock.places(unit)):
        person = Person(team=stock.TEAM, user=f"UD{number:04}")
        profile = Profile(person=person, name="Dana Developer", home_team=stock.TEAM)
        unit.people.save_profile(profile, unit.now)
        turns.append((f"{place.channel} {place.organization_id}", profile, place.offer_id))
    return turns


async def _sign_up(desk: Desk, turn: Turn) -> float:
    """Sign up with a new client and return when it was known to be committed."""
    place, profile, offer = turn
    draft = SignUpDraft(
        id=new_id(),
        offer=offer,
        kind="new",
        organization=place.split()[1],
        organization_name="Organization",
        name=f"Shop {new_id()}",
        version="1.0",
        description="Sells shoes.",
        reason="We sell shoes and want to be paid.",
    )
    await desk.keep_sign_up(profile.person, draft)
    await desk.sign_up(profile, draft.id)
    return time.perf_counter()


async def _at_rate(desk: Desk, turns: list[Turn], seconds: float) -> dict[str, list[float]]:
    """Sign up at RATE; return the commits of each channel in order."""
    committed: dict[str, list[float]] = defaultdict(list)
    started = time.perf_counter()

    async def one(turn: Turn) -> None:
        committed[turn[0].split()[0]].append(await _sign_up(desk, turn))

    async with asyncio.TaskGroup() as group:
        for number in range(int(RATE * seconds)):
            await asyncio.sleep(max(0.0, started + number / RATE - time.perf_counter()))
            group.create_task(one(turns[number % len(turns)]))
    return committed


async def _round(way: str, url: str, api: str, seconds: float) -> list[float]:
    """Return the seconds from commit to message, sorted."""
    turns = _seed(url)
    async with aiohttp.ClientSession() as session, _bot(way, url, api) as desk:
        committed = await _at_rate(desk, turns, seconds + WARM_UP)
        async with asyncio.timeout(60):
            while True:
                async with session.get(f"{api}arrivals") as answer:
                    arrived = await answer.json()
                if all(len(arrived.get(channel, ())) >= len(times) for channel, times in committed.items()):
                    break
                await asyncio.sleep(0.2)
        async with session.get(f"{api}forget"):
            pass
    first = min(min(times) for times in committed.values()) + WARM_UP
    return sorted(
        there - here
        for channel, times in committed.items()
        for here, there in zip(times, arrived[channel], strict=True)
        if here >= first
    )


@asynccontextmanager
async def _bot(way: str, url: str, api: str) -> AsyncIterator[Desk]:
    """Give a desk whose sign-ups are delivered in the given way."""
    settings = _settings(url, api, "1s" if way == "sweep" else "2s")
    if way == "replica":
        port, clock = free_port(), SystemClock()
        with processes.gatehouse(api, url, port):
            (line,) = await processes.first_answer(port, next(traffic.requests()))
            line.close()
            store, slack = open_store(url, clock), Slack(processes.TOKEN, api)
            yield Desk(store, rules_of(settings), SlackDirectory(slack), clock)
            await slack.close()
            store.close()
        return
    runtime = await build(settings)
    await runtime.start()
    if way == "sweep":
        runtime.store.write.wake = lambda: None
    try:
        yield runtime.desk
    finally:
        await runtime.stop()


def _settings(url: str, api: str, tick: str) -> Settings:
    return load(
        _env_file=None,
        SLACK_BOT_TOKEN=processes.TOKEN,
        SLACK_SIGNING_SECRET=traffic.SECRET,
        SLACK_API_URL=api,
        GATEHOUSE_DATABASE_URL=url,
        GATEHOUSE_SECRET_KEY="a-key-for-benchmarks-that-protects-nothing",
        GATEHOUSE_TICK=tick,
    )


async def stub(port: int) -> None:
    """Be a Slack that notes when each channel's messages came; ``arrivals`` tells, ``forget`` begins anew."""
    arrived: dict[str, list[float]] = defaultdict(list)

    async def answer(request: web.Request) -> web.Response:
        now = time.perf_counter()
        method = request.match_info["method"]
        if method == "arrivals":
            return web.json_response(arrived)
        if method == "forget":
            arrived.clear()
        said = {"ok": True, "team_id": "T111", "user_id": "UBOT", "bot_id": "B111"}
        if method == "chat.postMessage":
            told = await request.json() if request.content_type == "application/json" else await request.post()
            arrived[str(told["channel"])].append(now)
            said = {"ok": True, "channel": str(told["channel"]), "ts": f"{now:.6f}"}
        return web.json_response(said, headers={"x-oauth-scopes": "commands,chat:write"})

    app = web.Application()
    app.router.add_route("*", "/api/{method}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.sleep(timedelta(days=1).total_seconds())


async def _answers(api: str) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            try:
                async with session.get(f"{api}forget"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
    raise RuntimeError("the local Slack did not start")


async def measure(rounds: int, seconds: float) -> dict[str, list[list[float]]]:
    """Return for each way the sorted seconds of each round."""
    took: dict[str, list[list[float]]] = defaultdict(list)
    port = free_port()
    api = f"http://127.0.0.1:{port}/api/"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        durable = stack.enter_context(postgres.running(postgres.DURABLE))
        stack.enter_context(processes.serving([sys.executable, "-m", "tests.bench.delivery", "--stub", str(port)]))
        await _answers(api)
        for number in range(rounds):
            for way in WAYS:
                if way == "replica":
                    with durable.database() as url:
                        took[way].append(await _round(way, url, api, seconds))
                else:
                    took[way].append(await _round(way, f"sqlite:///{folder}/{way}-{number}.db", api, seconds))
    return took


def table(took: dict[str, list[list[float]]]) -> str:
    """Return the medians over the rounds as a Markdown table, and the goals beside what was reached."""
    middle = {
        way: [statistics.median(times[int(len(times) * part)] for times in rounds) * 1000 for part in (0.5, 0.99)]
        for way, rounds in took.items()
    }
    lines = ["| way | p50 ms | p99 ms |", "|---|---|---|"]
    lines += [f"| {way} | {p50:.1f} | {p99:.1f} |" for way, (p50, p99) in middle.items()]
    lines += ["", "| # | what | goal | reached |", "|---|---|---|---|"]
    for what, goal, value, unit in (
        ("p50, this process", 8, middle["here"][0], "ms"),
        ("p99, this process", 30, middle["here"][1], "ms"),
        ("p50, another replica", 15, middle["replica"][0], "ms"),
        ("p50 against a sweep once a second", 0.02, middle["here"][0] / middle["sweep"][0], "×"),
    ):
        lines.append(f"| P5 | {what} | ≤ {goal} {unit} | {value:.3g} {unit}{'' if value <= goal else ' (missed)'} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print, or be the local Slack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="a round and way")
    parser.add_argument("--stub", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stub:
        uvloop.run(stub(options.stub))
        return
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {1})
    logs.configure("json", "error")
    print(table(uvloop.run(measure(options.rounds, options.seconds))))


if __name__ == "__main__":
    main()
