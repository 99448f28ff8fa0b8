"""Requests that are wrong on the wire: framing, smuggling, other methods and places, and those that never end (B14)."""

from collections.abc import Callable
from random import Random

from tests.faults.forgeries import forgery
from tests.faults.forgeries.forgery import Forgery, Make, Verdict, classes
from tests.faults.forgeries.genuine import SIGN, Genuine
from tests.faults.forgeries.rawhttp import PATH, Sending, chunked, in_chunks, plain, request
from tests.faults.forgeries.signatures import ZEROS

LONG = 600_000
"""Bytes: more than what a connection reads before its headers are complete, whatever comes in one piece."""


def written(change: Callable[[Random, Genuine, bytes], bytes]) -> Make:
    """Return how to make a request whose bytes were changed after it was written."""
    return lambda rng, one: Sending((change(rng, one, request(one.headers, one.body)),))


def framed(*headers: tuple[str, str]) -> Make:
    """Return how to make a well signed request with these headers in place of its length; ``%`` stands for that."""

    def make(_: Random, one: Genuine) -> Sending:
        length = str(len(one.body))
        fields = [(name, value.replace("%", length)) for name, value in headers]
        return Sending((request([*one.headers, *fields], one.body, length=False),))

    return make


def chunks(change: Callable[[Random, bytes], bytes]) -> Make:
    """Return how to make a well signed request whose chunks are wrong."""
    return lambda rng, one: chunked(one.headers, change(rng, in_chunks(one.body, 100)))


def lined(line: str) -> Make:
    """Return how to make a well signed request with another request line."""
    return lambda _, one: plain(one.headers, one.body, line)


def unsigned(one: Genuine) -> bytes:
    """Return the request with a signature made of zeros."""
    return request(one.instead(SIGN, ZEROS), one.body)


def _signature_line(change: Callable[[bytes], bytes]) -> Make:
    """Return how to make a request in whose head the line with the signature was changed."""

    def make(_: Random, one: Genuine) -> Sending:
        line = f"{SIGN}: {one.signature}\r\n".encode()
        return Sending((request(one.headers, one.body).replace(line, change(line)),))

    return make


FRAMES: dict[str, Make] = {
    "two lengths that agree": framed(("content-length", "%"), ("content-length", "%")),
    "two lengths that differ": framed(("content-length", "%"), ("content-length", "0")),
    "a list of lengths": framed(("content-length", "%, %")),
    "a length with a sign": framed(("content-length", "+%")),
    "a negative length": framed(("content-length", "-%")),
    "a length as a word": framed(("content-length", "all")),
    "a length of thirty digits": framed(("content-length", "9" * 30)),
    "chunks and a length": framed(("content-length", "%"), ("transfer-encoding", "chunked")),
    "a length and chunks": framed(("transfer-encoding", "chunked"), ("content-length", "%")),
    "chunks under a wrong name": framed(("transfer-encoding", "xchunked")),
    "chunks that are not last": framed(("transfer-encoding", "chunked, identity")),
}
CHUNKS: dict[str, Make] = {
    "a chunk without a size": chunks(lambda _, body: b"\r\n" + body),
    "a chunk whose size is a word": chunks(lambda _, body: b"many\r\n" + body),
    "a chunk of negative size": chunks(lambda _, body: b"-" + body),
    "a chunk longer than it says": chunks(lambda _, body: b"2\r\nabcdef" + body),
    "a chunk beyond all sizes": chunks(lambda rng, body: b"f" * rng.randrange(17, 40) + b"\r\n" + body),
    "a chunk's end without its line break": chunks(lambda _, body: body.replace(b"\r\n", b"", 2)),
}
HEADS: dict[str, Make] = {
    "a folded signature": _signature_line(lambda line: line.replace(b": ", b":\r\n ")),
    "a blank before the colon": _signature_line(lambda line: line.replace(b":", b" :")),
    "a NUL in a header": _signature_line(lambda line: b"x-a: b\0c\r\n" + line),
    "a carriage return in a header": _signature_line(lambda line: b"x-a: b\rc\r\n" + line),
    "a signature behind a bare line feed": _signature_line(lambda line: b"x-a: b\n" + line[:-2] + b"\n"),
    "a header without a name": _signature_line(lambda line: b": b\r\n" + line),
    "a header without a colon": _signature_line(lambda line: b"signed\r\n" + line),
    "a header whose name has letters beyond ASCII": _signature_line(lambda line: "é: b\r\n".encode() + line),
    "line feeds alone": lambda _, one: Sending((request(one.headers, one.body, end=b"\n"),)),
    "a greeting of TLS": written(lambda rng, one, _: b"\x16\x03\x01\x00\xa5\x01\x00" + rng.randbytes(30) + b"\r\n\r\n"),
    "a preface of HTTP/2": written(lambda _, one, whole: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + whole),
    "noise": written(lambda rng, one, _: b"\xff" + rng.randbytes(200) + b"\r\n\r\n"),
    "no version of HTTP": written(lambda _, one, whole: whole.replace(b" HTTP/1.1", b" FTP/1.1")),
    "a blank in the address": lined("POST /slack /events HTTP/1.1"),
    "a method that is none": lined("APPROVE /slack/events HTTP/1.1"),
    "a tunnel": lined("CONNECT gatehouse:443 HTTP/1.1"),
}
INJECTED: dict[str, Make] = {
    "a signature injected behind a line break": _signature_line(lambda line: b"x-a: b\r\n" + line + line),
    "an upgrade to web sockets": framed(("content-length", "%"), ("connection", "upgrade"), ("upgrade", "websocket")),
    "an upgrade to HTTP/2": framed(("content-length", "%"), ("connection", "upgrade"), ("upgrade", "h2c")),
    "a body that waits to be asked for, unsigned": lambda _, one: Sending(
        (request([*one.without(SIGN), ("expect", "100-continue")], one.body),)
    ),
    "three at once, none signed": lambda _, one: Sending((unsigned(one) * 3,), answers=3),
    "a second request in the body of the first": lambda _, one: plain(one.instead(SIGN, ZEROS), unsigned(one)),
    "an older version of HTTP, unsigned": lambda _, one: plain(one.without(SIGN), one.body, f"POST {PATH} HTTP/1.0"),
    "an address with a host, unsigned": lambda _, one: plain(
        one.without(SIGN), one.body, f"POST http://127.0.0.1{PATH} HTTP/1.1"
    ),
    "an address in percent, unsigned": lambda _, one: plain(
        one.without(SIGN), one.body, "POST /sl%61ck%2Fevents HTTP/1.1"
    ),
}
SHORTENED: dict[str, Make] = {
    # The rest of the body is taken for a second request.
    "a length shorter than the body": lambda rng, one: Sending(
        (request([*one.headers, ("content-length", str(rng.randrange(1, 50)))], one.body, length=False),), answers=2
    ),
}
LONG_HEADS: dict[str, Make] = {
    "a header without end": written(lambda _, one, whole: whole[:30] + b"\r\nx-a: " + b"a" * LONG),
    "headers without end": written(lambda _, one, whole: whole[:30] + b"\r\nx-a: b" * (LONG // 8)),
    "an address without end": written(lambda _, one, whole: b"POST /" + b"a" * LONG),
    "a chunk's extension without end": lambda _, one: chunked(one.headers, b"1;name=" + b"a" * LONG),
}
LARGE: dict[str, Make] = {
    "a length of a gigabyte": framed(("content-length", "1000000000")),
    "chunks beyond what is read": lambda _, one: chunked(one.headers, in_chunks(one.body.ljust(300_000, b"+"))),
}
METHODS = {
    f"{method}, well signed": lined(f"{method} {PATH} HTTP/1.1")
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE")
} | {
    "another method in a header": lambda _, one: plain(
        [*one.headers, ("x-http-method-override", "POST")], one.body, f"PUT {PATH} HTTP/1.1"
    )
}
PLACES: dict[str, Make] = {
    "the address with a slash behind it": lined(f"POST {PATH}/ HTTP/1.1"),
    "the address with two slashes": lined("POST //slack/events HTTP/1.1"),
    "the address in capitals": lined(f"POST {PATH.upper()} HTTP/1.1"),
    "the address by a detour": lined("POST /slack/../slack/events HTTP/1.1"),
    "an address nobody answers at": lined("POST /slack/commands HTTP/1.1"),
    "the address in a header": lambda _, one: plain(
        [*one.headers, ("x-original-url", PATH)], one.body, "POST / HTTP/1.1"
    ),
    "the star of all addresses": lined("OPTIONS * HTTP/1.1"),
}
SERVICES: dict[str, Make] = {
    "a payload to healthz": lined("POST /healthz HTTP/1.1"),
    "a payload to readyz": lined("POST /readyz HTTP/1.1"),
    "a payload to metrics": lined("POST /metrics HTTP/1.1"),
}


def _begun(one: Genuine) -> bytes:
    """Return the first line of a request and half of the second."""
    return request(one.headers, one.body)[:40]


def _head(one: Genuine) -> bytes:
    """Return a request without its body."""
    return request(one.headers, one.body)[: -len(one.body)]


def _dripping(first: bytes, rest: bytes, pieces: int) -> Sending:
    """Return some bytes, and further ones at one a second."""
    return Sending((first, *(bytes([byte]) for byte in rest[:pieces])), pause=1.0)


HALF: dict[str, Make] = {
    "half a head, then nobody": lambda _, one: Sending((_begun(one),), hangs_up=True),
    "half a body, then nobody": lambda _, one: Sending(
        (request(one.headers, one.body)[: -len(one.body) // 2],), hangs_up=True
    ),
    "half a chunk, then nobody": lambda _, one: Sending(
        (request([*one.headers, ("transfer-encoding", "chunked")], b"fff\r\n" + one.body[:9], length=False),),
        hangs_up=True,
    ),
}
NEVER: dict[str, Make] = {
    "a connection that says nothing": lambda _, one: Sending((b"",)),
    "a head that drips": lambda _, one: _dripping(_begun(one), b"x" * 20, 20),
    "line breaks before a request that never comes": lambda _, one: _dripping(b"", b"\r\n" * 10, 20),
}
DRIPPING: dict[str, Make] = {
    "a body that drips": lambda _, one: _dripping(_head(one), one.body, 8),
    "half a body, then silence": lambda _, one: Sending((request(one.headers, one.body)[:-9],)),
    "chunks that drip": lambda _, one: _dripping(
        request([*one.headers, ("transfer-encoding", "chunked")], b"fff\r\n", length=False), one.body, 8
    ),
}

FORGED: list[Forgery] = [
    *classes(FRAMES, 400),
    *classes(CHUNKS, 400, control=forgery.cut_up),
    *classes(HEADS, 400, control=forgery.shouted),
    *classes(INJECTED, 401, control=forgery.twice_at_once),
    *classes(SHORTENED, 401, 400),
    *classes(LONG_HEADS, 400, control=forgery.dressed, cut=True),
    *classes(LARGE, 413, control=forgery.cut_up, cut=True),
    *classes(METHODS, 405),
    *classes(PLACES, 404),
    *classes(SERVICES, 405),
    *classes(HALF, control=forgery.in_pieces),
    *classes(NEVER, control=forgery.in_pieces, slow=True),
    *classes(DRIPPING, 408, control=forgery.in_pieces, slow=True),
    *classes(
        {"a probe by address": lambda _, one: plain([], b"", f"GET {PATH}?ssl_check=1 HTTP/1.1")},
        200,
        verdict=Verdict.SETTLED,
    ),
]
