"""The statements of the search: each reads a bounded stretch of an index, shelf by shelf, and is built once.

One range for each shelf, in the order of the index and limited by itself: PostgreSQL then reads no more than it is
asked for, where one condition over several shelves would make it collect everything first.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from bot.domain.apis import Standing
from bot.domain.policy import Permission, roles_with
from bot.domain.search import Field
from bot.store.search_index import INSIDE
from bot.store.search_tables import search_entries, search_parts, search_typos, search_words
from bot.store.tables import members, people

BEYOND = "\x7f"
"""Comes after every letter of folded text: ``low <= word < low + BEYOND`` is every word that begins with ``low``."""


class Own(StrEnum):
    """How the insides of somebody's own organizations are looked through."""

    NONE = "none"
    FEW = "few"
    """Each on its shelf."""
    MANY = "many"
    """Row by row of all insides, up to a depth."""


Select = sa.Select[Any]
Union = sa.CompoundSelect[Any]
_w, _e = search_words, search_entries
_MOST = sa.bindparam("most", type_=sa.Integer)
_ROW = (
    *(_e.c.sort_name, _e.c.then_by, _e.c.organization_id, _e.c.subject_id, _e.c.version_id),
    _e.c.shelf.label("stands_on"),
)


@lru_cache(maxsize=64)
def by_prefix(shelves: tuple[str, ...], own: Own) -> Select:
    """Return the entries with words from ``low`` to before ``high`` in a field, ``most`` at most."""
    return _entries(_stretches(shelves, own, _between(_w.c.word), (_w.c.word, _w.c.entry_id)))


@lru_cache(maxsize=64)
def by_words(shelves: tuple[str, ...], own: Own) -> Select:
    """Return the entries with one of the ``words`` in a field, ``most`` at most."""
    return _entries(_stretches(shelves, own, _w.c.word.in_(sa.bindparam("words", expanding=True)), ()))


@lru_cache(maxsize=64)
def by_part(shelves: tuple[str, ...], own: Own) -> Union:
    """Return words that go on with ``low`` to before ``high`` somewhere after their first letter."""
    part = search_parts
    return _words(part, shelves, own, _between(part.c.part), (part.c.part, part.c.word))


@lru_cache(maxsize=64)
def by_variant(shelves: tuple[str, ...], own: Own) -> Union:
    """Return words that are kept under one of the ``variants``."""
    return _words(search_typos, shelves, own, search_typos.c.variant.in_(sa.bindparam("variants", expanding=True)), ())


@lru_cache(maxsize=64)
def counted(shelves: tuple[str, ...], own: Own) -> Select:
    """Return how many hits a range has in all fields but the whole name, counting to ``most``."""
    every = sa.union_all(*_all_fields(shelves, own)).limit(_MOST).subquery()
    return sa.select(sa.func.count()).select_from(every)


@lru_cache(maxsize=1)
def counted_insides() -> Select:
    """Return how many hits a range has in a field of all insides, counting to ``most``."""
    place = (_w.c.shelf == INSIDE, _w.c.field == sa.bindparam("field", type_=sa.SmallInteger))
    every = sa.select(_w.c.entry_id).where(*place, _between(_w.c.word)).limit(_MOST).subquery()
    return sa.select(sa.func.count()).select_from(every)


@lru_cache(maxsize=64)
def by_all(shelves: tuple[str, ...], own: Own, others: int) -> Select:
    """Return the entries of a range, looking through ``deep``, that have a word in each of the other ranges, too."""
    stretches = sa.union_all(*_all_fields(shelves, own, "deep")).limit(sa.bindparam("deep")).subquery("found")
    query = sa.select(*stretches.c, *_ROW).join_from(stretches, _e, _e.c.id == stretches.c.entry_id)
    for number in range(others):
        other = _w.alias(f"other_{number}")
        between = (other.c.word >= sa.bindparam(f"low_{number}"), other.c.word < sa.bindparam(f"high_{number}"))
        here = sa.select(1).where(other.c.entry_id == stretches.c.entry_id, other.c.field > int(Field.WHOLE), *between)
        query = query.where(here.exists())
    return query.limit(_MOST)


@lru_cache(maxsize=64)
def listed(shelves: tuple[str, ...], own: Own, number: int) -> Union:
    """Return everything on these shelves and ``number`` own ones by name, ``most`` entries of each shelf at most."""
    whole = (_w.c.word, _w.c.entry_id)
    names = sa.select(*whole).where(_w.c.field == int(Field.WHOLE))
    stretches = [_not_superseded(names, shelf, own).order_by(*whole).limit(_MOST) for shelf in shelves]
    if own is Own.MANY:
        stretches.append(_row_by_row(names, whole).limit(_MOST))
    mine = (names.where(_w.c.shelf == sa.bindparam(f"own_{at}")) for at in range(number))
    stretches += [stretch.order_by(*whole).limit(_MOST) for stretch in mine]
    return sa.union_all(*(stretch.subquery().select() for stretch in stretches))


def _not_superseded(query: Select, shelf: str, own: Own) -> Select:
    query = query.where(_w.c.shelf == shelf)
    if own is Own.NONE or not is_superseded_inside(shelf):
        return query
    few = _e.c.organization_id.in_(sa.bindparam("own", expanding=True))
    mine = _is_inside() if own is Own.MANY else few
    return query.join(_e, _e.c.id == _w.c.entry_id).where(~mine)


def is_superseded_inside(shelf: str) -> bool:
    """Return whether whoever sees the inside of its organization sees another version in the place of this one."""
    return not shelf.endswith(f"{Standing.INSIDE:d}")


def _having() -> Select:
    """Return which of some ``entries`` have a word in a range or one of the ``words``."""
    fits = sa.or_(_between(_w.c.word), _w.c.word.in_(sa.bindparam("words", expanding=True)))
    query = sa.select(_w.c.entry_id, _w.c.field, _w.c.word)
    return query.where(_w.c.entry_id.in_(sa.bindparam("entries", expanding=True)), _w.c.field > int(Field.WHOLE), fits)


def insides_of() -> Select:
    """Return the organizations whose inside the person ``team``, ``user`` sees."""
    return (
        sa.select(members.c.organization_id)
        .join(people, people.c.id == members.c.person_id)
        .where(people.c.team == sa.bindparam("team"), people.c.user == sa.bindparam("user"))
        .where(members.c.role.in_(roles_with(Permission.API_VIEW)))
    )


def _is_inside() -> sa.ColumnElement[bool]:
    """Whether the person sees the inside of an entry's organization: looked up by row, for they may be in thousands."""
    return insides_of().where(members.c.organization_id == _e.c.organization_id).correlate(_e).exists()


def _between(column: sa.Column[str]) -> sa.ColumnElement[bool]:
    return sa.and_(column >= sa.bindparam("low", type_=sa.String), column < sa.bindparam("high", type_=sa.String))


def _stretches(
    shelves: tuple[str, ...],
    own: Own,
    fits: sa.ColumnElement[bool],
    order: tuple[sa.Column[Any], ...],
    *,
    field: int | None = None,
    most: str = "most",
) -> list[Select]:
    """One limited stretch of ``search_words`` for each shelf, own ones last."""
    limit = sa.bindparam(most, type_=sa.Integer)
    place = _w.c.field == (sa.bindparam("field", type_=sa.SmallInteger) if field is None else field)
    query = sa.select(_w.c.entry_id, _w.c.field, _w.c.word).where(place, fits)
    found = [query.where(_w.c.shelf == shelf).order_by(*order).limit(limit) for shelf in shelves]
    if own is Own.FEW:
        found.append(query.where(_w.c.shelf.in_(sa.bindparam("own", expanding=True))).limit(limit))
    elif own is Own.MANY:
        found.append(_row_by_row(query, order))
    return [stretch.subquery().select() for stretch in found]


def _all_fields(shelves: tuple[str, ...], own: Own, most: str = "most") -> list[Select]:
    order = (_w.c.word, _w.c.entry_id)
    fields = (field for field in Field if field is not Field.WHOLE)
    return [
        stretch
        for field in fields
        for stretch in _stretches(shelves, own, _between(_w.c.word), order, field=int(field), most=most)
    ]


def _row_by_row(query: Select, order: tuple[sa.Column[Any], ...]) -> Select:
    """All insides, as far as ``depth``, and of them the person's own."""
    every = query.where(_w.c.shelf == INSIDE).order_by(*order).limit(sa.bindparam("depth")).subquery()
    mine = sa.select(*every.c).join_from(every, _e, _e.c.id == every.c.entry_id)
    return mine.where(_is_inside())


def _entries(stretches: list[Select]) -> Select:
    found = sa.union_all(*stretches).limit(sa.bindparam("most", type_=sa.Integer)).subquery("found")
    return sa.select(*found.c, *_ROW).join_from(found, _e, _e.c.id == found.c.entry_id)


def _words(
    table: sa.Table,
    shelves: tuple[str, ...],
    own: Own,
    fits: sa.ColumnElement[bool],
    order: tuple[sa.Column[Any], ...],
) -> Union:
    limit = sa.bindparam("most", type_=sa.Integer)
    query = sa.select(table.c.word).where(fits)
    every = shelves if own is Own.NONE else (*shelves, INSIDE)
    found = [query.where(table.c.shelf == shelf).order_by(*order).limit(limit) for shelf in every]
    return sa.union_all(*(stretch.subquery().select() for stretch in found))


HAVING = _having()
