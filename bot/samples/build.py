"""Makes the demo's catalog from a sample of the APIs.guru OpenAPI directory (CC0): see README.md beside this file."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.catalogs.prose import readable
from bot.domain import names
from bot.domain.catalog import TAGS_LIMIT, ApiStatus, Endpoint, Link, Tag, Visibility
from bot.samples import people

Say = Callable[[str], None]
_ENDPOINT: TypeAdapter[str] = TypeAdapter(Endpoint)
_LINK: TypeAdapter[str] = TypeAdapter(Link)
_TAG: TypeAdapter[str] = TypeAdapter(Tag)


def build(listed: Sequence[dict[str, Any]], say: Say) -> dict[str, Any]:
    """Return a catalog of the listed APIs, one organization for each provider.

    Args:
        listed: objects with ``provider, title, version, description, tags, server, docs``.
        say: is called with a line for everything that was changed or left out.
    """
    by_provider = groupby(sorted(listed, key=lambda api: str(api["provider"])), lambda api: str(api["provider"]))
    organizations = [
        _organization(index, provider, list(apis), say) for index, (provider, apis) in enumerate(by_provider)
    ]
    return {"version": 1, "organizations": organizations}


def _organization(index: int, provider: str, listed: list[dict[str, Any]], say: Say) -> dict[str, Any]:
    apis = list(_different(provider, listed, say))
    for number, api in enumerate(apis):
        api.update(_made_up(provider, number), plans=people.offers(index))
    tags = list(dict.fromkeys(tag for api in apis for tag in api["tags"]))
    described = f"{len(apis)} {'API' if len(apis) == 1 else 'APIs'} of {provider} in the APIs.guru directory"
    return {
        "name": provider,
        "description": names.clean_description(f"{described}: {', '.join(tags)}." if tags else f"{described}.").value,
        **people.approvals(provider),
        "members": people.members(provider, index),
        "plans": people.plans(index),
        "apis": apis,
    }


def _different(provider: str, listed: Iterable[dict[str, Any]], say: Say) -> Iterable[dict[str, Any]]:
    """Yield one API for each name and version, spelled the same way in all its versions."""
    spelled: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for raw in listed:
        api, changes = _api(raw)
        for change in changes:
            say(f"{provider}: {raw['title']} {raw['version']}: {change}")
        key = names.fold(names.identifier(api["name"]))
        api["name"] = spelled.setdefault(key, api["name"])
        if (key, api["version"]) in seen:
            say(f"{provider}: {api['name']} {api['version']}: left out, the directory lists it twice")
            continue
        seen.add((key, api["version"]))
        yield api


def _api(raw: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what the directory says about an API, and what had to be changed."""
    name = names.clean_name(raw["title"])
    version = names.clean_version(raw["version"])
    description = names.clean_description(readable(raw["description"]))
    given = {"endpoint": (_ENDPOINT, raw["server"]), "documentation": (_LINK, raw["docs"])}
    kept = {key: address for key, (rule, address) in given.items() if _fits(rule, address)}
    lost = [
        f"{key} left out: {given[key][1]} is not a whole address" for key in given if given[key][1] and key not in kept
    ]
    tags = list(dict.fromkeys(tag for tag in raw["tags"] if _fits(_TAG, tag)))[:TAGS_LIMIT]
    api = {"name": name.value, "version": version.value, "description": description.value, **kept, "tags": tags}
    return api, [*name.changes, *version.changes, *description.changes, *lost]


def _fits(rule: TypeAdapter[str], text: str) -> bool:
    try:
        rule.validate_python(text)
    except ValidationError:
        return False
    return True


def _made_up(provider: str, number: int) -> dict[str, Any]:
    """Return a status, a visibility and terms, so that each of them occurs."""
    status = {7: ApiStatus.RETIRED, 11: ApiStatus.CREATED}.get(number, ApiStatus.PUBLISHED)
    visibility = {5: Visibility.MEMBERS, 9: Visibility.ORGANIZATION}.get(number, Visibility.EVERYONE)
    terms = {"terms": {"url": people.TERMS[provider], "version": "2026-03"}} if provider in people.TERMS else {}
    return {"status": status, "visibility": visibility, **terms}


if __name__ == "__main__":
    made = build(json.loads(Path(sys.argv[1]).read_text("utf-8")), lambda line: print(line, file=sys.stderr))
    print(json.dumps(made, ensure_ascii=False, indent=1))
