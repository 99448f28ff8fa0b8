"""OpenAPI 3.0 and 3.1 and Swagger 2.0 documents, in JSON or YAML, as APIs of an organization.

Only what a catalog holds is read: title, version, description, server, documentation, tags. References are never
followed, neither inside the document nor outside of it.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bot.catalogs import files, raw
from bot.catalogs.notes import Notes
from bot.catalogs.places import Problems
from bot.catalogs.prose import readable
from bot.catalogs.raw import Raw
from bot.domain import names
from bot.domain.catalog import TAGS_LIMIT, Api, Catalog, Endpoint, Imported, Link, Offer, Organization, Tag

ENDINGS = (".json", ".yaml", ".yml")
"""Files of these endings are read from a folder; a file that is named itself may be called anything."""

_ENDPOINT: TypeAdapter[str] = TypeAdapter(Endpoint)
_LINK: TypeAdapter[str] = TypeAdapter(Link)
_TAG: TypeAdapter[str] = TypeAdapter(Tag)
_VERSIONS = re.compile(r"3\.[01](\.\d+)?(-\w+)?|2\.0")
_VARIABLE = re.compile(r"\{([^{}]{1,100})\}")


def find(paths: Iterable[Path]) -> list[Path]:
    """Return the files to read: those named, and from named folders all files that may be documents, sorted.

    Links to folders are not followed, and what begins with a dot is passed over.
    """
    found: list[Path] = []
    for path in paths:
        found += sorted(_inside(path)) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def read(
    paths: Iterable[Path],
    *,
    organization: str,
    offers: Sequence[Offer] = (),
    each: Callable[[Path], None] = lambda _: None,
) -> Imported:
    """Return the documents in ``paths`` as APIs of one organization.

    Args:
        paths: files and folders.
        organization: its name.
        offers: what every API offers.
        each: is called after each file (for a progress bar; ``len(find(paths))`` is how many there are).

    Raises:
        Refusal: the organization's name breaks the text rules.
    """
    reader = _Reader(tuple(offers))
    for path in find(paths):
        reader.take(path)
        each(path)
    made = Organization(name=names.name(organization, "organization"), apis=tuple(reader.apis))
    return Imported(catalog=Catalog(version=1, organizations=(made,)), notes=reader.notes.all())


def _inside(folder: Path) -> Iterator[Path]:
    unreadable: list[Path] = []
    for at, folders, listed in os.walk(folder, onerror=lambda error: unreadable.append(Path(error.filename))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(at, name) for name in listed if name.lower().endswith(ENDINGS) and not name.startswith("."))
    yield from unreadable


class _Reader:
    """Reads one file after the other and remembers what is there already."""

    def __init__(self, offers: tuple[Offer, ...]) -> None:
        self.offers = offers
        self.notes = Notes()
        self.apis: list[Api] = []
        self.spelled: dict[str, str] = {}
        self.seen: dict[tuple[str, str], str] = {}

    def take(self, path: Path) -> None:
        """Read one file and note what became of it."""
        entry = str(path)
        if path.exists() and not path.is_file():
            self.notes.left_out(entry, "this is no ordinary file")
            return
        try:
            document = files.read(path, as_text=True).value
        except Problems as problems:
            self.notes.left_out(entry, problems.problems[0].sentence)
            return
        if why := _unfit(document):
            self.notes.left_out(entry, why)
        elif api := self._api(entry, document):
            self._add(entry, api)

    def _add(self, entry: str, api: Api) -> None:
        if (other := self.seen.setdefault(api.key, entry)) != entry:
            self.notes.left_out(entry, f"{api.name} {api.version} was read from {other} already")
            return
        self.apis.append(api)
        self.notes.mapped(entry, f"{api.name} {api.version}")

    def _api(self, entry: str, document: Raw) -> Api | None:
        info = raw.mapping(document, "info")
        notes = self.notes
        name = notes.cleaned(entry, "name", names.clean_name(raw.text(info, "title"), fallback=_stem(entry)))
        told = raw.text(info, "description") or raw.text(info, "summary")
        if raw.text(info, "termsOfService"):
            notes.changed(entry, "terms of service left out: they have no version; add terms in a catalog file")
        documentation = raw.text(raw.mapping(document, "externalDocs"), "url")
        values = {
            "name": self._spelled(entry, name),
            "version": notes.cleaned(entry, "version", names.clean_version(raw.text(info, "version"))),
            "description": notes.cleaned(entry, "description", names.clean_description(readable(told))),
            "endpoint": notes.kept(entry, "endpoint", _ENDPOINT, self._server(entry, document)),
            "documentation": notes.kept(entry, "documentation", _LINK, documentation),
            "tags": self._tags(entry, document),
            "plans": self.offers,
        }
        return notes.made(entry, Api, values)

    def _spelled(self, entry: str, name: str) -> str:
        """Return the spelling under which the same API was met first."""
        first = self.spelled.setdefault(names.fold(names.identifier(name)), name)
        if first != name:
            self.notes.changed(entry, f"name: {name} has the same id as {first} and is spelled like it")
        return first

    def _server(self, entry: str, document: Raw) -> str:
        address = _swagger_address(document) if "swagger" in document else _server_address(document)
        if address.startswith("//"):
            self.notes.changed(entry, "endpoint: no scheme is given, https taken")
            return f"https:{address}"
        return address

    def _tags(self, entry: str, document: Raw) -> tuple[str, ...]:
        listed = raw.items(raw.mapping(document, "info"), "x-apisguru-categories")
        given = [tag for tag in listed if isinstance(tag, str)]
        given += [raw.text(tag, "name") for tag in raw.mappings(document, "tags")]
        fitting = [tag for text in given if (tag := self.notes.kept(entry, "tag", _TAG, text))]
        tags = tuple(dict.fromkeys(fitting))
        if len(tags) > TAGS_LIMIT:
            self.notes.changed(entry, f"tags: the first {TAGS_LIMIT} of {len(tags)} kept")
        return tags[:TAGS_LIMIT]


def _unfit(document: Any) -> str | None:
    """Say why a document can't be read as an API, or None."""
    if not isinstance(document, dict) or not {"openapi", "swagger"} & document.keys():
        return "this is no OpenAPI or Swagger document"
    version = raw.text(document, "openapi") or raw.text(document, "swagger")
    if not _VERSIONS.fullmatch(version):
        return f"only OpenAPI 3.0, 3.1 and Swagger 2.0 can be read, not {version or 'a document without a version'}"
    info = document.get("info")
    if not isinstance(info, dict):
        return "info is missing: it holds title and version"
    if "$ref" in info:
        return "info stands in another file, and references are not followed"
    return None


def _server_address(document: Raw) -> str:
    """Return the first server's address with its variables set to their defaults."""
    server = next(raw.mappings(document, "servers"), {})
    variables = raw.mapping(server, "variables")
    return _VARIABLE.sub(
        lambda found: raw.text(raw.mapping(variables, found[1]), "default") or found[0], raw.text(server, "url")
    )


def _swagger_address(document: Raw) -> str:
    host, path = raw.text(document, "host"), raw.text(document, "basePath")
    if not host:
        return path
    schemes = [scheme for scheme in raw.items(document, "schemes") if isinstance(scheme, str)]
    scheme = "https" if "https" in schemes else next(iter(schemes), "")
    return f"{scheme}://{host}{path}" if scheme else f"//{host}{path}"


def _stem(entry: str) -> str:
    return names.clean_name(Path(entry).stem).value
