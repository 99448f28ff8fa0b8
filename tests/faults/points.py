"""The moments at which a process is killed (RELIABILITY C.2), each hit from outside and proven to have been hit."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from enum import Enum
from pathlib import Path

from tests.faults.front import Place
from tests.faults.slackside import Fate, Struck
from tests.faults.squad import Replica, Squad
from tests.faults.tap import Moment, Work, Works

SOON = 0.004
"""Most seconds between a moment and the kill where the process is to get a little further."""
EXEC_STEP = 0.025
"""K13 tries every so many seconds after the start of a process; READY is where that ends."""
READY_STEPS = 60
TERM_SECONDS = (0.05, 3.0)
"""K14: between SIGTERM and SIGKILL."""
WAL_LOOK = 0.0002


class Point(Enum):
    """The moments; the value says which."""

    K1 = "the last byte of a request was forwarded"
    K2 = "the first statement of its transaction that writes or locks"
    K3 = "COMMIT was sent and never arrives"
    K4 = "COMMIT happened, its answer never arrives"
    K5 = "the answer to COMMIT arrived, nothing was answered to Slack"
    K6 = "the answer to Slack was forwarded"
    K7 = "a delivery is claimed, nothing was sent"
    K8 = "Slack got the post and did nothing"
    K9 = "Slack posted and sent no answer"
    K10 = "Slack posted and answered, nothing is marked"
    K11 = "the mark is committed, its answer never arrives"
    K12 = "Slack changed a message, nothing is marked"
    K13 = "some time after the start of the process"
    K14 = "some time after SIGTERM"
    K15 = "around the COMMIT of a reminder"


ON_SQLITE = tuple(point for point in Point if point not in (Point.K2, Point.K7, Point.K11, Point.K15))
"""K3 to K5 are one there: a few milliseconds after a write to the -wal file."""

_BY_SOMEBODY = {Work.SIGN_UP, Work.DECISION}
_FATES = {Point.K8: Fate.IGNORED, Point.K9: Fate.UNANSWERED, Point.K10: Fate.ANSWERED}


class Hunter:
    """Kills the first process that comes to the armed point.

    Args:
        chance: what is chosen by dice.
        wal: the -wal file of an SQLite database.
    """

    def __init__(self, chance: random.Random, wal: Path | None = None) -> None:
        self._chance, self._wal = chance, wal
        self.squad: Squad
        """The processes; set once they are there."""
        self.fired: Counter[Point] = Counter()
        self.missed: Counter[Point] = Counter()
        self.last = 0.0
        """When the last one was killed, in seconds of the machine's clock that never goes backwards."""
        self._armed: Point | None = None
        self._hit = asyncio.Event()
        self._watching: set[asyncio.Task[None]] = set()

    async def hit(self, point: Point, seconds: float) -> bool:
        """Kill one process at a point; False if none came there within so many seconds."""
        self._hit.clear()
        if point in _AT_ANY_TIME:
            await _AT_ANY_TIME[point](self)
        else:
            self._armed = point
        try:
            async with asyncio.timeout(seconds):
                await self._hit.wait()
        except TimeoutError:
            self._armed = None
            self.missed[point] += 1
            return False
        self.fired[point] += 1
        return True

    def _kill(self, replica: Replica) -> None:
        self.last = time.monotonic()
        if replica.runs:
            replica.kill()
            self._hit.set()

    def _strike(self, replica: Replica, after: float = 0.0) -> None:
        self._armed = None
        if after:
            asyncio.get_running_loop().call_later(after, self._kill, replica)
        else:
            self._kill(replica)

    def _moment_later(self) -> float:
        return self._chance.uniform(0, SOON)

    # -- what is seen of requests ------------------------------------------------------------------------------

    def sent(self, place: Place) -> None:
        """The last byte of a request that counts was forwarded."""
        assert isinstance(place, Replica)
        if self._armed is Point.K1:
            place.mute = True
            self._strike(place, self._chance.choice((0.0, self._moment_later())))
        elif self._wal and self._armed in (Point.K3, Point.K4, Point.K5):
            self._armed = None
            watching = asyncio.create_task(self._after_write(place, self._wal))
            self._watching.add(watching)
            watching.add_done_callback(self._watching.discard)

    def answered(self, place: Place) -> None:
        """Its answer was forwarded."""
        assert isinstance(place, Replica)
        if self._armed is Point.K6:
            self._strike(place)

    async def _after_write(self, replica: Replica, wal: Path) -> None:
        """Kill a few milliseconds after the -wal file changed while a request was under way."""
        before = _stamp(wal)
        latest = time.monotonic() + 1.0
        while _stamp(wal) == before and time.monotonic() < latest:  # noqa: ASYNC110 - a file sets no event
            await asyncio.sleep(WAL_LOOK)
        await asyncio.sleep(self._chance.uniform(0, 0.005))
        self._kill(replica)

    # -- what is seen of transactions --------------------------------------------------------------------------

    def seen(self, replica: Replica, moment: Moment, works: Works) -> bool:
        """Look at a moment of a transaction; true: hold the message, its sender is dead."""
        if self._armed is None or not self._is_it(replica, moment, works):
            return False
        if self._armed is Point.K5:
            replica.mute = True
            self._strike(replica, self._moment_later())
            return False
        self._strike(replica)
        return True

    def _is_it(self, replica: Replica, moment: Moment, works: Works) -> bool:
        match self._armed:
            case Point.K2:
                return moment is Moment.QUERY and Work.BY_SOMEBODY in works and replica.asked > 0
            case Point.K3:
                return moment is Moment.COMMITTING and bool(works & _BY_SOMEBODY)
            case Point.K4 | Point.K5:
                return moment is Moment.COMMITTED and bool(works & _BY_SOMEBODY)
            case Point.K7:
                return moment is Moment.COMMITTED and Work.CLAIM in works
            case Point.K11:
                return moment is Moment.COMMITTED and Work.MARK in works
            case Point.K15:
                around = moment is Moment.COMMITTED or (moment is Moment.COMMITTING and self._chance.random() < 0.5)
                return around and Work.REMINDER in works
            case _:
                return False

    # -- what is seen of calls to Slack ------------------------------------------------------------------------

    def called(self, method: str, port: int) -> Struck | None:
        """Look at a call of the Web API; its caller is killed around it."""
        wanted = "chat.update" if self._armed is Point.K12 else "chat.postMessage"
        if self._armed not in (*_FATES, Point.K12) or method != wanted:
            return None
        replica = self.squad.caller(port)
        if replica is None:
            return None
        fate = _FATES.get(self._armed) or self._chance.choice((Fate.UNANSWERED, Fate.ANSWERED))
        self._armed = None
        return self._struck(fate, replica)

    def _struck(self, fate: Fate, replica: Replica) -> Struck:
        def freeze() -> None:
            if replica.tap:
                replica.tap.frozen = True

        async def kill() -> None:
            if fate is Fate.ANSWERED and replica.tap:
                await asyncio.sleep(self._moment_later())
            self._kill(replica)

        return Struck(fate, freeze, kill)

    # -- what can be done at any time --------------------------------------------------------------------------

    async def _while_starting(self) -> None:
        """K13: one more process, killed so many steps after its start; on SQLite the one after the serving one."""
        replica = await (self._successor() if self._wal else self.squad.start(afresh=True))
        await asyncio.sleep(EXEC_STEP * self._chance.randint(1, READY_STEPS))
        self._kill(replica)

    async def _successor(self) -> Replica:
        before = set(self.squad.replicas)
        for replica in before:
            replica.kill()
        while not (fresh := set(self.squad.replicas) - before):  # noqa: ASYNC110 - a list sets no event
            await asyncio.sleep(WAL_LOOK)
        return fresh.pop()

    async def _while_stopping(self) -> None:
        """K14: SIGTERM, and SIGKILL while it still finishes what is under way."""
        replica = self._chance.choice(self.squad.serving)
        replica.signal(signal.SIGTERM)
        asyncio.get_running_loop().call_later(0.5, setattr, replica, "taking", False)
        await asyncio.sleep(self._chance.uniform(*TERM_SECONDS))
        self._kill(replica)


_AT_ANY_TIME: dict[Point, Callable[[Hunter], Awaitable[None]]] = {
    Point.K13: Hunter._while_starting,
    Point.K14: Hunter._while_stopping,
}


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
