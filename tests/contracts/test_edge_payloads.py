"""Every payload that Slack recorded goes through the door: acknowledged, no 5xx, no traceback."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import pytest
import pytest_asyncio
import structlog

from bot import logs
from tests.doorway import FORM, JSON, SECRET, Answer, Doorway, noting, open_door, signature

PAYLOADS = Path(__file__).parents[1] / "payloads"
RECORDED = [path for path in sorted(PAYLOADS.glob("*__*")) if not path.stem.startswith(("socket-hello", "envelope-"))]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def serving() -> AsyncIterator[Doorway]:
    async with open_door(noting) as doorway:
        yield doorway


@pytest.fixture
def door(serving: Doorway) -> Doorway:
    serving.forget()
    return serving


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, at the most talkative level."""
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    logs.configure("json", "debug", stream=stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()


def on_the_wire(path: Path) -> tuple[bytes, str]:
    """Return body and content type of a recorded payload as Slack sends its kind."""
    raw = path.read_bytes()
    if path.suffix == ".form":
        return raw.strip(), FORM
    if path.stem.startswith(("event-", "url_verification")):
        return raw, JSON
    if path.stem.startswith("slash_command"):
        fields = {name: str(value).lower() if value is False else value for name, value in json.loads(raw).items()}
        return urlencode(fields).encode(), FORM
    return b"payload=" + quote_plus(raw).encode(), FORM


async def sent(door: Doorway, path: Path) -> Answer:
    return await door.genuine(*on_the_wire(path))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
async def test_a_recorded_payload_is_acknowledged(door: Doorway, log: io.StringIO, path: Path) -> None:
    answer = await sent(door, path)
    assert answer.status == 200
    assert "Traceback" not in log.getvalue() and '"level": "error"' not in log.getvalue()


async def test_no_logged_line_carries_a_body_or_an_address_to_answer(door: Doorway, log: io.StringIO) -> None:
    for path in RECORDED:
        await sent(door, path)
    text = log.getvalue()
    assert "payload refused" in text
    for secret in ("hooks.slack.com", "primary-owner", "verification_token", "click_me_123"):
        assert secret not in text


async def test_an_organizations_payload_names_the_enterprise_where_no_team_is(door: Doorway) -> None:
    path = PAYLOADS / "block_actions__bolt-python__8a6d16.json"
    raw = json.loads(path.read_text())
    assert raw["team"] is None
    raw["actions"][0]["action_id"] = "client.create"
    await door.genuine(b"payload=" + quote_plus(json.dumps(raw)).encode())
    assert door.asked[0].person.team == raw["enterprise"]["id"] == "E111"
    assert door.asked[0].person.user == raw["user"]["id"]


async def test_the_documented_example_of_a_signature_is_ours(door: Doorway) -> None:
    vector = json.loads((PAYLOADS / "signing_vector.json").read_text())
    assert (
        signature(vector["body"].encode(), vector["timestamp"], vector["signing_secret"])
        == (vector["expected_signature"])
    )
    door.clock.at = door.clock.at.fromtimestamp(int(vector["timestamp"]), tz=door.clock.at.tzinfo)
    answer = await door.post(
        vector["body"].encode(),
        [
            ("content-type", FORM),
            ("x-slack-request-timestamp", vector["timestamp"]),
            ("x-slack-signature", vector["expected_signature"]),
        ],
    )
    assert vector["signing_secret"] == SECRET and answer.status == 200
