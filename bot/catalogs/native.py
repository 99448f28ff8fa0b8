"""The catalog format, ``version: 1`` (INTERFACE 4): reading, and telling everything that is wrong at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.catalogs import clashes, files, wording
from bot.catalogs.files import Document
from bot.catalogs.places import Place, Problem, Problems
from bot.domain.catalog import Catalog

HOPELESS = 20_000
"""Problems above which a file is refused as a whole; ours, so that a hostile one can't fill the memory."""
_KINDS = {
    "openapi": "This is an OpenAPI document: read it with gatehouse catalog import openapi.",
    "swagger": "This is a Swagger document: read it with gatehouse catalog import openapi.",
    "Metadata": "This looks like an Apiman export: read it with gatehouse catalog import apiman.",
    "$schema": "This is a JSON Schema, not a catalog.",
}
_NO_CATALOG = "This is not a Gatehouse catalog: it must begin with version: 1 and list organizations."


@dataclass(frozen=True)
class Source:
    """A catalog together with the file it came from."""

    catalog: Catalog
    document: Document

    def problem(self, place: Place, sentence: str) -> Problem:
        """Return a problem with the line of ``place``, such as ``("organizations", 0, "apis", 3, "plans", 1)``."""
        return Problem(self.document.file, self.document.marks.line(place), sentence)


def read(path: Path) -> Source:
    """Return the catalog in the file at ``path``.

    Raises:
        Problems: everything that is wrong with it, in the order of its lines.
    """
    return _checked(files.read(path))


def parse(text: str, file: str = "catalog") -> Source:
    """Return the catalog in ``text``; ``file`` names it in problems.

    Raises:
        Problems: as for ``read``.
    """
    return _checked(files.parse(text, file))


def read_all(paths: Iterable[Path]) -> tuple[Source, ...]:
    """Return the catalogs in several files.

    Raises:
        Problems: everything that is wrong with any of them.
    """
    sources: list[Source] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            sources.append(read(path))
        except Problems as found:
            problems.extend(found.problems)
    if problems:
        raise Problems(problems)
    return tuple(sources)


def _checked(document: Document) -> Source:
    _check_kind(document)
    problems = [*_repeated(document), *_clashing(document)]
    try:
        catalog = Catalog.model_validate(document.value)
    except ValidationError as error:
        if error.error_count() > HOPELESS:
            told = f"{error.error_count():,} things are wrong with this file: it is hardly meant as a catalog."
            raise Problems([Problem(document.file, 0, told)]) from None
        found = wording.sentences(error, document.marks.written)
        problems += [Problem(document.file, document.marks.line(place), sentence) for place, sentence in found]
    else:
        if not problems:
            return Source(catalog, document)
    raise Problems(sorted(problems, key=lambda problem: problem.line))


def _check_kind(document: Document) -> None:
    value = document.value
    if isinstance(value, dict) and ("version" in value or "organizations" in value) and not _foreign(value):
        return
    sentence = "The file is empty." if value is None else _NO_CATALOG
    if isinstance(value, dict) and (kind := _foreign(value)):
        sentence = _KINDS[kind]
    raise Problems([Problem(document.file, 0, sentence)])


def _foreign(value: dict[str, Any]) -> str | None:
    return next((key for key in _KINDS if key in value and "organizations" not in value), None)


def _repeated(document: Document) -> list[Problem]:
    if not document.repeats:
        return []
    return [
        Problem(document.file, line, f"{place[-1]} stands here a second time; the first is at line {first}.")
        for place, line, first in document.marks.twice
    ]


def _clashing(document: Document) -> list[Problem]:
    return [
        Problem(document.file, document.marks.line(place), f"{sentence} at line {document.marks.line(first)}.")
        for place, sentence, first in clashes.find(document.value)
    ]
