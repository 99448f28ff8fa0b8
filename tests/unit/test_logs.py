"""Nothing secret is in any line, whoever writes it, at whatever level, in either format."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot import logs
from handlers.lines import bolt
from tests.doorway import switchboard

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TRIGGER = "13345224609.738474920.8088930838d88f008e0abc"
SECRETS = {
    "bot token": "xoxb-1234-abcDEF",
    "user token": "xoxp-1-2",
    "app token": "xapp-1-A1-2-abc",
    "rotated token": "xoxe.xoxb-1-Mi0",
    "cookie token": "xoxd-abc",
    "signing secret": SECRET,
    "address to answer": "https://hooks.slack.com/actions/T111/222/r4nd0m",
    "trigger": TRIGGER,
    "signature": "v0=" + "a" * 64,
    "bearer": "Authorization: Bearer s3cr3t-value",
    "authorization in JSON": '{"Authorization": "Bearer s3cr3t-value"}',
    "escaped JSON": '{\\"response_url\\": \\"http://127.0.0.1/s3cr3t-value\\"}',
    "trigger by name": "trigger_id=s3cr3t-value",
    "socket address": "wss://wss.slack.com/link/?ticket=s3cr3t-value&app_id=1",
}
TELLING = ("1234-abc", "xoxp-1", "A1-2-abc", "Mi0", "xoxd", SECRET, "r4nd0m", TRIGGER, "a" * 64, "s3cr3t-value")


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    logs.configure(request.param, "debug", [SECRET, ""], stream)
    yield stream.getvalue
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_a_secret_is_hidden_wherever_it_stands(written: Callable[[], str], secret: str) -> None:
    log = structlog.get_logger("bot.test")
    log.info("said " + secret, field=secret, deep={"list": [secret]})
    log.debug("debug", value=secret)
    logging.getLogger("somebody.else").debug("%s and %s", secret, {"key": secret}, extra={"more": secret})
    try:
        raise RuntimeError(secret)
    except RuntimeError:
        log.exception("failed")
        logging.getLogger("somebody.else").exception("failed")
    assert logs.HIDDEN in written()
    assert not [telling for telling in TELLING if telling in written()]


def test_ordinary_words_stay() -> None:
    line = "client Acme 1.2.3 of U0ADA in C0APPROVALS at 12:03, authorize, trigger, 1700000000.000100"
    assert logs.Redaction([SECRET])(line) == line


def test_a_line_stays_one_line_whatever_is_in_it(written: Callable[[], str]) -> None:
    structlog.get_logger("bot.test").info("name", text="a\r\n2026 [info] forged\x1b[31m")
    assert len(written().strip().splitlines()) == 1 and "\x1b" not in written()


def test_libraries_that_print_bodies_are_kept_quiet(written: Callable[[], str]) -> None:
    logging.getLogger("slack_sdk.web").debug("Sending a request - json: {'text': 'private'}")
    logging.getLogger("slack_bolt.AsyncApp").info("Unhandled request ({'text': 'private'})")
    assert not written()


def test_a_json_line_has_time_level_logger_and_fields() -> None:
    stream, root = io.StringIO(), logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure("json", "info", stream=stream)
    structlog.get_logger("bot.edge").warning("refused", reason="size")
    structlog.get_logger("bot.edge").debug("unseen")
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()
    line: dict[str, Any] = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "refused", "reason": "size", "level": "warning", "logger": "bot.edge"}


def test_bolt_does_not_warn_of_a_token_that_our_client_carries(
    written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1-2-abc")
    bolt(switchboard(), AsyncWebClient("xoxb-1-2-abc"))
    assert written() == ""
