"""Looking into a document of unknown shape: what isn't there, or is of another kind, is simply empty."""

from collections.abc import Iterator
from typing import Any

Raw = dict[str, Any]


def mapping(holder: Any, key: str) -> Raw:
    """Return the mapping under ``key``, or an empty one."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def mappings(holder: Any, key: str) -> Iterator[Raw]:
    """Yield the mappings in the list under ``key``; other items are passed over."""
    yield from (item for item in items(holder, key) if isinstance(item, dict))


def items(holder: Any, key: str) -> list[Any]:
    """Return the list under ``key``, or an empty one."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []


def text(holder: Any, key: str) -> str:
    """Return the text or number under ``key`` as text, trimmed, or nothing."""
    found = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return str(found).strip()
