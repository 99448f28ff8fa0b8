"""Honest clicks while forgeries come by the hundred: what the people of the workspace notice of a flood."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import sqlalchemy as sa

from bot.store.tables import notifications
from bot.store.unit import Unit
from tests.faults.forgeries.forgery import ANY
from tests.faults.forgeries.genuine import CLICK, SHAPES, Pen
from tests.faults.forgeries.rawhttp import Sending, plain, talk
from tests.faults.forgeries.table import FLOODING
from tests.faults.forgeries.torrent import Order, begun
from tests.faults.forgeries.watch import Counted, Watched
from tests.faults.town import Town

PREPARED = 600
"""Forgeries written before the flood and sent again and again: writing them is not what is measured."""
ENOUGH = 0.95
"""Part of the planned flood that has to come about."""


@dataclass
class Flood:
    """What came of a flood."""

    rate: float = 0.0
    """Forgeries a second."""
    sent: int = 0
    clicks: list[float] = field(default_factory=list)
    """Seconds from the moment each click was due to its answer."""
    before: list[float] = field(default_factory=list)
    """The same, before the flood."""
    let_in: int = 0
    """Forgeries answered with a 2xx or a 5xx."""
    unanswered: int = 0
    """Clicks without a 200."""
    unconfirmed: int = 0
    """Clicks that were told in time that we could not confirm: a matter of time, and true."""
    unconfirmed_before: int = 0
    """Those of them before the flood."""
    undecided: int = 0
    """Clicks whose contract is not approved."""
    decided_too_many: int = 0
    """Contracts approved that nobody clicked on."""


async def flooded(
    at: Town, processes: Sequence[Watched], pen: Pen, rng: Random, *, rate: int, clicks: int, seconds: int
) -> Flood:
    """Let Pat approve ``clicks`` requests a second, at first alone and then beside ``rate`` forgeries a second."""
    result = Flood()
    alone = max(seconds // 3, 1)
    contracts = [await at.request(f"Shop {number}") for number in range(clicks * (alone + seconds))]
    spare = [await at.request(f"Spare {number}") for number in range(10)]
    await at.do(_told_nobody)
    pen.target = spare[0]
    forged = _prepared(pen, rng)
    quiet, loud = contracts[: clicks * alone], contracts[clicks * alone :]
    before = [await one.counted(at) for one in processes]
    result.before = await _clicked(processes, pen, quiet, clicks, result)
    result.unconfirmed_before = await _unconfirmed(at, processes, before)
    order = Order(tuple(one.port for one in processes), forged, rate, seconds)
    torrent = await begun(order)
    result.clicks = await _clicked(processes, pen, loud, clicks, result)
    sent = await torrent.ended()
    result.sent, result.let_in, result.rate = sent.count, sent.let_in, sent.count / sent.seconds
    result.unconfirmed = await _unconfirmed(at, processes, before)
    status = {one["id"]: one["status"] for one in await asyncio.to_thread(_statuses, at)}
    result.undecided = sum(status[contract] != "Active" for contract in contracts)
    result.decided_too_many = sum(status[contract] != "AwaitingApproval" for contract in spare)
    return result


async def _unconfirmed(at: Town, processes: Sequence[Watched], before: Sequence[Counted]) -> int:
    counted = zip(processes, before, strict=True)
    return sum([(await one.counted(at)).since(then).unconfirmed for one, then in counted])


def _told_nobody(unit: Unit) -> None:
    """Owe nobody a message about what was requested: hundreds of them would go on into the flood."""
    owed = sa.update(notifications).where(notifications.c.due_at.is_not(None))
    unit.connection.execute(owed.values(due_at=None))


def _statuses(at: Town) -> list[dict[str, str]]:
    query = "SELECT id, status FROM contracts"
    return at.store.read.run(
        lambda unit: [dict(row) for row in unit.connection.exec_driver_sql(query).mappings().all()]
    )


def _prepared(pen: Pen, rng: Random) -> tuple[Sending, ...]:
    order = [FLOODING[number % len(FLOODING)] for number in range(PREPARED)]
    rng.shuffle(order)
    return tuple(one.make(rng, pen.write(rng.choice(SHAPES) if one.shape == ANY else one.shape)) for one in order)


async def _clicked(
    processes: Sequence[Watched], pen: Pen, contracts: list[str], rate: int, result: Flood
) -> list[float]:
    took: list[float] = []

    async def one(number: int, due: float) -> None:
        click = pen.write(CLICK, contracts[number])
        heard = await talk(processes[number % len(processes)].port, plain(click.headers, click.body))
        took.append(time.monotonic() - due)
        result.unanswered += heard.statuses != (200,)

    first = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(len(contracts)):
            due = first + number / rate
            await asyncio.sleep(max(due - time.monotonic(), 0))
            group.create_task(one(number, due))
    return took
