"""Apiman's ids and the names they were taken over under: a catalog speaks in names."""

from bot.catalogs import raw
from bot.catalogs.notes import Notes
from bot.catalogs.raw import Raw
from bot.domain import names

Scope = tuple[str, ...]
"""Where an id is unique: ``("org",)``, ``("api", organization)`` …"""


class Ids:
    """Remembers every organization, plan, API and client by its id in Apiman, and versions by theirs."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._names: dict[tuple[Scope, str], str] = {}
        self._taken: set[tuple[Scope, str]] = set()
        self._taken_versions: set[tuple[Scope, str, str]] = set()
        self._versions: dict[tuple[Scope, str, str], str] = {}

    def take(self, entry: str, scope: Scope, bean: Raw) -> str | None:
        """Return the name of what ``bean`` describes; None, with a note, if it can't be told from another one.

        Apiman tells upper and lower case of ids apart, Gatehouse does not (SPEC 1).
        """
        id_ = raw.text(bean, "id")
        given = raw.text(bean, "name") or id_
        if not given:
            self._notes.left_out(entry, "it has neither a name nor an id")
            return None
        name = self._notes.cleaned(entry, "name", names.clean_name(given, fallback=names.clean_name(id_).value))
        made = names.identifier(name)
        if (scope, names.fold(made)) in self._taken:
            self._notes.left_out(entry, f"the id {made} is taken already; upper and lower case are the same here")
            return None
        if id_ and made != id_:
            self._notes.changed(entry, f"its id is {made} now, it was {id_}")
        self._taken.add((scope, names.fold(made)))
        self._names[scope, id_] = name
        return name

    def take_version(self, entry: str, scope: Scope, id_: str, given: str) -> str | None:
        """Return the version under which ``given`` is taken over; None, with a note, if that is there already."""
        if not given:
            self._notes.left_out(entry, "it has no version")
            return None
        version = self._notes.cleaned(entry, "version", names.clean_version(given))
        if (scope, id_, version) in self._taken_versions:
            self._notes.left_out(entry, f"version {version} is there already")
            return None
        self._taken_versions.add((scope, id_, version))
        self._versions[scope, id_, given] = version
        return version

    def name(self, scope: Scope, id_: str) -> str | None:
        """Return the name that was taken over for an id of Apiman, if any."""
        return self._names.get((scope, id_))

    def version(self, scope: Scope, id_: str, given: str) -> str | None:
        """Return the version that was taken over for a version in Apiman, if any."""
        return self._versions.get((scope, id_, given))
