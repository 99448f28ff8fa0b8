"""A connection that only talks is ended: no request and no headers without end, and no log line for each of them."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bot import connection
from tests.doorway import CLICKED, COMMAND, FORM, NOON, Doorway, noting, open_door, signed

HEAD = b"POST /slack/events HTTP/1.1\r\nhost: gatehouse\r\n"
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def door() -> AsyncIterator[Doorway]:
    async with open_door(noting) as doorway:
        yield doorway


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WHOLE_REQUEST", 0.2)


async def line(door: Doorway) -> Line:
    return await asyncio.open_connection("127.0.0.1", door.port)


async def refused(door: Doorway, reason: str) -> float:
    """Return how often something was turned away for this reason."""
    text = (await door.get("/metrics")).body.decode()
    _, found, rest = text.partition(f'gatehouse_refused_requests_total{{reason="{reason}"}} ')
    return float(rest.split()[0]) if found else 0.0


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what came before the connection was closed."""
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""


def genuine(body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in signed(body, FORM, NOON))
    return HEAD + lines.encode() + b"content-length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize("begun", [b"", HEAD, HEAD + b"content-length: 9\r\n\r\nhalf"], ids=["", "head", "body"])
async def test_a_request_that_does_not_arrive_is_waited_for_only_so_long(
    door: Doorway, hurried: None, begun: bytes
) -> None:
    reader, writer = await line(door)
    writer.write(begun)
    await ended(reader)
    writer.close()
    assert await refused(door, "slow request") == 1
    assert not door.asked


async def test_the_second_request_of_a_connection_has_no_more_time_than_the_first(door: Doorway, hurried: None) -> None:
    reader, writer = await line(door)
    writer.write(genuine(CLICKED))
    assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD)
    assert await ended(reader) == b""
    writer.close()
    assert await refused(door, "slow request") == 1


async def test_a_request_that_comes_in_pieces_in_time_is_served(door: Doorway) -> None:
    reader, writer = await line(door)
    whole = genuine(CLICKED)
    for at in range(0, len(whole), 40):
        writer.write(whole[at : at + 40])
        await asyncio.sleep(0)
    assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert len(door.asked) == 1


@pytest.mark.parametrize(
    "endless",
    [
        HEAD + b"x-long: " + b"a" * 600_000,
        HEAD + b"x-many: a\r\n" * 60_000,
        b"POST /" + b"a" * 600_000,
        HEAD + b"transfer-encoding: chunked\r\n\r\n1;name=" + b"a" * 600_000,
    ],
    ids=["a long header", "many headers", "a long address", "a long chunk extension"],
)
async def test_what_stands_before_a_body_has_an_end(door: Doorway, endless: bytes) -> None:
    reader, writer = await line(door)
    writer.write(endless)
    await ended(reader)
    writer.close()
    assert await refused(door, "long headers") + await refused(door, "no HTTP") == 1
    assert not door.asked


async def test_two_requests_sent_together_are_answered_in_turn(door: Doorway) -> None:
    reader, writer = await line(door)
    writer.write(genuine(CLICKED) + genuine(COMMAND))
    for _ in range(2):
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert [payload.kind for payload in door.asked] == ["action", "command"]


async def test_a_flood_of_what_is_no_http_is_counted_and_logged_once(
    door: Doorway, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(20):
            assert (await door.send(b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n")).status == 400
    assert await refused(door, "no HTTP") == 20
    lines = [*caplog.messages, *capsys.readouterr().out.splitlines()]
    assert sum("no HTTP" in one for one in lines) <= 2  # a minute may end in between
    assert not [one for one in lines if "Invalid HTTP" in one]


async def test_an_upgrade_is_not_talked_about(door: Doorway, caplog: pytest.LogCaptureFixture) -> None:
    asking = HEAD + b"connection: upgrade, close\r\nupgrade: websocket\r\ncontent-length: 0\r\n\r\n"
    assert (await door.send(asking)).status == 415
    assert not caplog.messages


async def test_a_refused_body_that_is_still_coming_ends_the_connection(door: Doorway) -> None:
    reader, writer = await line(door)
    writer.write(genuine(b"").replace(b"content-length: 0", b"content-length: 900000000"))
    answer = await ended(reader)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413") and b"connection: close" in answer
