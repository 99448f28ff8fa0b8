"""Entries of one file that get in each other's way: listed twice, or two names that give one id (SPEC 1).

Looks at the file as it was read, so that these problems are told together with all others, whatever else is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.catalogs.places import Place
from bot.domain import names

Found = tuple[Place, str, Place]
"""Where it clashes, a sentence that goes on with a line, and the place of the first of the two, whose line it is."""


def find(catalog: Any) -> list[Found]:
    """Return the clashes of a catalog in whatever shape it is; entries of a wrong shape are passed over."""
    return list(_organizations(catalog))


@dataclass(frozen=True, slots=True)
class _Kind:
    """How entries of one list are told apart. ``name`` and ``version`` are their keys; no version: the name alone."""

    word: str
    name: str
    version: str | None = None


_ORGANIZATION = _Kind("organization", "name")
_PLAN = _Kind("plan", "name", "version")
_API = _Kind("API", "name", "version")
_OFFER = _Kind("offer of the plan", "plan", "version")


def _organizations(catalog: Any) -> Iterator[Found]:
    at: Place = ("organizations",)
    yield from _named(at, _entries(catalog, "organizations"), _ORGANIZATION)
    for index, organization in _entries(catalog, "organizations"):
        here = (*at, index)
        yield from _members((*here, "members"), _entries(organization, "members"))
        yield from _named((*here, "plans"), _entries(organization, "plans"), _PLAN)
        yield from _named((*here, "apis"), _entries(organization, "apis"), _API)
        for api_index, api in _entries(organization, "apis"):
            yield from _named((*here, "apis", api_index, "plans"), _entries(api, "plans"), _OFFER)


def _entries(holder: Any, key: str) -> list[tuple[int, dict[str, Any]]]:
    listed = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(listed, list):
        return []
    return [(index, entry) for index, entry in enumerate(listed) if isinstance(entry, dict)]


def _named(at: Place, entries: list[tuple[int, dict[str, Any]]], kind: _Kind) -> Iterator[Found]:
    spelled: dict[str, tuple[str, int]] = {}
    seen: dict[tuple[str, str], int] = {}
    for index, entry in entries:
        name, version = entry.get(kind.name), entry.get(kind.version) if kind.version else ""
        if not isinstance(name, str) or not isinstance(version, str):
            continue
        name, key = " ".join(name.split()), names.fold(names.identifier(name))
        if not key:
            continue
        first_name, first_index = spelled.setdefault(key, (name, index))
        twin = seen.setdefault((key, version.strip()), index)
        if first_name != name and kind is not _OFFER:
            yield (*at, index), _two_spellings(kind, name, first_name), (*at, first_index)
        elif twin != index:
            yield (*at, index), _listed_twice(kind, name, version), (*at, twin)


def _two_spellings(kind: _Kind, name: str, first: str) -> str:
    remedy = "Spell it alike or choose another name" if kind.version else "List it once or choose another name"
    given = names.identifier(name)
    return f"{remedy}: “{name}” gives the {kind.word} id {given}, and so does “{first}”"


def _listed_twice(kind: _Kind, name: str, version: str) -> str:
    return f"Remove one of the two: the {kind.word} {f'“{name}” {version}'.strip()} is listed already"


def _members(at: Place, entries: list[tuple[int, dict[str, Any]]]) -> Iterator[Found]:
    seen: dict[str, int] = {}
    for index, entry in entries:
        user = entry.get("user")
        if isinstance(user, str) and (first := seen.setdefault(_same(user), index)) != index:
            yield (
                (*at, index),
                f"Put all roles of {user} into one entry: they are listed already",
                (*at, first),
            )


def _same(user: str) -> str:
    return user.lower() if "@" in user else user
