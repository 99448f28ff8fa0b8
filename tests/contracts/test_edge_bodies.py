"""What is signed and still no payload is turned away; what names nobody is acknowledged and left."""

import gzip
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.doorway import (
    CLICK,
    CLICKED,
    COMMAND,
    EVENT,
    FORM,
    JSON,
    Doorway,
    click,
    form,
    noting,
    open_door,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def serving() -> AsyncIterator[Doorway]:
    async with open_door(noting) as doorway:
        yield doorway


@pytest.fixture
def door(serving: Doorway) -> Doorway:
    serving.forget()
    return serving


WHOLE = json.dumps(CLICK)
BODIES: dict[str, tuple[str, bytes]] = {
    "nothing": (FORM, b""),
    "an empty payload": (FORM, b"payload="),
    "no payload": (FORM, b"other=1"),
    "a name without a value": (FORM, b"payload"),
    "two payloads": (FORM, CLICKED + b"&" + CLICKED),
    "a payload and a command": (FORM, CLICKED + b"&command=%2Fapis"),
    "a command and a payload": (FORM, COMMAND + b"&" + CLICKED),
    "a payload after a probe": (FORM, CLICKED + b"&ssl=1"),
    "a command twice": (FORM, COMMAND + b"&command=%2Fother"),
    "a person twice": (FORM, COMMAND + b"&user_id=U222"),
    "an encoded second person": (FORM, COMMAND + b"&user%5Fid=U222"),
    "101 fields": (FORM, COMMAND + b"".join(b"&f%d=1" % number for number in range(101))),
    "a hundred thousand fields": (FORM, b"a=1&" * 60_000),
    "a command that is also a type": (FORM, COMMAND + b"&type=block_actions"),
    "JSON in a form": (FORM, WHOLE.encode()),
    "a form in JSON": (JSON, CLICKED),
    "a click as JSON": (JSON, WHOLE.encode()),
    "a command as JSON": (JSON, b'{"command": "/apis", "team_id": "T111", "user_id": "U111"}'),
    "an event as a form": (FORM, form(EVENT)),
    "a challenge as a form": (FORM, form('{"type": "url_verification", "challenge": "x"}')),
    "a challenge that is a number": (JSON, b'{"type": "url_verification", "challenge": 1}'),
    "a challenge without one": (JSON, b'{"type": "url_verification"}'),
    "a command inside a payload": (FORM, form('{"command": "/apis", "team_id": "T111", "user_id": "U111"}')),
    "half a JSON": (FORM, form(WHOLE[:-1])),
    "JSON and more": (FORM, form(WHOLE + "x")),
    "two JSONs": (FORM, form(WHOLE + WHOLE)),
    "a list": (FORM, form("[]")),
    "a string": (FORM, form('"x"')),
    "a number": (FORM, form("1")),
    "null": (FORM, form("null")),
    "only white space": (FORM, form("   ")),
    "not a number": (FORM, form('{"type": NaN}')),
    "a number beyond all numbers": (FORM, form('{"type": 1' + "0" * 400 + "}")),
    "infinity": (FORM, form('{"type": -Infinity}')),
    "a lone surrogate": (FORM, form('{"type": "\\ud800"}')),
    "half a pair at the end": (FORM, form('{"type": "\\udc00x"}')),
    "a raw NUL": (FORM, form('{"type": "\0"}')),
    "a raw line break in a string": (FORM, form('{"type": "a\nb"}')),
    "a comment": (FORM, form("{} // x")),
    "single quotes": (FORM, form("{'type': 'x'}")),
    "a trailing comma": (FORM, form('{"type": "x",}')),
    "a byte order mark": (FORM, form("\ufeff" + WHOLE)),
    "UTF-16": (JSON, EVENT.decode().encode("utf-16")),
    "latin-1 letters": (FORM, b"payload=%7B%22type%22%3A%22%E9%22%7D"),
    "latin-1 letters in a command": (FORM, COMMAND + b"&name=%E9"),
    "overlong UTF-8": (FORM, b"payload=%7B%22type%22%3A%22%C0%AF%22%7D"),
    "a hundred thousand levels": (JSON, b"[" * 100_000),
    "a hundred thousand objects in each other": (JSON, b'{"a":' * 40_000),
    "a gzip body that says it is none": (FORM, gzip.compress(CLICKED)),
    "a type that is a list": (JSON, b'{"type": ["event_callback"]}'),
    "a type that is an object": (JSON, b'{"type": {"event_callback": 1}}'),
    "no type": (JSON, b"{}"),
    "an escape without digits": (FORM, b"payload=%7B%zz%7D"),
    "a payload encoded twice": (FORM, form(form(WHOLE))),
}


@pytest.mark.parametrize(("kind", "body"), BODIES.values(), ids=BODIES.keys())
async def test_a_signed_body_that_is_no_payload_is_turned_away(door: Doorway, kind: str, body: bytes) -> None:
    answer = await door.genuine(body, kind)
    assert answer.status == 401 and answer.body == b""
    assert not door.asked


ODD: dict[str, bytes] = {
    "a command whose fields stand between semicolons": COMMAND.replace(b"&", b";"),
    "no team": click(team=None),
    "no person": click(user=None),
    "a person that is a list": click(user=["U111"]),
    "a person's id that is a number": click(user={"id": 1}),
    "a person's id with a NUL": click(user={"id": "U1\0"}),
    "a person's id that is a sentence": click(user={"id": "U1' OR 1=1"}),
    "a very long person": click(user={"id": "U" * 300}),
    "a team that is text": click(team="T111"),
    "no actions": click(actions=[]),
    "actions that are an object": click(actions={"action_id": "client.create"}),
    "an action that is null": click(actions=[None]),
    "an action without an id": click(actions=[{"value": "x"}]),
    "an action whose id is a number": click(actions=[{"action_id": 5}]),
    "a kind nobody knows": click(type="block_party"),
    "a kind that is a list": click(type=["block_actions"]),
    "a submission without a view": click(type="view_submission", view=None),
    "a submission whose view is text": click(type="view_submission", view="V111"),
    "a menu without an id": click(type="block_suggestion"),
    "a shortcut without an id": click(type="shortcut"),
    "urls that are text": click(response_urls=["x"], type="dialog_submission"),
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
async def test_a_genuine_payload_that_names_nobody_is_acknowledged_and_left(door: Doorway, body: bytes) -> None:
    answer = await door.genuine(body)
    assert answer.status == 200 and answer.body == b""
    assert not door.asked
