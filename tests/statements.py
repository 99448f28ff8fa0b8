"""SQL statements are compiled once in a test process, not once for each database that a test opens.

Every test has a database and with it engines of its own, and SQLAlchemy keeps compiled statements for each engine
(docs.sqlalchemy.org/en/20/core/connections.html#sql-compilation-caching): a quarter of the time of the journeys went
into compiling the same statements again. What a statement compiles to depends on the kind of database alone.
"""

from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

KEPT = 5_000
"""Compiled statements of one kind of database, at least: all of them."""


def share_compiled_statements(patch: pytest.MonkeyPatch) -> None:
    """Let all engines of one dialect look into one cache, whose keys hold the dialect."""
    caches: dict[type, LRUCache[Any, Any]] = {}
    begin = Engine.__init__

    def init(engine: Engine, *arguments: Any, **options: Any) -> None:
        begin(engine, *arguments, **options)
        cache = caches.setdefault(type(engine.dialect), LRUCache(KEPT))
        engine._compiled_cache = cache  # an engine is told the size of its cache, and given none

    patch.setattr(Engine, "__init__", init)
    patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
    patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
