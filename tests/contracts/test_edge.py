"""Over real HTTP: nothing but what Slack signed is let in; whatever else comes gets a short answer and never a 5xx."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.edge import MOST_BYTES, SAME_MOMENT
from tests.doorway import (
    CLICK,
    CLICKED,
    COMMAND,
    EVENT,
    FORM,
    FORMER,
    JSON,
    NOON,
    SECRET,
    Doorway,
    click,
    form,
    noting,
    open_door,
    signature,
    signed,
)

PAYLOADS = Path(__file__).parents[1] / "payloads"
STAMP = str(int(NOON.timestamp()))
Headers = list[tuple[str, str]]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def serving() -> AsyncIterator[Doorway]:
    async with open_door(noting) as doorway:
        yield doorway


@pytest.fixture
def door(serving: Doorway) -> Doorway:
    serving.forget()
    return serving


def without(name: str, headers: Headers | None = None) -> Headers:
    return [each for each in headers or signed(CLICKED) if each[0] != name]


def instead(name: str, *values: str) -> Headers:
    return [*without(name), *((name, value) for value in values)]


TIME, SIGN, TYPE = "x-slack-request-timestamp", "x-slack-signature", "content-type"
GOOD = signature(CLICKED, STAMP)


def at(stamp: str) -> Headers:
    """Headers with this timestamp and the signature that belongs to it."""
    return [(TYPE, FORM), (TIME, stamp), (SIGN, signature(CLICKED, stamp))]


UNSIGNED: dict[str, Headers] = {
    "no headers at all": [],
    "no signature": without(SIGN),
    "no timestamp": without(TIME),
    "an empty signature": instead(SIGN, ""),
    "an empty timestamp": instead(TIME, ""),
    "two signatures, the first good": instead(SIGN, GOOD, "v0=" + "0" * 64),
    "two signatures, the last good": instead(SIGN, "v0=" + "0" * 64, GOOD),
    "the same signature twice": instead(SIGN, GOOD, GOOD),
    "two signatures in one header": instead(SIGN, f"{GOOD},{GOOD}"),
    "two timestamps": instead(TIME, STAMP, STAMP),
    "a signature of zeros": instead(SIGN, "v0=" + "0" * 64),
    "a signature in capitals": instead(SIGN, GOOD.upper()),
    "hexadecimal capitals": instead(SIGN, "v0=" + GOOD[3:].upper()),
    "version v1": instead(SIGN, "v1=" + GOOD[3:]),
    "no version": instead(SIGN, GOOD[3:]),
    "a short signature": instead(SIGN, GOOD[:-1]),
    "a long signature": instead(SIGN, GOOD + "0"),
    "one wrong digit": instead(SIGN, GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1")),
    "only the version": instead(SIGN, "v0="),
    "letters that are no digits": instead(SIGN, "v0=" + "g" * 64),
    "letters beyond ASCII": instead(SIGN, "v0=" + "é" * 64),
    "sha1 in place of sha256": instead(SIGN, "v0=" + hashlib.sha1(CLICKED).hexdigest()),  # noqa: S324 - that is the test
    "a plain hash": instead(SIGN, "v0=" + hashlib.sha256(CLICKED).hexdigest()),
    "another secret": [(TYPE, FORM), (TIME, STAMP), (SIGN, signature(CLICKED, STAMP, "f" * 32))],
    "an empty secret": [(TYPE, FORM), (TIME, STAMP), (SIGN, signature(CLICKED, STAMP, ""))],
    "another body's signature": instead(SIGN, signature(CLICKED + b" ", STAMP)),
    "another second's signature": instead(SIGN, signature(CLICKED, str(int(STAMP) - 1))),
    "a timestamp moved forward": instead(TIME, str(int(STAMP) + 1)),
    "301 seconds ago": at(str(int(STAMP) - 301)),
    "301 seconds ahead": at(str(int(STAMP) + 301)),
    "a year ago": at(str(int(STAMP) - 31_536_000)),
    "the first second of all": at("0000000000"),
    "nine digits": at(STAMP[:-1]),
    "eleven digits": at(STAMP + "0"),
    "milliseconds": at(STAMP + "000"),
    "a broken second": at(STAMP + ".0"),
    "a signed second": at("+" + STAMP[1:]),
    "a negative second": at("-" + STAMP[1:]),
    "hexadecimal time": at("0x" + STAMP[:8]),
    "time with an exponent": at("1000000e03"),
    "digits of another script": at("١٢٣٤٥٦٧٨٩٠".encode().decode("latin-1")),
    "time as a word": at("yesterday."),
    "a lazy listener asked for by header": [*without(SIGN), ("x-slack-bolt-lazy-only", "1")],
    "a retry that is not signed": [*without(SIGN), ("x-slack-retry-num", "1")],
    "a verification token alone": [*without(SIGN), ("authorization", "Bearer fixed-value")],
}


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED.keys())
async def test_what_slack_did_not_sign_is_turned_away(door: Doorway, headers: Headers) -> None:
    answer = await door.post(CLICKED, headers)
    assert answer.status in (401, 415) and len(answer.body) <= 64
    assert not door.asked and not door.slack.calls


TYPES: dict[str, Headers] = {
    "no content type": without(TYPE),
    "two content types": [*signed(CLICKED), (TYPE, FORM)],
    "plain text": instead(TYPE, "text/plain"),
    "a multipart form": instead(TYPE, "multipart/form-data; boundary=x"),
    "xml": instead(TYPE, "application/xml"),
    "an empty content type": instead(TYPE, ""),
    "a longer name": instead(TYPE, FORM + "x"),
    "latin-1": instead(TYPE, FORM + "; charset=iso-8859-1"),
    "utf-16": instead(TYPE, FORM + "; charset=utf-16"),
    "utf-7": instead(TYPE, FORM + "; charset=utf-7"),
    "two charsets": instead(TYPE, FORM + "; charset=utf-8; charset=utf-7"),
    "a compressed body": [*signed(CLICKED), ("content-encoding", "gzip")],
    "brotli": [*signed(CLICKED), ("content-encoding", "br")],
    "an encoding hidden behind another": [*signed(CLICKED), ("content-encoding", "identity, gzip")],
}


@pytest.mark.parametrize("headers", TYPES.values(), ids=TYPES.keys())
async def test_a_form_slack_never_uses_is_turned_away_though_signed(door: Doorway, headers: Headers) -> None:
    answer = await door.post(CLICKED, headers)
    assert answer.status == 415 and len(answer.body) <= 64
    assert not door.asked


async def test_a_click_reaches_its_handler_once(door: Doorway) -> None:
    assert (await door.genuine(CLICKED)).status == 200
    assert [(payload.kind, payload.person.team, payload.person.user) for payload in door.asked] == [
        ("action", "T111", "U111")
    ]


async def test_a_command_and_an_event_reach_their_handlers(door: Doorway) -> None:
    await door.genuine(COMMAND)
    await door.genuine(EVENT, JSON)
    assert [payload.name for payload in door.asked] == ["/apis", "app_home_opened"]


FINE: dict[str, tuple[tuple[str, str], ...]] = {
    "a lazy listener asked for by header": (("x-slack-bolt-lazy-only", "1"), ("x-slack-bolt-lazy-function-name", "f")),
    "a retry": (("x-slack-retry-num", "1"), ("x-slack-retry-reason", "http_timeout")),
    "cookies and another method": (("cookie", "d=xoxd-1"), ("x-http-method-override", "DELETE")),
    "identity": (("content-encoding", "identity"),),
}


@pytest.mark.parametrize("extra", FINE.values(), ids=FINE.keys())
async def test_other_headers_count_for_nothing(door: Doorway, extra: tuple[tuple[str, str], ...]) -> None:
    assert (await door.genuine(CLICKED, FORM, extra)).status == 200
    assert len(door.asked) == 1


@pytest.mark.parametrize("kind", [FORM + "; charset=utf-8", FORM + ';charset="UTF-8"', FORM.upper()])
async def test_utf_8_may_be_said_in_any_way(door: Doorway, kind: str) -> None:
    assert (await door.genuine(CLICKED, kind)).status == 200
    assert len(door.asked) == 1


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
async def test_300_seconds_in_either_direction_are_in_time(door: Doorway, seconds: int) -> None:
    answer = await door.post(CLICKED, signed(CLICKED, at=NOON + timedelta(seconds=seconds)))
    assert answer.status == 200 and len(door.asked) == 1


async def test_both_secrets_are_good_while_one_is_replaced(door: Doorway) -> None:
    for secret in (SECRET, FORMER):
        assert (await door.post(CLICKED, signed(CLICKED, secret=secret))).status == 200
    assert len(door.asked) == 2


async def test_a_replay_is_answered_and_does_nothing(door: Doorway) -> None:
    headers = signed(CLICKED)
    await door.post(CLICKED, headers)
    again = await door.post(CLICKED, [*headers, ("x-slack-retry-num", "1"), ("x-slack-bolt-lazy-only", "1")])
    assert again.status == 200 and again.body == b""
    assert len(door.asked) == 1


async def test_the_same_menu_opened_twice_within_a_second_is_answered_twice(door: Doorway) -> None:
    typing = click(type="block_suggestion", action_id="organization", value="ac", trigger_id=None, actions=None)
    headers = signed(typing)
    answers = [(await door.post(typing, headers)).body for _ in range(2)]
    assert answers[0] and answers[0] == answers[1] and len(door.asked) == 2
    door.clock.forward(SAME_MOMENT + 1)
    assert (await door.post(typing, headers)).body == b"" and len(door.asked) == 2


async def test_slacks_own_repeat_of_an_event_is_signed_anew_and_still_done_once(door: Doorway) -> None:
    await door.genuine(EVENT, JSON)
    door.clock.forward(60)
    assert (await door.genuine(EVENT, JSON)).status == 200
    assert len(door.asked) == 1


async def test_the_challenge_is_answered_only_to_slack(door: Doorway) -> None:
    body = (PAYLOADS / "url_verification__bolt-python__ba55af.json").read_bytes()
    assert (await door.post(body, [(TYPE, JSON)])).status == 401
    answer = await door.genuine(body, JSON)
    assert json.loads(answer.body) == {"challenge": json.loads(body)["challenge"]}
    assert answer.headers["content-type"].startswith(JSON)


async def test_a_certificate_probe_is_acknowledged_without_work(door: Doorway) -> None:
    assert (await door.genuine(COMMAND + b"&ssl_check=1")).status == 200
    assert (await door.get("/slack/events?ssl_check=1")).status == 200
    assert not door.asked


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_is_served(door: Doorway, method: str) -> None:
    answer = await door.raw(method, "/slack/events", [*signed(b""), ("content-length", "0")], b"")
    assert answer.status == 405 and answer.body == b""


def chunked(body: bytes, size: int = 4096) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


async def test_a_body_in_chunks_is_put_together(door: Doorway) -> None:
    answer = await door.post(chunked(CLICKED, 10), [*signed(CLICKED), ("transfer-encoding", "chunked")])
    assert answer.status == 200 and len(door.asked) == 1


async def test_the_largest_body_is_read_and_one_byte_more_is_not(door: Doorway) -> None:
    room = MOST_BYTES - len(click(text=""))
    largest = click(text="x" * room)
    assert len(largest) == MOST_BYTES
    assert (await door.genuine(largest)).status == 200
    assert (await door.genuine(largest + b"x")).status == 413
    assert len(door.asked) == 1


async def test_a_body_that_grows_beyond_the_limit_in_chunks_is_cut_off(door: Doorway) -> None:
    body = b"x" * (MOST_BYTES + 1)
    answer = await door.post(chunked(body), [*signed(body), ("transfer-encoding", "chunked")])
    assert answer.status == 413 and answer.body == b""


@pytest.mark.parametrize("length", [str(10**9), "9" * 30])
async def test_a_length_that_is_too_large_is_refused_before_anything_is_read(door: Doorway, length: str) -> None:
    answer = await door.post(b"", [*signed(b""), ("content-length", length)])
    assert answer.status in (400, 413) and not door.asked


async def test_what_is_no_http_is_refused(door: Doorway) -> None:
    assert (await door.send(b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n")).status == 400


async def test_of_equal_keys_the_last_counts_for_everybody(door: Doorway) -> None:
    body = form(json.dumps(CLICK)[:-1] + ', "user": {"id": "U222"}}')
    await door.genuine(body)
    assert door.asked[0].person.user == "U222" and door.asked[0].body["user"] == {"id": "U222"}


async def test_huge_numbers_and_strange_keys_hurt_nobody(door: Doorway) -> None:
    strange = {"__proto__": {"admin": True}, "constructor": 1, "big": 2**200, "": ""}
    assert (await door.genuine(click(**strange))).status == 200
    assert len(door.asked) == 1


async def test_every_refusal_is_counted_by_its_reason(door: Doorway) -> None:
    async def counted() -> float:
        text = (await door.get("/metrics")).body.decode()
        return float(text.split('gatehouse_refused_requests_total{reason="time"} ')[1].split()[0])

    await door.post(CLICKED, at(str(int(STAMP) - 301)))
    before = await counted()
    await door.post(CLICKED, at(str(int(STAMP) - 302)))
    assert await counted() == before + 1


def refused_ways() -> list[Callable[[int], tuple[bytes, Headers]]]:
    """A request from each of the signature's ways to be wrong, different for each number."""

    def numbered(number: int) -> bytes:
        return form(json.dumps({"number": number} | CLICK))

    return [
        lambda n: (numbered(n), without(SIGN, signed(numbered(n)))),
        lambda n: (numbered(n), signed(numbered(n), secret="f" * 32)),
        lambda n: (numbered(n), signed(numbered(n), at=NOON - timedelta(seconds=301 + n))),
        lambda n: (numbered(n) + b"x", signed(numbered(n))),
        lambda n: (numbered(n)[: -1 - n % 50], signed(numbered(n)[: -1 - n % 50])),
    ]


async def test_of_two_thousand_forgeries_none_gets_in(door: Doorway) -> None:
    statuses = set()
    for number in range(400):
        for way in refused_ways():
            body, headers = way(number)
            statuses.add((await door.post(body, headers)).status)
    assert statuses == {401}
    assert not door.asked
