"""Keeping what can be found up to date, in the transaction that changes it.

Every entry stands on the shelf of those who may see it. A shelf's name is an audience: two digits say from which
standing to which one (``bot.domain.apis.Standing``) an API shows with this version; what shows inside only stands on
its organization's own shelf, and on ``INSIDE`` for those who see all organizations. The organizations of a team stand
on the shelf that is called like the team.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.domain.apis import ApiVersion, Face, Standing, faces
from bot.domain.ordering import sort_key
from bot.domain.search import Field, parts, variants, words
from bot.store.search_tables import search_entries, search_parts, search_typos, search_vocabulary, search_words
from bot.store.tables import api_versions, apis, organizations
from bot.store.upsert import insert_missing

INSIDE = f"{Standing.INSIDE:d}{Standing.INSIDE:d}"
"""Shelf of everything that shows inside its organization only."""
BATCH = 500
"""Subjects at a time: far under the 32,766 parameters SQLite takes (sqlite.org/limits.html)."""
WHOLE_NAME, THEN_BY = 60, 39
"""Letters of name and organization that order the list of everything; the rest is ordered page by page."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to be found, with its words by field."""

    values: dict[str, Any]
    words: tuple[tuple[Field, str], ...]

    @property
    def shelves(self) -> tuple[str, ...]:
        """Where it stands."""
        shelf = self.values["shelf"]
        return (shelf, self.values["organization_id"]) if shelf == INSIDE else (shelf,)


def whole(sort_name: str, then_by: str) -> str:
    """Return the word that orders the list of everything: by name, then by organization.

    The tab is before every letter, so a name comes before the names it begins.
    """
    return f"{sort_name[:WHOLE_NAME]}\t{then_by[:THEN_BY]}"


class SearchIndex:
    """Writes what can be found through one open transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def index_apis(self, api_ids: Collection[str]) -> None:
        """Bring what can be found of some APIs to what their rows say."""
        for some in _batches(sorted(api_ids)):
            # Whoever changes another version of the same API waits here, and reads ours.
            lock = sa.select(apis.c.id).where(apis.c.id.in_(some)).order_by(apis.c.id).with_for_update()
            self._connection.execute(lock).all()
            self._replace(some, list(self._api_entries(some)))

    def index_organizations(self, organization_ids: Collection[str]) -> None:
        """Bring what can be found of some organizations to what their rows say."""
        for some in _batches(sorted(organization_ids)):
            rows = self._connection.execute(sa.select(organizations).where(organizations.c.id.in_(some)))
            self._replace(some, [_organization_entry(row) for row in rows])

    def index_all(self) -> None:
        """Bring everything that can be found up to date."""
        self.index_organizations(self._connection.execute(sa.select(organizations.c.id)).scalars().all())
        self.index_apis(self._connection.execute(sa.select(apis.c.id)).scalars().all())

    def _api_entries(self, api_ids: Sequence[str]) -> Iterator[Entry]:
        query = (
            sa.select(
                api_versions,
                apis.c.name,
                apis.c.organization_id,
                organizations.c.name.label("organization"),
                organizations.c.sort_name.label("then_by"),
            )
            .select_from(api_versions.join(apis).join(organizations))
            .where(apis.c.id.in_(api_ids))
            .order_by(apis.c.folded, organizations.c.folded, api_versions.c.version)
        )
        rows: dict[str, list[Any]] = defaultdict(list)
        for row in self._connection.execute(query).mappings():
            rows[row["api_id"]].append(row)
        for versions in rows.values():
            by_id = {row["id"]: row for row in versions}
            for face in faces([ApiVersion(**{name: row[name] for name in _VERSION}) for row in versions]):
                yield _api_entry(by_id[face.version.id], face)

    def _replace(self, subject_ids: Sequence[str], entries: Sequence[Entry]) -> None:
        old = sa.select(search_entries.c.id).where(search_entries.c.subject_id.in_(subject_ids))
        self._connection.execute(sa.delete(search_words).where(search_words.c.entry_id.in_(old)))
        self._connection.execute(sa.delete(search_entries).where(search_entries.c.subject_id.in_(subject_ids)))
        if not entries:
            return
        made = sa.insert(search_entries).returning(search_entries.c.id, sort_by_parameter_order=True)
        ids = self._connection.execute(made, [entry.values for entry in entries]).scalars().all()
        self._connection.execute(sa.insert(search_words), [*_word_rows(zip(ids, entries, strict=True))])
        self._learn(entries)

    def _learn(self, entries: Iterable[Entry]) -> None:
        """Keep the middles and typos of words that are new on a shelf; words stay when their entries go."""
        used: dict[str, set[str]] = defaultdict(set)
        for entry in entries:
            used[entry.values["shelf"]].update(word for field, word in entry.words if field is not Field.WHOLE)
        for shelf, every in sorted(used.items()):
            for some in _batches(sorted(every)):
                self._learn_words(shelf, some)

    def move(self, shelf: str, to: str) -> None:
        """Put everything on a shelf onto another, empty one: organizations when their team becomes known."""
        for table in (search_entries, search_words, search_vocabulary, search_parts, search_typos):
            self._connection.execute(sa.update(table).where(table.c.shelf == shelf).values(shelf=to))

    def _learn_words(self, shelf: str, some: Collection[str]) -> None:
        table = search_vocabulary
        known = sa.select(table.c.word).where(table.c.shelf == shelf, table.c.word.in_(some))
        new = sorted(set(some) - set(self._connection.execute(known).scalars()))
        for kept, rows in _word_forms(shelf, new).items():
            if rows:
                insert_missing(self._connection, kept, rows)


_VERSION = ("id", "version", "status", "visibility")


def _api_entry(row: Any, face: Face) -> Entry:
    sort_name, then_by = sort_key(row["name"]), row["then_by"]
    said = {
        Field.NAME: row["name"],
        Field.TAG: " ".join(row["tags"]),
        Field.ORGANIZATION: row["organization"],
        Field.DESCRIPTION: row["description"],
    }
    found = [(field, word) for field, text in said.items() for word in words(text)]
    values = {
        "shelf": f"{face.first:d}{face.last:d}",
        "subject_id": row["api_id"],
        "version_id": row["id"],
        "organization_id": row["organization_id"],
        "sort_name": sort_name,
        "then_by": then_by,
    }
    return Entry(values, ((Field.WHOLE, whole(sort_name, then_by)), *found))


def _organization_entry(row: Any) -> Entry:
    values = {
        "shelf": row.team,
        "subject_id": row.id,
        "version_id": "",
        "organization_id": row.id,
        "sort_name": row.sort_name,
        "then_by": "",
    }
    found = [(Field.NAME, word) for word in words(row.name)]
    return Entry(values, ((Field.WHOLE, whole(row.sort_name, "")), *found))


def _word_rows(entries: Iterable[tuple[int, Entry]]) -> Iterator[dict[str, Any]]:
    for id_, entry in entries:
        for shelf in entry.shelves:
            for field, word in entry.words:
                yield {"shelf": shelf, "field": int(field), "word": word, "entry_id": id_}


def _word_forms(shelf: str, new: Iterable[str]) -> dict[sa.Table, list[dict[str, str]]]:
    """Return what is kept of words so that they are found by their middles and in spite of typos."""
    here = [{"shelf": shelf, "word": word} for word in new]
    return {
        search_vocabulary: here,
        search_parts: [row | {"part": part} for row in here for part in sorted({*parts(row["word"])})],
        search_typos: [row | {"variant": form} for row in here for form in sorted(variants(row["word"]))],
    }


def _batches(values: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), BATCH):
        yield list(values[start : start + BATCH])
