"""The wizard's last submit, on the disk before it is acknowledged, side by side (PERFORMANCE.md P4).

``python -m tests.bench.wizard``. Every round starts an ordinary bot (tests/bench/ordinary_bot.py) and ``gatehouse
serve`` afresh, on SQLite and on a PostgreSQL with durable settings, on one core, and drives each from the other with
16 submits at a time. Both check the right, make client, version and two audit rows, finish the draft, commit,
acknowledge with the client's details, and then redraw App Home. What is in the database is counted afterwards.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import sqlalchemy as sa
import uvloop

from blocks import client_wizard
from bot.clock import SystemClock
from bot.domain.clients import ClientDraft
from bot.domain.people import Person, Profile
from bot.domain.policy import Role
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.unit import Unit
from tests import postgres
from tests.bench import load, processes, traffic
from tests.ports import free_port

AT_ONCE = 16
PEOPLE = 64
"""People, each with an organization of their own: submits of one organization wait for its chain of audit rows."""
WARM_UP = 160
GOALS = {"sqlite": 6.0, "postgresql": 4.0}
CPU_GOAL = 0.12

Figures = dict[tuple[str, str], dict[str, list[float]]]
"""(database, server) → figure → one value a round."""


async def measure(rounds: int, count: int, python: Path, folder: Path, databases: list[str]) -> Figures:
    """Return all figures: submits a second, milliseconds and microseconds as their names say."""
    figures: Figures = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        durable = stack.enter_context(postgres.running(postgres.DURABLE)) if "postgresql" in databases else None
        async with processes.slack() as slack:
            api = slack.api
            for number in range(rounds):
                for database in databases:
                    for name in ("ordinary", "gatehouse"):
                        with _database(database, folder / f"{name}-{number}.db", durable) as url:
                            await _one(figures[database, name], name, api, url, count, python)
    return figures


@contextmanager
def _database(kind: str, file: Path, server: postgres.Server | None) -> Iterator[str]:
    if server is None or kind == "sqlite":
        yield f"sqlite:///{file}"
    else:
        with server.database() as url:
            yield url


async def _one(figures: dict[str, list[float]], name: str, api: str, url: str, count: int, python: Path) -> None:
    port, drafts = free_port(), WARM_UP + count
    with ExitStack() as stack:
        if name == "gatehouse":
            submits = _submits(_seed(url, drafts))
            process = stack.enter_context(processes.gatehouse(api, url, port))
        else:
            bodies = [(f"draft-{number:06}", f"U{number % PEOPLE + 1:04}") for number in range(drafts)]
            submits = _submits([(_summary() | {"private_metadata": draft}, user) for draft, user in bodies])
            command: list[str | Path] = [
                python,
                "-m",
                "tests.bench.ordinary_bot",
                str(port),
                api,
                url,
                str(PEOPLE),
                str(drafts),
            ]
            process = stack.enter_context(processes.serving(command))
        lines = await processes.first_answer(port, next(traffic.requests()))
        lines += await load.connect(port, AT_ONCE - 1)
        await _timed(lines, submits[:WARM_UP])
        await _idle(process)
        before, started = processes.cpu(process), time.perf_counter()
        took = await _timed(lines, submits[WARM_UP:])
        figures["submits/s"].append(len(took) / (time.perf_counter() - started))
        await _idle(process)
        figures["cpu µs"].append((processes.cpu(process) - before) / count * 1e6)
        figures["late"].append(count - len(took))
        figures["p50 ms"].append(took[len(took) // 2] * 1000)
        figures["p99 ms"].append(took[len(took) * 99 // 100] * 1000)
        for line in lines:
            line.close()
    _must_hold(url, drafts)


async def _timed(lines: list[load.Line], requests: list[bytes]) -> list[float]:
    """Send all requests, each connection the next as soon as it has its answer.

    Return the seconds it took to acknowledge, sorted; a submit that the bot gave up on (Bolt waits three seconds for
    its listener) has none.
    """
    waiting, took = iter(requests), []

    async def keep_asking(line: load.Line) -> None:
        for request in waiting:
            started = time.perf_counter()
            if await line.ask(request) == 200:
                took.append(time.perf_counter() - started)

    await asyncio.gather(*(keep_asking(line) for line in lines))
    return sorted(took)


async def _idle(process: psutil.Popen) -> None:
    """Wait until a server has finished what follows its answers: that is part of the work."""
    last = -1.0
    while (now := processes.cpu(process)) - last > 0.03:
        last = now
        await asyncio.sleep(0.4)


def _submits(views: list[tuple[dict[str, object], str]]) -> list[bytes]:
    """Return signed requests, one for each view and its person."""
    made = []
    for number, (view, user) in enumerate(views):
        content_type, body = traffic.submission(view, user)
        made.append(traffic.signed(body.replace(b"NUMBER", b"%09d" % number), content_type))
    return made


def _summary(draft: ClientDraft | None = None) -> dict[str, object]:
    return client_wizard.summary_step(draft or ClientDraft(id="draft", name="Web shop", version="1.0"))


def _seed(url: str, drafts: int) -> list[tuple[dict[str, object], str]]:
    """Fill Gatehouse's database with people, organizations and drafts; return each draft's last step and its person."""
    store = open_store(url, SystemClock(), patient=True)
    try:
        schema.upgrade(store.engine)
        made = store.write.run(lambda unit: _fill(unit, drafts))
        _settled(store)
    finally:
        store.close()
    return [(_summary(draft), user) for draft, user in made]


def _settled(store: Store) -> None:
    """Give PostgreSQL the statistics that a database in use has."""
    if not store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE"))


def _fill(unit: Unit, drafts: int) -> list[tuple[ClientDraft, str]]:
    unit.people.bind_team("T111", unit.now)
    owned = []
    for number in range(1, PEOPLE + 1):
        person = Person(team="T111", user=f"U{number:04}")
        unit.people.save_profile(_profile(person), unit.now)
        organization = unit.organizations.create("T111", f"Organization {number}", unit.now)
        assert organization is not None
        person_id = unit.people.id_of(person)
        unit.organizations.add_member(organization, person_id, Role.OWNER)
        owned.append((person, person_id, organization))
    made = []
    for number in range(drafts):
        person, person_id, organization = owned[number % PEOPLE]
        draft = ClientDraft(
            id=f"draft-{number:06}",
            organization=organization.id,
            organization_name=organization.name,
            name=f"Web shop {number}",
            version="1.0",
            description="Sells shoes on the web.",
        )
        unit.drafts.save(person_id, draft, unit.now)
        made.append((draft, person.user))
    return made


def _profile(person: Person) -> Profile:
    return Profile(person=person, name=f"Person {person.user}", home_team="T111")


def _must_hold(url: str, clients: int) -> None:
    """Count what was acknowledged.

    Raises:
        RuntimeError: a client, version, audit row or finished draft is missing.
    """
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    wanted = {
        "clients": clients,
        "client_versions": clients,
        "audit": 2 * clients,
        "drafts WHERE client_id IS NOT NULL": clients,
    }
    with engine.connect() as connection:
        for table, count in wanted.items():
            found = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - from above
            if found != count:
                raise RuntimeError(f"{found} of {count} in {table}")
    engine.dispose()


def ordinary_python(folder: Path) -> Path:
    """Return a Python that has Gatehouse's packages and the ordinary bot's, in a virtual environment in ``folder``."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    needed = Path(__file__).with_name("requirements.txt")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "-r", needed], check=True)
    site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (site / "gatehouse.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def table(figures: Figures) -> str:
    """Return the medians as Markdown tables, and the goals beside what was reached."""
    middle = {key: {name: statistics.median(values) for name, values in each.items()} for key, each in figures.items()}
    keys = ("submits/s", "p50 ms", "p99 ms", "cpu µs", "late")
    lines = [f"| database | server | {' | '.join(keys)} |", f"|---|---|{'---|' * len(keys)}"]
    for (database, server), each in middle.items():
        lines.append(f"| {database} | {server} | {' | '.join(f'{each[key]:,.1f}' for key in keys)} |")
    lines += ["", "| # | what | goal | reached |", "|---|---|---|---|"]
    for database in dict.fromkeys(database for database, _ in middle):
        ours, theirs = middle[database, "gatehouse"], middle[database, "ordinary"]
        faster, cpu = ours["submits/s"] / theirs["submits/s"], ours["cpu µs"] / theirs["cpu µs"]
        goal = GOALS[database]
        missed = "" if faster >= goal else " (missed)"
        lines.append(f"| P4 | {database}, throughput | ≥ {goal:.0f} × | {faster:.1f} ×{missed} |")
        if database == "sqlite":
            missed = "" if cpu <= CPU_GOAL else " (missed)"
            lines.append(f"| P4 | {database}, CPU a submit | ≤ {CPU_GOAL} × | {cpu:.2f} ×{missed} |")
        else:
            lines.append(f"| P4 | {database}, CPU a submit | – | {cpu:.2f} × |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--submits", type=int, default=1600, help="a round and server")
    parser.add_argument("--database", choices=[*GOALS, "both"], default="both")
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {1})
    databases = list(GOALS) if options.database == "both" else [options.database]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = ordinary_python(folder / "venv")
        figures = uvloop.run(measure(options.rounds, options.submits, python, folder, databases))
    print(table(figures))


if __name__ == "__main__":
    main()
