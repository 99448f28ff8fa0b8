"""What an acknowledgement costs, side by side (PERFORMANCE.md P1–P3, P11): ``python -m tests.bench.acks``.

Every round starts each server afresh on one core and drives it from another. Ratios of one run count, absolute figures
drift: the table gives medians over the rounds.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil
import uvloop

from tests.bench import load, processes, traffic
from tests.ports import free_port

CONNECTIONS = 64
RATE = 200.0
"""Requests a second of P2."""

Figures = dict[str, dict[str, list[float]]]
"""Server → figure → one value a round."""


async def measure(rounds: int, count: int, seconds: float, js: Path | None) -> Figures:
    """Return all figures: seconds, bytes and ratios as their names say."""
    figures: Figures = defaultdict(lambda: defaultdict(list))
    async with processes.slack() as slack:
        api = slack.api
        for _ in range(rounds):
            for name in ("bolt25", *(["js25"] if js else []), "gatehouse"):
                await _one(figures[name], _command(name, api, js), 29, count, seconds)
            for name in ("gatehouse-5", "gatehouse-104"):
                await _one(figures[name], _command(name, api, js), 5, count, 0)
            await _whole(figures["gatehouse serve"], api)
    return figures


async def _whole(figures: dict[str, list[float]], api: str) -> None:
    """Start the real program, database and all, to its first answer."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with processes.gatehouse(api, f"sqlite:///{folder}/gatehouse.db", port) as process:
            (line,) = await processes.first_answer(port, next(traffic.requests()))
            figures["start s"].append(time.perf_counter() - started)
            await asyncio.sleep(1)
            figures["idle MB"].append(process.memory_info().rss / 1e6)
            line.close()


async def _one(figures: dict[str, list[float]], command: list[str], listeners: int, count: int, seconds: float) -> None:
    port = free_port()
    started = time.perf_counter()
    process = psutil.Popen([part.replace("PORT", str(port)) for part in command], cwd=processes.ROOT)
    try:
        process.cpu_affinity([0])
        requests = traffic.requests(listeners)
        lines = await processes.first_answer(port, next(requests))
        figures["start s"].append(time.perf_counter() - started)
        await asyncio.sleep(0.3)
        figures["idle MB"].append(process.memory_info().rss / 1e6)
        lines += await load.connect(port, CONNECTIONS - 1)
        await load.flat_out(lines, requests, count // 10)
        before = processes.cpu(process)
        took = await load.flat_out(lines, requests, count)
        figures["cpu µs"].append((processes.cpu(process) - before) / count * 1e6)
        figures["requests/s"].append(count / took)
        if seconds:
            times = await load.paced(lines, requests, RATE, seconds)
            figures["p50 ms"].append(times[len(times) // 2] * 1000)
            figures["p99 ms"].append(times[len(times) * 99 // 100] * 1000)
        for line in lines:
            line.close()
    finally:
        process.terminate()
        process.wait(timeout=15)


def _command(name: str, api: str, js: Path | None) -> list[str]:
    if name == "js25":
        return ["node", str(js), "PORT", api, traffic.SECRET]
    return [sys.executable, "-m", "tests.bench.servers", name, "PORT", api]


def _js(folder: Path) -> Path | None:
    """Install js25's packages into ``folder`` and return its program; None, with a line, where that can't be."""
    if not shutil.which("npm"):
        print("js25 is left out: there is no npm here")
        return None
    shutil.copytree(Path(__file__).parent / "js25", folder, dirs_exist_ok=True)
    done = subprocess.run(["npm", "install", "--silent", "--no-package-lock"], cwd=folder, check=False)
    if done.returncode:
        print("js25 is left out: npm install failed")
        return None
    return folder / "app.js"


def table(figures: Figures) -> str:
    """Return the medians as a Markdown table, and the goals beside what was reached."""
    middle = {name: {key: statistics.median(values) for key, values in each.items()} for name, each in figures.items()}
    keys = ("requests/s", "cpu µs", "p50 ms", "p99 ms", "start s", "idle MB")
    lines = [f"| server | {' | '.join(keys)} |", f"|---|{'---|' * len(keys)}"]
    for name, each in middle.items():
        lines.append(f"| {name} | {' | '.join(f'{each[key]:,.2f}' if key in each else '–' for key in keys)} |")
    return "\n".join([*lines, "", "| # | what | goal | reached |", "|---|---|---|---|", *_goals(middle)])


def _goals(middle: dict[str, dict[str, float]]) -> list[str]:
    whole = middle["gatehouse serve"]
    ours, bolt, js = middle["gatehouse"], middle["bolt25"], middle.get("js25")
    few, many = middle["gatehouse-5"], middle["gatehouse-104"]

    def line(number: str, what: str, goal: float, value: float, unit: str = "×") -> str:
        return f"| {number} | {what} | ≤ {goal:.2f} {unit} | {value:.2f} {unit}{'' if value <= goal else ' (missed)'} |"

    found = [
        line("P1", "CPU of an ack against bolt25", 0.30, ours["cpu µs"] / bolt["cpu µs"]),
        line("P2", "p50 at 200/s against bolt25", 0.15, ours["p50 ms"] / bolt["p50 ms"]),
        line("P2", "p99 at 200/s against bolt25", 0.50, ours["p99 ms"] / bolt["p99 ms"]),
        line("P3", "104 routes against 5", 1.05, many["cpu µs"] / few["cpu µs"]),
        line("P11", "start to first ack", 0.9, whole["start s"], "s"),
        line("P11", "idle memory", 90, whole["idle MB"], "MB"),
    ]
    if js:
        found.insert(1, line("P1", "CPU of an ack against js25", 0.40, ours["cpu µs"] / js["cpu µs"]))
        found.insert(3, line("P2", "p50 at 200/s against js25", 1.0, ours["p50 ms"] / js["p50 ms"]))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=6000, help="a round and server")
    parser.add_argument("--seconds", type=float, default=5.0, help="of P2, a round and server")
    parser.add_argument("--no-js", action="store_true", help="leave out js25")
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory() as folder:
        js = None if options.no_js else _js(Path(folder))
        figures = uvloop.run(measure(options.rounds, options.requests, options.seconds, js))
    print(table(figures))


if __name__ == "__main__":
    main()
