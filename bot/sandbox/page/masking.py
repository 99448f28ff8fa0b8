"""Traffic for the inspector: pretty JSON without anything secret in it."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

_SECRET_KEY = re.compile(
    r"(?:^|[_-])(?:token|secret|password|authorization|signature|api[_-]?key|cookie)s?$", re.IGNORECASE
)
_SECRET_TEXT = re.compile(r"\b(xox[a-z]|xapp)-[\w-]{4,}|(/response/)[\w%/-]+|(ticket=)[\w%-]+|(v0=)[0-9a-f]{16,}")
HIDDEN = "••••••••"


def masked(value: Any, known: tuple[str, ...] = ()) -> Any:
    """A copy with tokens, secrets and signatures hidden; ``known`` are further strings that must never be shown."""
    if isinstance(value, dict):
        return {key: _masked_entry(str(key), item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item, known) for item in value]
    if isinstance(value, str):
        return _masked_text(value, known)
    return value


def _masked_entry(key: str, item: Any, known: tuple[str, ...]) -> Any:
    if _SECRET_KEY.search(key) and isinstance(item, str):
        return f"{item[:4]}{HIDDEN}" if re.match(r"xox[a-z]|xapp", item) else HIDDEN if item else item
    return masked(item, known)


def _masked_text(text: str, known: tuple[str, ...]) -> Any:
    inner = _json_inside(text)
    if inner is not None:
        return masked(inner, known)
    for secret in known:
        text = text.replace(secret, HIDDEN) if secret else text
    return _SECRET_TEXT.sub(lambda hit: f"{next(group for group in hit.groups() if group)}{HIDDEN}", text)


def _json_inside(text: str) -> Any:
    """JSON that travels as a string (``payload``, ``view``, ``blocks``), unpacked; None if it is none."""
    if text[:1] not in "{[" or not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def pretty(value: Any) -> str:
    """JSON as people read it."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def readable(value: Any, known: tuple[str, ...] = ()) -> str:
    """A request or answer for the inspector: masked, indented; a form body becomes its fields."""
    if value in (None, "", b""):
        return "(empty)"
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str) and re.match(r"[\w.%-]+=", value):
        value = dict(parse_qsl(value, keep_blank_values=True)) or value
    shown = masked(value, known)
    return shown if isinstance(shown, str) else pretty(shown)
