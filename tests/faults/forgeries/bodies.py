"""Well signed and still no payload: content types, encodings, fields and JSON that Slack never sends (B14, B15)."""

import gzip
import json
import zlib
from collections.abc import Callable
from random import Random

from tests.faults.forgeries import forgery
from tests.faults.forgeries.forgery import Forgery, Make, Verdict, classes
from tests.faults.forgeries.genuine import CLICK, COMMAND, EVENT, FORM, JSON, TYPE, Genuine, encoded, form
from tests.faults.forgeries.rawhttp import Sending, plain

MOST_BYTES = 256 * 1024


def typed(*kinds: str) -> Make:
    """Return how to make a request with these content types in place of its own; ``%`` stands for that one."""
    return lambda _, one: plain(one.instead(TYPE, *(kind.replace("%", one.kind) for kind in kinds)), one.body)


def packed(pack: Callable[[bytes], bytes], *encodings: str) -> Make:
    """Return how to make a request whose body was packed before it was signed, with these content encodings."""

    def make(_: Random, one: Genuine) -> Sending:
        small = one.with_body(pack(one.body))
        return plain([*small.headers, *(("content-encoding", name) for name in encodings)], small.body)

    return make


def signed(change: Callable[[Genuine], bytes], kind: str | None = None) -> Make:
    """Return how to make a well signed request with another body, and perhaps another content type."""

    def make(_: Random, one: Genuine) -> Sending:
        other = one.with_body(change(one), kind)
        return plain(other.headers, other.body)

    return make


def texts(change: Callable[[str], str]) -> Make:
    """Return how to make a well signed form whose JSON was changed."""
    return signed(lambda one: form(change(json.dumps(one.payload)).encode("utf-8", "surrogatepass")), FORM)


def _marked(one: Genuine) -> bytes:
    """Return the mark of a request, so that no two are alike."""
    return str(one.payload["mark"]).encode()


TYPES: dict[str, Make] = {
    "no content type": lambda _, one: plain(one.without(TYPE), one.body),
    "an empty content type": typed(""),
    "two content types": typed("%", "%"),
    "two content types in one header": typed(f"{FORM}, {JSON}"),
    "plain text": typed("text/plain"),
    "a multipart form": typed("multipart/form-data; boundary=x"),
    "XML": typed("application/xml"),
    "a longer name": typed("%x"),
    "Latin-1": typed("%; charset=iso-8859-1"),
    "UTF-16": typed("%; charset=utf-16"),
    "UTF-7": typed("%; charset=utf-7"),
    "two charsets": typed("%; charset=utf-8; charset=utf-7"),
}
PACKED: dict[str, Make] = {
    "a gzip body": packed(gzip.compress, "gzip"),
    "a gzip bomb": packed(lambda _: gzip.compress(b"a" * 1_000_000, 1), "gzip"),
    "a deflated body": packed(zlib.compress, "deflate"),
    "an encoding behind another": packed(gzip.compress, "identity, gzip"),
    "two encodings": packed(gzip.compress, "identity", "gzip"),
}
FIELDS: dict[str, Make] = {
    "two payloads": signed(lambda one: one.body + b"&" + one.body),
    "a payload and a command": signed(lambda one: one.body + b"&command=%2Fgatehouse"),
    "a payload and a probe": signed(lambda one: one.body + b"&ssl_check=0"),
    "a name without a value": signed(lambda one: b"payload&mark=" + _marked(one)),
    "an empty payload": signed(lambda one: b"payload=&mark=" + _marked(one)),
    "JSON in a form": signed(lambda one: json.dumps(one.payload).encode()),
    "a form in JSON": signed(lambda one: one.body, JSON),
    "a click as JSON": signed(lambda one: json.dumps(one.payload).encode(), JSON),
    "a payload encoded twice": signed(lambda one: form(form(json.dumps(one.payload)))),
    "a gzip body that says it is none": signed(lambda one: gzip.compress(one.body)),
    "sixty thousand fields": signed(lambda one: b"a=1&" * 60_000 + _marked(one) + b"=1"),
}
COMMANDS: dict[str, Make] = {
    "a command and a payload": signed(lambda one: one.body + b"&payload=%7B%7D"),
    "a command twice": signed(lambda one: one.body + b"&command=%2Fapprovals"),
    "a person twice": signed(lambda one: one.body + b"&user_id=U0ADA"),
    "an encoded second person": signed(lambda one: one.body + b"&user%5Fid=U0ADA"),
    "101 fields": signed(lambda one: one.body + b"".join(b"&f%d=1" % number for number in range(101))),
    "a command that is also a type": signed(lambda one: one.body + b"&type=block_actions"),
    "a command as JSON": signed(lambda one: json.dumps(one.payload).encode(), JSON),
    "a command inside a payload": signed(lambda one: form(json.dumps(one.payload))),
    "Latin-1 letters": signed(lambda one: one.body + b"&name=%E9"),
}
EVENTS: dict[str, Make] = {
    "an event as a form": signed(lambda one: form(one.body), FORM),
    "a challenge as a form": signed(
        lambda one: form(json.dumps({"type": "url_verification", "challenge": one.payload["mark"]})), FORM
    ),
    "a challenge that is a number": signed(
        lambda one: json.dumps({"type": "url_verification", "challenge": 1, "mark": one.payload["mark"]}).encode()
    ),
    "UTF-16 without saying so": signed(lambda one: one.body.decode().encode("utf-16")),
    "a hundred thousand levels": signed(lambda one: b"[" * 100_000 + _marked(one)),
    "forty thousand objects in each other": signed(lambda one: b'{"a":' * 40_000 + _marked(one)),
    "a type that is a list": signed(lambda one: json.dumps(one.payload | {"type": ["event_callback"]}).encode()),
    "a type nobody knows as JSON": signed(lambda one: json.dumps(one.payload | {"type": "block_actions"}).encode()),
}
TEXTS: dict[str, Make] = {
    "half a JSON": texts(lambda text: text[: len(text) // 2]),
    "JSON and more": texts(lambda text: text + "x"),
    "two JSONs": texts(lambda text: text + text),
    "a list": texts(lambda text: f"[{text}]"),
    "a string": texts(json.dumps),
    "not a number": texts(lambda text: f'{text[:-1]}, "x": NaN}}'),
    "infinity": texts(lambda text: f'{text[:-1]}, "x": -Infinity}}'),
    "a number of 400 digits": texts(lambda text: f'{text[:-1]}, "x": 1{"0" * 400}}}'),
    "a lone surrogate": texts(lambda text: f'{text[:-1]}, "x": "\\ud800"}}'),
    "a raw lone surrogate": texts(lambda text: f'{text[:-1]}, "x": "\ud800"}}'),
    "a raw NUL": texts(lambda text: f'{text[:-1]}, "x": "\0"}}'),
    "a raw line break in a string": texts(lambda text: f'{text[:-1]}, "x": "a\nb"}}'),
    "single quotes": texts(lambda text: text.replace('"', "'")),
    "a trailing comma": texts(lambda text: text[:-1] + ",}"),
    "a byte order mark": texts(lambda text: "\ufeff" + text),
    "a comment": texts(lambda text: text + " // approve"),
    "thirty thousand lists in each other": texts(lambda text: f'{text[:-1]}, "x": {"[" * 30_000}{"]" * 30_000}}}'),
}
LARGE: dict[str, Make] = {
    "a byte more than is read": signed(lambda one: one.body.ljust(MOST_BYTES + 1, b"+")),
    "three times what is read": signed(lambda one: one.body.ljust(3 * MOST_BYTES, b"+")),
    "a million fields": signed(lambda one: _marked(one) + b"=1" + b"&a=1" * 1_000_000),
}


def _probe(_: Random, one: Genuine) -> Sending:
    probe = one.with_body(one.body + b"&ssl_check=1")
    return plain(probe.headers, probe.body)


def _challenged(_: Random, one: Genuine) -> Sending:
    asking = {"type": "url_verification", "challenge": one.payload["mark"], "token": "x"}
    other = one.with_body(encoded(EVENT, asking))
    return plain(other.headers, other.body)


def _largest(_: Random, one: Genuine) -> Sending:
    """Return the genuine request with as much white space as a body may have."""
    padded = one.with_body(one.body.ljust(MOST_BYTES, b"+"))
    return plain(padded.headers, padded.body)


FORGED: list[Forgery] = [
    *classes(TYPES, 415, control=forgery.said_to_be_utf_8),
    *classes(PACKED, 415),
    *classes(FIELDS, 401, shape=CLICK, control=forgery.anew, once=True),
    *classes(COMMANDS, 401, shape=COMMAND, control=forgery.anew, once=True),
    *classes(EVENTS, 401, shape=EVENT, control=forgery.anew, once=True),
    *classes(TEXTS, 401, shape=CLICK, once=True),
    *classes(LARGE, 413, shape=CLICK, control=_largest, cut=True),
    *classes({"an unsigned probe": lambda _, one: plain([(TYPE, FORM)], b"ssl_check=1")}, 401),
    *classes({"a signed probe": _probe}, 200, verdict=Verdict.SETTLED, shape=COMMAND),
    *classes({"a signed challenge": _challenged}, 200, verdict=Verdict.SETTLED, shape=EVENT),
    *classes(
        {"an unsigned challenge": lambda _, one: plain([(TYPE, JSON)], b'{"type":"url_verification","challenge":"x"}')},
        401,
    ),
]
