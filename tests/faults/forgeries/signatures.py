"""Forged, missing and doubled signatures and timestamps, and secrets that are not ours (RELIABILITY B11, B13)."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from random import Random

from bot.sandbox.signature import signature
from tests.faults.forgeries import forgery
from tests.faults.forgeries.forgery import Forgery, Make, classes
from tests.faults.forgeries.genuine import SIGN, TIME, TYPE, Genuine
from tests.faults.forgeries.rawhttp import Headers, Sending, plain

ZEROS = "v0=" + "0" * 64


def heads(change: Callable[[Random, Genuine], Headers]) -> Make:
    """Return how to make a request whose headers alone are changed."""
    return lambda rng, one: plain(change(rng, one), one.body)


def signs(*values: Callable[[Random, Genuine], str]) -> Make:
    """Return how to make a request with these signatures in place of its own."""
    return heads(lambda rng, one: one.instead(SIGN, *(value(rng, one) for value in values)))


def bodies(change: Callable[[Random, bytes], bytes]) -> Make:
    """Return how to make a request whose body was changed after it was signed."""
    return lambda rng, one: plain(one.headers, change(rng, one.body))


def moments(change: Callable[[Random, str], str]) -> Make:
    """Return how to make a request with another timestamp, and the signature that belongs to it."""

    def make(rng: Random, one: Genuine) -> Sending:
        stamp = change(rng, one.stamp)
        good = signature(one.secret, stamp.encode("latin-1").decode("utf-8", "replace"), one.body)
        return plain([(TYPE, one.kind), (TIME, stamp), (SIGN, good)], one.body)

    return make


def by(secret: Callable[[Random, Genuine], str]) -> Make:
    """Return how to make a request that is signed with another secret."""
    return signs(lambda rng, one: signature(secret(rng, one), one.stamp, one.body))


def genuine_sign(_: Random, one: Genuine) -> str:
    """Return the good signature."""
    return one.signature


def _digit_changed(rng: Random, one: Genuine) -> str:
    at = rng.randrange(3, 67)
    wrong = rng.choice([digit for digit in "0123456789abcdef" if digit != one.signature[at]])
    return one.signature[:at] + wrong + one.signature[at + 1 :]


def _byte_changed(rng: Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << rng.randrange(7)]) + body[at + 1 :]


def _bare_hmac(one: Genuine) -> bytes:
    return hmac.digest(one.secret.encode(), f"v0:{one.stamp}:".encode() + one.body, "sha256")


def _foreign(rng: Random, _: Genuine) -> str:
    return rng.randbytes(16).hex()


MISSING: dict[str, Make] = {
    "no signature": heads(lambda _, one: one.without(SIGN)),
    "no timestamp": heads(lambda _, one: one.without(TIME)),
    "neither signature nor timestamp": heads(lambda _, one: one.without(SIGN, TIME)),
    "an empty signature": signs(lambda _, one: ""),
    "an empty timestamp": heads(lambda _, one: one.instead(TIME, "")),
    "only the version of a signature": signs(lambda _, one: "v0="),
    "the legacy verification token alone": heads(
        lambda _, one: [*one.without(SIGN), ("authorization", f"Bearer {one.payload['token']}")]
    ),
    "a lazy listener asked for by header, unsigned": heads(
        lambda _, one: [*one.without(SIGN), ("x-slack-bolt-lazy-only", "1"), ("x-slack-bolt-lazy-function-name", "f")]
    ),
    "a retry that is not signed": heads(
        lambda _, one: [*one.without(SIGN), ("x-slack-retry-num", "1"), ("x-slack-retry-reason", "http_timeout")]
    ),
    "somebody's session cookie in place of a signature": heads(
        lambda rng, one: [*one.without(SIGN), ("cookie", f"d=xoxd-{rng.randbytes(12).hex()}")]
    ),
    "headers of a proxy that claims to have verified": heads(
        lambda _, one: [*one.without(SIGN), ("x-forwarded-for", "127.0.0.1"), ("x-slack-verified", "true")]
    ),
    "the signature under a name with underscores": heads(
        lambda _, one: [*one.without(SIGN), ("x_slack_signature", one.signature)]
    ),
}
DOUBLED: dict[str, Make] = {
    "two signatures, the first good": signs(genuine_sign, lambda _, one: ZEROS),
    "two signatures, the last good": signs(lambda _, one: ZEROS, genuine_sign),
    "the good signature twice": signs(genuine_sign, genuine_sign),
    "two signatures in one header": signs(lambda _, one: f"{ZEROS}, {one.signature}"),
    "the good timestamp twice": heads(lambda _, one: one.instead(TIME, one.stamp, one.stamp)),
    "two timestamps": heads(lambda rng, one: one.instead(TIME, one.stamp, str(int(one.stamp) - rng.randrange(1, 300)))),
}
WRONG: dict[str, Make] = {
    "a signature of zeros": signs(lambda _, one: ZEROS),
    "a signature made up": signs(lambda rng, _: "v0=" + rng.randbytes(32).hex()),
    "one digit wrong": signs(_digit_changed),
    "hexadecimal capitals": signs(lambda _, one: "v0=" + one.signature[3:].upper()),
    "the version in capitals": signs(lambda _, one: "V0=" + one.signature[3:]),
    "version v1": signs(lambda _, one: "v1=" + one.signature[3:]),
    "no version": signs(lambda _, one: one.signature[3:]),
    "a short signature": signs(lambda rng, one: one.signature[: rng.randrange(4, 67)]),
    "a long signature": signs(lambda rng, one: one.signature + rng.choice("0123456789abcdef")),
    "letters that are no digits": signs(lambda rng, _: "v0=" + "".join(rng.choices("ghijklmnop", k=64))),
    "letters beyond ASCII": signs(lambda _, one: "v0=" + "é" * 64),
    "sha1 in place of sha256": signs(lambda _, one: "v0=" + hashlib.sha1(one.body).hexdigest()),  # noqa: S324
    "a hash without a secret": signs(lambda _, one: "v0=" + hashlib.sha256(one.body).hexdigest()),
    "the signature in base64": signs(lambda _, one: "v0=" + base64.b64encode(_bare_hmac(one)).decode()),
    "the body signed without its time": signs(
        lambda _, one: "v0=" + hmac.digest(one.secret.encode(), one.body, "sha256").hex()
    ),
    "another second's signature": signs(lambda rng, one: one.later(-rng.randrange(1, 300)).signature),
    "another body's signature": signs(lambda _, one: one.with_body(one.body + b" ").signature),
    "a timestamp moved on": heads(lambda rng, one: one.instead(TIME, str(int(one.stamp) + rng.randrange(1, 300)))),
    "a foreign secret": by(_foreign),
    "an empty secret": by(lambda _, one: ""),
    "the secret in capitals": by(lambda _, one: one.secret.upper()),
    "the secret of Slack's documentation": by(lambda _, one: "8f742231b10e8888abcd99yyyzzz85a5"),
}
CHANGED: dict[str, Make] = {
    "one byte of the body changed": bodies(_byte_changed),
    "a byte more than was signed": bodies(lambda _, body: body + b" "),
    "a field more than was signed": bodies(lambda _, body: body + b"&user_id=U0ADA"),
    "a byte less than was signed": bodies(lambda rng, body: body[: -rng.randrange(1, 20)]),
    "another person in a signed body": bodies(lambda _, body: body.replace(b"U0PAT", b"U0ADA")),
    "a signed body upside down": bodies(lambda _, body: body[::-1]),
    "no body to a signature": bodies(lambda _, body: b""),
}
OUT_OF_TIME: dict[str, Make] = {
    "301 seconds ago": moments(lambda _, stamp: str(int(stamp) - 301)),
    # Some seconds more than the 301 of the other side: it may wait for some of them before it is looked at.
    "more than 300 seconds ahead": moments(lambda rng, stamp: str(int(stamp) + 330 + rng.randrange(600))),
    "an hour or more ago": moments(lambda rng, stamp: str(int(stamp) - rng.randrange(3600, 10**8))),
    "the first second of all": moments(lambda _, stamp: "0000000000"),
    "the last second of ten digits": moments(lambda _, stamp: "9999999999"),
}
NO_TIME: dict[str, Make] = {
    "nine digits": moments(lambda _, stamp: stamp[:-1]),
    "eleven digits": moments(lambda rng, stamp: stamp + rng.choice("0123456789")),
    "milliseconds": moments(lambda _, stamp: stamp + "000"),
    "a broken second": moments(lambda rng, stamp: f"{stamp}.{rng.randrange(10)}"),
    "a sign before the second": moments(lambda rng, stamp: rng.choice("+-") + stamp[1:]),
    "hexadecimal time": moments(lambda _, stamp: f"0x{int(stamp):x}"),
    "time with an exponent": moments(lambda _, stamp: f"{stamp[:7]}e03"),
    "time with an underscore": moments(lambda _, stamp: f"{stamp[:4]}_{stamp[5:]}"),
    "digits of another script": moments(lambda _, stamp: "١٢٣٤٥٦٧٨٩٠".encode().decode("latin-1")),
    "time as a word": moments(lambda rng, _: rng.choice(("now", "yesterday.", "NaN", "Infinity", "null"))),
    "a date in place of a second": moments(lambda _, stamp: "2026-11-25T12:00:00Z"),
}

FORGED: list[Forgery] = [
    *classes(MISSING, 401, control=forgery.dressed),
    *classes(DOUBLED, 401, control=forgery.dressed),
    *classes(WRONG, 401, control=forgery.shouted),
    *classes(CHANGED, 401),
    *classes(OUT_OF_TIME, 401, control=forgery.almost_late),
    *classes(NO_TIME, 401, control=forgery.almost_late),
]
