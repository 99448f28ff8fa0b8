"""From a payload to the body that carries it and back, also where either is no longer what it should be."""

import json
import re
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

import orjson

from bot.sandbox.records import Json

DEEP = "@deep:"
"""Stands for so many nested lists, which only the finished text can hold."""


def written(wire: str, payload: Json) -> tuple[bytes, Any]:
    """Return the body that carries a payload over a wire, and the payload as a strict reader finds it there."""
    if wire == "command":
        fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in payload.items()}
        body = urlencode(fields, errors="surrogatepass").encode()
        return body, parsed(wire, body)
    text = _BURIED.sub(lambda found: "[" * int(found[1]) + "]" * int(found[1]), json.dumps(payload))
    body = text.encode()
    carried = _strict(body)
    return (body if wire == "events" else b"payload=" + _escaped(body)), carried


def parsed(wire: str, body: bytes) -> Any:
    """Return the payload that a body carries, read by the letter; None if it carries none."""
    if wire == "events":
        return _strict(body)
    try:
        if wire == "command":
            return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
        return None if b"&" in body else _strict(unquote_to_bytes(body.removeprefix(b"payload=").replace(b"+", b" ")))
    except ValueError:
        return None


def _strict(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _escaped(text: bytes) -> bytes:
    """Escape what means something in a form; urllib would take as long as the bot needs to answer."""
    for letter, escape in (
        (b"%", b"%25"),
        (b"+", b"%2B"),
        (b"&", b"%26"),
        (b"=", b"%3D"),
        (b" ", b"+"),
        (b'"', b"%22"),
    ):
        text = text.replace(letter, escape)
    return text


_BURIED = re.compile(f'"{DEEP}([0-9]+)"')


def garble(dice: Random, body: bytes) -> tuple[bytes, str]:
    """Spoil the body itself, as no JSON library would write it."""
    inside = body.find(b"{") + 1
    twice = {b"%": b"%22type%22%3A%22view_closed%22%2C", b'"': b'"type":"view_closed",'}
    spoiled = {
        "a key twice": body[:inside] + twice.get(body[inside : inside + 1], b"") + body[inside:],
        "not a number": body.replace(b"false", b"NaN", 1),
        "endless": body.replace(b"true", b"Infinity", 1),
        "cut off": body[: dice.randint(1, len(body))],
        "more behind it": body + dice.choice((b"}", b"%7D", b"&payload=%7B%7D", b"&command=%2Fapis", b"&ssl_check=1")),
        "not UTF-8": body[:inside] + b"\xff%FF" + body[inside:],
        "a mark in front": b"\xef\xbb\xbf" + body,
    }
    what = dice.choice(list(spoiled))
    return spoiled[what], f"garble: {what}"
