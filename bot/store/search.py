"""Finding what somebody may see by what they type: bounded work, whatever the number of rows.

Everything is a range of one index that begins with the shelf, so nothing that may not be seen is ever looked at. What
is found is ranked in Python, alike for every database (docs/search.md).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from bot.domain.apis import Standing
from bot.domain.ordering import sort_key
from bot.domain.people import Person
from bot.domain.search import FIRST_TYPO, RANK, SHORTEST_PART, Field, Fit, fit, looked_up, words
from bot.store import search_scans as scans
from bot.store.search_index import WHOLE_NAME
from bot.store.search_scans import BEYOND, Own
from bot.store.search_tables import search_entries
from bot.store.tables import members, people

MOST = 500
"""Hits that are ranked and counted; what is beyond them is told as “or more”."""
MOST_LISTED = 10_000
"""Entries of the list of everything that are counted and can be turned to."""
MOST_WORDS = 60
"""Words that a part or a typo may stand for."""
MOST_SIMILAR = 1_000
"""Words that are compared letter by letter for a typo."""
MOST_TERMS = 8
"""Words of a search that count."""
DEEP = 2_000
"""Hits of the rarest word that are looked through where every word alone has more than ``MOST``."""
DEPTH = 500
"""Hits inside organizations that are looked through row by row for somebody who is inside very many."""
FEW = 10
"""Typos are forgiven only where less than a page is found without."""
OWN = 50
"""Organizations that are looked through one by one; whoever is inside more is looked up row by row."""

_SHELVES = {
    standing: tuple(
        f"{first:d}{last:d}" for first in Standing for last in reversed(Standing) if first <= standing <= last
    )
    for standing in Standing
}
"""The shelves that show to each standing."""


_API_FIELDS = (Field.NAME, Field.TAG, Field.ORGANIZATION, Field.DESCRIPTION)
_GOOD_FIRST = ((Fit.PREFIX, False), (Fit.INSIDE, False), (Fit.PREFIX, True), (Fit.INSIDE, True), (Fit.TYPO, None))
"""In which order a term is looked for, in descriptions or elsewhere: what is found first stays if there is too much."""


@dataclass(frozen=True)
class Reader:
    """Whose search it is: the shelves they may see, and the organizations they see the inside of."""

    person: Person
    shelves: tuple[str, ...]
    insides: tuple[str, ...] = ()

    @property
    def own(self) -> Own:
        """How their insides are looked through."""
        return Own.MANY if len(self.insides) > OWN else Own.FEW if self.insides else Own.NONE

    @cached_property
    def binds(self) -> dict[str, Any]:
        """What the statements need to know of them."""
        if self.own is Own.MANY:
            return self.person.model_dump() | {"depth": DEPTH}
        return {"own": self.insides} if self.insides else {}


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits, best first: ids of API versions, or of organizations; and how many there are altogether."""

    ids: tuple[str, ...]
    total: int
    is_floor: bool
    """There may be more than ``total``."""


@dataclass(slots=True)
class _Hits:
    """What a search found: for each entry its row and how well each term fits; ``is_floor``: there may be more."""

    rows: dict[int, Any] = field(default_factory=dict)
    ranks: dict[int, tuple[int, ...]] = field(default_factory=dict)
    is_floor: bool = False

    def add(self, row: Any, rank: int) -> None:
        self.rows[row.entry_id] = row
        self.ranks[row.entry_id] = min((rank,), self.ranks.get(row.entry_id, (rank,)))


@dataclass(slots=True)
class _Term:
    """A word of the search, and other words of the index that it may stand for."""

    text: str
    inside: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    is_cut: bool = False
    """It may stand for more words than these."""

    @property
    def range(self) -> dict[str, Any]:
        return {"low": self.text, "high": self.text + BEYOND}


class SearchRows:
    """Finds APIs and organizations through one open transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def reader(self, person: Person, *, everywhere: bool) -> Reader:
        """Return what somebody may look through; ``everywhere``: a platform admin, who sees all insides."""
        if everywhere:
            return Reader(person, _SHELVES[Standing.INSIDE])
        insides = scans.insides_of().distinct().limit(OWN + 1)
        own = tuple(self._connection.execute(insides, person.model_dump()).scalars())
        standing = Standing.MEMBER if own or self._is_member(person) else Standing.ANYBODY
        return Reader(person, _SHELVES[standing], own)

    def _is_member(self, person: Person) -> bool:
        query = sa.select(sa.literal(1)).select_from(members).join(people, people.c.id == members.c.person_id)
        query = query.where(people.c.team == person.team, people.c.user == person.user)
        return self._connection.execute(query.limit(1)).first() is not None

    def everything(self, reader: Reader, *, offset: int, limit: int) -> Found:
        """Return a page of all APIs somebody may see, by name, each as the version that shows to them."""
        own = () if reader.own is Own.MANY else reader.insides
        every = scans.listed(reader.shelves, reader.own, len(own))
        binds = reader.binds | {f"own_{at}": shelf for at, shelf in enumerate(own)}
        counting = sa.select(sa.func.count()).select_from(every.limit(MOST_LISTED + 1).subquery())
        total = self._connection.execute(counting, binds | {"most": MOST_LISTED + 1}).scalar_one()
        end = min(offset + limit, MOST_LISTED)
        names = every.subquery()
        page = sa.select(names.c.entry_id).order_by(names.c.word, names.c.entry_id)
        page = page.offset(offset).limit(max(0, end - offset))
        ids = self._connection.execute(page, binds | {"most": end}).scalars().all()
        is_floor = total > MOST_LISTED or (reader.own is Own.MANY and self._is_deep(Field.WHOLE, "", BEYOND))
        return Found(self._versions(ids), min(total, MOST_LISTED), is_floor)

    def _versions(self, entry_ids: Sequence[int]) -> tuple[str, ...]:
        query = sa.select(search_entries.c.id, search_entries.c.version_id).where(search_entries.c.id.in_(entry_ids))
        found = {row.id: row.version_id for row in self._connection.execute(query)}
        return tuple(found[id_] for id_ in entry_ids)

    def find(self, reader: Reader, text: str, *, offset: int, limit: int) -> Found:
        """Return a page of the APIs that have every word of ``text``, best first."""
        rows, is_floor = self._ranked(reader, text, _API_FIELDS)
        return Found(tuple(row.version_id for row in rows[offset : offset + limit]), len(rows), is_floor)

    def find_organizations(self, person: Person, text: str, *, limit: int) -> Found:
        """Return the organizations of somebody's team whose name has every word of ``text``, best first."""
        rows, is_floor = self._ranked(Reader(person, (person.team,)), text, (Field.NAME,))
        return Found(tuple(row.subject_id for row in rows[:limit]), len(rows), is_floor)

    def _ranked(self, reader: Reader, text: str, fields: tuple[Field, ...]) -> tuple[list[Any], bool]:
        terms = [_Term(word) for word in words(text)[:MOST_TERMS]]
        if not terms:
            return [], False
        for term in terms:
            self._look_inside(reader, term)
        hits = self._together(reader, terms, fields)
        self._add_beginnings(reader, sort_key(text)[:WHOLE_NAME], len(terms), hits)
        self._drop_superseded(reader, hits)
        if len(hits.rows) < FEW and self._forgive(reader, terms):
            similar = self._together(reader, terms, fields)
            hits = _Hits(similar.rows | hits.rows, similar.ranks | hits.ranks, hits.is_floor or similar.is_floor)
            self._drop_superseded(reader, hits)
        name = sort_key(text)
        ids = sorted(hits.rows, key=lambda id_: _how_good(name, hits.rows[id_], hits.ranks[id_]))
        return [hits.rows[id_] for id_ in ids[:MOST]], hits.is_floor or len(ids) > MOST

    def _look_inside(self, reader: Reader, term: _Term) -> None:
        if len(term.text) < SHORTEST_PART:
            return
        query = scans.by_part(reader.shelves, reader.own)
        found = self._connection.execute(query, reader.binds | term.range | {"most": MOST_WORDS}).scalars().all()
        inside = sorted({word for word in found if not word.startswith(term.text)})
        term.inside, term.is_cut = tuple(inside[:MOST_WORDS]), len(found) >= MOST_WORDS

    def _forgive(self, reader: Reader, terms: list[_Term]) -> bool:
        """Let each term stand for words that are one typo away; return whether there are any."""
        query = scans.by_variant(reader.shelves, reader.own)
        for term in terms:
            if forms := looked_up(term.text):
                binds = reader.binds | {"variants": sorted(forms), "most": MOST_SIMILAR}
                found = self._connection.execute(query, binds).scalars().all()
                similar = sorted({word for word in found if fit(term.text, word) is Fit.TYPO})
                term.similar = tuple(similar[:MOST_WORDS])
                term.is_cut |= len(found) >= MOST_SIMILAR or len(similar) > MOST_WORDS
        return any(term.similar for term in terms)

    def _together(self, reader: Reader, terms: list[_Term], fields: tuple[Field, ...]) -> _Hits:
        """Return the entries in which every term fits, beginning with the term that has the fewest."""
        if len(terms) == 1:
            return self._hits(reader, terms[0], fields)
        counts = [self._count(reader, term, MOST + 1) for term in terms]
        first = counts.index(min(counts))
        if counts[first] > MOST:
            counts = [self._count(reader, term, DEEP) for term in terms]
            first = counts.index(min(counts))
            hits = self._deep(reader, terms, first)
        else:
            hits = self._hits(reader, terms[first], fields)
        for term in (term for at, term in enumerate(terms) if at != first):
            ranks = self._fitting(hits.rows.keys(), term, fields)
            both = {id_: (*rank, ranks[id_]) for id_, rank in hits.ranks.items() if id_ in ranks}
            hits = _Hits({id_: hits.rows[id_] for id_ in both}, both, hits.is_floor)
        return hits

    def _count(self, reader: Reader, term: _Term, most: int) -> int:
        binds = reader.binds | term.range | {"most": most}
        count: int = self._connection.execute(scans.counted(reader.shelves, reader.own), binds).scalar_one()
        return count

    def _hits(self, reader: Reader, term: _Term, fields: tuple[Field, ...]) -> _Hits:
        hits = _Hits(is_floor=term.is_cut)
        for how, where in _order(fields):
            if len(hits.rows) > MOST:
                hits.is_floor = True
                break
            rows = self._scan(reader, term, how, where)
            hits.is_floor |= len(rows) > MOST or self._is_cut(reader, term, how, where)
            for row in rows:
                hits.add(row, RANK[where, Fit.EXACT if row.word == term.text else how])
        return hits

    def _is_cut(self, reader: Reader, term: _Term, how: Fit, where: Field) -> bool:
        beginning = reader.own is Own.MANY and how is Fit.PREFIX
        return beginning and self._is_deep(where, term.text, term.text + BEYOND)

    def _scan(self, reader: Reader, term: _Term, how: Fit, where: Field) -> Sequence[Any]:
        binds = reader.binds | {"field": int(where), "most": MOST + 1}
        if how is Fit.PREFIX:
            query = scans.by_prefix(reader.shelves, reader.own)
            return self._connection.execute(query, binds | term.range).all()
        chosen = term.inside if how is Fit.INSIDE else term.similar
        if not chosen:
            return ()
        query = scans.by_words(reader.shelves, reader.own)
        return self._connection.execute(query, binds | {"words": chosen}).all()

    def _fitting(self, entries: Collection[int], term: _Term, fields: tuple[Field, ...]) -> dict[int, int]:
        ranks: dict[int, int] = {}
        if not entries:
            return ranks
        binds = term.range | {"entries": sorted(entries), "words": [*term.inside, *term.similar]}
        for row in self._connection.execute(scans.HAVING, binds):
            how = fit(term.text, row.word)
            if how is not None and row.field in fields:
                rank = RANK[Field(row.field), how]
                ranks[row.entry_id] = min(rank, ranks.get(row.entry_id, rank))
        return ranks

    def _deep(self, reader: Reader, terms: list[_Term], first: int) -> _Hits:
        """Return the hits of one term that have the others, too, where each by itself has too many."""
        others = [term for at, term in enumerate(terms) if at != first]
        binds = reader.binds | terms[first].range | {"deep": DEEP, "most": MOST + 1}
        for at, term in enumerate(others):
            binds |= {f"low_{at}": term.text, f"high_{at}": term.text + BEYOND}
        hits = _Hits(is_floor=True)
        for row in self._connection.execute(scans.by_all(reader.shelves, reader.own, len(others)), binds):
            how = Fit.EXACT if row.word == terms[first].text else Fit.PREFIX
            hits.add(row, RANK[Field(row.field), how])
        return hits

    def _add_beginnings(self, reader: Reader, name: str, terms: int, hits: _Hits) -> None:
        """Make sure of the names that begin with all that was typed, however much else was found."""
        binds = reader.binds | {"field": int(Field.WHOLE), "low": name, "high": name + BEYOND, "most": MOST_WORDS}
        for row in self._connection.execute(scans.by_prefix(reader.shelves, reader.own), binds):
            if row.entry_id not in hits.rows:
                hits.rows[row.entry_id] = row
                hits.ranks[row.entry_id] = (RANK[Field.NAME, Fit.PREFIX],) * terms

    def _drop_superseded(self, reader: Reader, hits: _Hits) -> None:
        """Take out what shows to others in the place of a version that is seen inside."""
        if reader.own is Own.NONE:
            return
        covered = {id_: row for id_, row in hits.rows.items() if scans.is_superseded_inside(row.stands_on)}
        insides = self._insides(reader, {row.organization_id for row in covered.values()}) if covered else frozenset()
        for id_, row in covered.items():
            if row.organization_id in insides:
                del hits.rows[id_], hits.ranks[id_]

    def _insides(self, reader: Reader, organization_ids: Collection[str]) -> frozenset[str]:
        if reader.own is Own.FEW:
            return frozenset(reader.insides)
        query = scans.insides_of().where(members.c.organization_id.in_(organization_ids))
        return frozenset(self._connection.execute(query, reader.person.model_dump()).scalars())

    def _is_deep(self, where: Field, low: str, high: str) -> bool:
        """Return whether the insides of all organizations have more in a range than is looked through row by row."""
        counting = scans.counted_insides()
        binds = {"field": int(where), "low": low, "high": high, "most": DEPTH + 1}
        return bool(self._connection.execute(counting, binds).scalar_one() > DEPTH)


def _order(fields: tuple[Field, ...]) -> list[tuple[Fit, Field]]:
    """Return how and where a term is looked for, the best first."""
    return [
        (how, where)
        for how, in_description in _GOOD_FIRST
        for where in fields
        if in_description is None or (where is Field.DESCRIPTION) is in_description
    ]


def _how_good(name: str, row: Any, ranks: tuple[int, ...]) -> tuple[Any, ...]:
    """Return what orders the hits: the whole name, its beginning, few typos, good places; then by name."""
    whole = 0 if row.sort_name == name else 1 if row.sort_name.startswith(name) else 2
    typos = sum(rank >= FIRST_TYPO for rank in ranks)
    return whole, typos, max(ranks), sum(ranks), row.sort_name, row.then_by, row.subject_id
