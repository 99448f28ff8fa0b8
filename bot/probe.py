"""Whether the database is of use: for ``/readyz``."""

import asyncio

from bot.errors import Unavailable
from bot.store import schema
from bot.store.engine import Store
from bot.store.unit import Unit

PROBE = "readyz"
"""The row that ``/readyz`` writes: a database that is read-only or full answers questions and is of no use."""


class Probe:
    """Whether the database takes a write and has this version's schema: one look at a time, however many ask."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looking: asyncio.Task[str | None] | None = None

    async def ready(self) -> str | None:
        """Return what is wrong; that there is no answer is found out by the time limit of the check."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> str | None:
        try:
            found = await asyncio.wrap_future(self._store.write.submit(_probe))
        except Unavailable:
            return "does not answer, or takes no writes"
        return None if found == schema.newest() else f"schema {found}, not {schema.newest()}"


def _probe(unit: Unit) -> str | None:
    unit.seen.touch(PROBE, unit.now)
    return schema.revision(unit.connection)
