"""Reading a catalog, OpenAPI or export file from disk: bounded, UTF-8, JSON or YAML."""

import codecs
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bot.catalogs import jsontext, yamltext
from bot.catalogs.places import Marks, Problem, Problems

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes of a file that is read; ours. About 75,000 APIs with long descriptions."""


@dataclass(frozen=True)
class Document:
    """What a file says, and where it says it."""

    file: str
    text: str = field(repr=False)
    value: Any
    repeats: bool
    """Whether a key stands twice in one mapping; ``marks.twice`` tells which."""
    known_marks: Marks | None = field(default=None, repr=False)

    @cached_property
    def marks(self) -> Marks:
        """The file's lines; found out when first asked for where it is JSON."""
        return jsontext.marks(self.text) if self.known_marks is None else self.known_marks


def read(path: Path, *, as_text: bool = False, size_limit: int = SIZE_LIMIT) -> Document:
    """Return what the file at ``path`` says; ``as_text`` leaves YAML's numbers and dates as they are written.

    Raises:
        Problems: missing, not readable, too large, not UTF-8, neither JSON nor YAML, or hostile.
    """
    return parse(_text(path, size_limit), str(path), as_text=as_text)


def parse(text: str, file: str, *, as_text: bool = False) -> Document:
    """Return what ``text`` says. JSON if it looks like it, else YAML.

    Raises:
        Problems: as for ``read``.
    """
    if not text.lstrip().startswith(("{", "[")):
        return _yaml(text, file, as_text=as_text)
    try:
        value, twice = jsontext.values(text, file)
        return Document(file, text, value, twice)
    except Problems:
        if file.lower().endswith(".json"):
            raise
    return _yaml(text, file, as_text=as_text)


def _yaml(text: str, file: str, *, as_text: bool) -> Document:
    value, marks = yamltext.values(text, file, as_text=as_text)
    return Document(file, text, value, bool(marks.twice), marks)


def _text(path: Path, size_limit: int) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(size_limit + 1)
    except OSError as error:
        raise Problems([Problem(str(path), 0, f"{_reason(path, error)}.")]) from None
    if len(content) > size_limit:
        sentence = f"The file is larger than {size_limit // (1024 * 1024)} MiB: split it."
        raise Problems([Problem(str(path), 0, sentence)])
    return _decoded(content, str(path))


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "There is no such file"
    if isinstance(error, IsADirectoryError) or path.is_dir():
        return "This is a folder: name a file"
    return f"The file can't be read: {error.strerror or error}"


def _decoded(content: bytes, file: str) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Problems([Problem(file, 0, "The file is UTF-16 text: save it as UTF-8.")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        sentence = f"The byte 0x{content[error.start]:02X} is not UTF-8 text: save the file as UTF-8."
        raise Problems([Problem(file, line, sentence)]) from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise Problems([Problem(file, line, "The file holds a NUL character: it isn't text.")])
    return text
