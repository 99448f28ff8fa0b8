"""The whole state as one JSON document (INTERFACE 5), written piece by piece."""

import json
from collections.abc import Callable, Iterator

from bot.store.unit import Unit

SECTIONS = ("organizations", "members", "plans", "apis", "clients", "contracts", "notifications", "audit")


def export_document(unit: Unit, write: Callable[[str], object], progress: Callable[[str], object]) -> None:
    """Write the document.

    Args:
        unit: the transaction that everything is read in.
        write: takes the next piece of text.
        progress: is told the section that begins.
    """
    write('{\n  "version": 1')
    for section in SECTIONS:
        progress(section)
        write(f',\n  "{section}": [')
        for piece in _pieces(unit, section):
            write(piece)
        write("]")
    write("\n}\n")


def _pieces(unit: Unit, section: str) -> Iterator[str]:
    comma = "\n    "
    for entry in unit.export.section(section):
        yield comma + json.dumps(entry, ensure_ascii=False)
        comma = ",\n    "
