"""What is signed with our secret and still has no business here: replays, other workspaces, nonsense (B12, B15–B17)."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.faults.forgeries import forgery
from tests.faults.forgeries.forgery import Forgery, Make, Verdict, classes
from tests.faults.forgeries.genuine import CLICK, COMMAND, EVENT, Genuine, form
from tests.faults.forgeries.rawhttp import Sending, plain
from tests.faults.forgeries.signatures import bodies, heads

Json = dict[str, Any]


def replayed(*extra: tuple[str, str]) -> Make:
    """Return how to send a request again, with further headers."""
    return lambda _, one: plain([*one.headers, *extra], one.body)


def changed(change: Callable[[Random, Json], Any]) -> Make:
    """Return how to make a well signed request with a payload that was changed in place, or replaced."""

    def make(rng: Random, one: Genuine) -> Sending:
        payload = copy.deepcopy(one.payload)
        other = change(rng, payload)
        made = one.carrying(payload if other is None else other)
        return plain(made.headers, made.body)

    return make


def field(name: str, *values: Any) -> Make:
    """Return how to make a well signed request with one of these values at a field of its payload."""
    return changed(lambda rng, payload: payload | {name: rng.choice(values)})


def action(name: str, *values: Any) -> Make:
    """Return how to make a well signed click with one of these values at a field of its action."""

    def change(rng: Random, payload: Json) -> None:
        payload["actions"][0][name] = rng.choice(values)

    return changed(change)


def text(change: Callable[[str], str]) -> Make:
    """Return how to make a well signed click whose JSON was changed as text."""

    def make(_: Random, one: Genuine) -> Sending:
        other = one.with_body(form(change(json.dumps(one.payload))))
        return plain(other.headers, other.body)

    return make


def _elsewhere(rng: Random, payload: Json) -> Json:
    """Put a payload into a workspace that has the app as well, where nobody knows of ours."""
    team = f"T0{rng.randrange(10**8):08d}"
    person = {"id": f"U0{rng.randrange(10**8):08d}", "team_id": team, "name": "mallory", "username": "mallory"}
    gone = ("response_url", "trigger_id", "container", "channel", "message")
    return {name: value for name, value in payload.items() if name not in gone} | {
        "team": {"id": team, "domain": "elsewhere"},
        "user": person,
    }


def _submitted_elsewhere(rng: Random, payload: Json) -> Json:
    metadata = json.dumps({"contract": payload["actions"][0]["value"]})
    view = {"id": "V0ELSEWHERE", "type": "modal", "callback_id": "approval.reason", "private_metadata": metadata}
    return _elsewhere(rng, payload) | {
        "type": "view_submission",
        "view": view | {"blocks": [], "state": {"values": {}}},
    }


def _asked_elsewhere(rng: Random, payload: Json) -> Json:
    return _elsewhere(rng, payload) | {"type": "block_suggestion", "action_id": "organization", "value": "acme"}


def _of_an_enterprise(rng: Random, payload: Json) -> Json:
    enterprise = {"id": f"E0{rng.randrange(10**8):08d}", "name": "elsewhere"}
    return _elsewhere(rng, payload) | {"team": None, "enterprise": enterprise, "is_enterprise_install": True}


REPLAYS: dict[str, Make] = {
    "a request again": replayed(),
    "a request again as a retry": replayed(("x-slack-retry-num", "1"), ("x-slack-retry-reason", "http_timeout")),
    "a request again for a lazy listener": replayed(
        ("x-slack-bolt-lazy-only", "1"), ("x-slack-bolt-lazy-function-name", "approve")
    ),
    "a request again with cookies and another method": replayed(
        ("cookie", "d=xoxd-1"), ("x-http-method-override", "DELETE"), ("x-forwarded-for", "203.0.113.9")
    ),
    "a request again with its headers in capitals": lambda _, one: plain(
        [(name.upper(), value) for name, value in one.headers], one.body
    ),
}


def _later(rng: Random, one: Genuine) -> str:
    return str(int(one.stamp) + rng.randrange(1, 200))


AGAIN_CHANGED: dict[str, Make] = {
    "a request again, later": heads(lambda rng, one: one.instead("x-slack-request-timestamp", _later(rng, one))),
    "a request again with another person": bodies(lambda _, body: body.replace(b"U0PAT", b"U0ADA")),
    "a request again with a byte more": bodies(lambda _, body: body + b"&"),
}


ELSEWHERE: dict[str, Make] = {
    "a click of another workspace": changed(_elsewhere),
    "a click of another enterprise": changed(_of_an_enterprise),
    "a submission of another workspace": changed(_submitted_elsewhere),
    "a menu of another workspace": changed(_asked_elsewhere),
}
NOBODY: dict[str, Make] = {
    "no team": field("team", None, [], "T0GATEHOUSE", {"id": None}, {"id": ["T0GATEHOUSE"]}, {}),
    "no person": field("user", None, ["U0PAT"], "U0PAT", {"id": 1}, {"id": None}, {}),
    "a person's id that is a sentence": field(
        "user", {"id": "U0PAT' OR 1=1 --"}, {"id": "U0PAT\0"}, {"id": "U" * 300}, {"id": "../U0PAT"}, {"id": "U0PÄT"}
    ),
    "a kind that is none": field("type", "block_party", ["block_actions"], {"block_actions": 1}, None, 7, "\0", ""),
    "no actions": field("actions", [], None, {}, [None], "approve", [[]], [{"value": "x"}], [{"action_id": 5}]),
    "an action's id that is none": action("action_id", "", None, 5, ["approval.approve"], {"a": 1}, "a" * 256),
    "a submission without a view": changed(lambda _, one: one | {"type": "view_submission"}),
    "a view that is text": changed(lambda _, one: one | {"type": "view_submission", "view": "V0GATEHOUSE"}),
}
NONSENSE: dict[str, Make] = {
    "a contract that is none": action("value", "0" * 22, "'; DROP TABLE contracts; --", "%s%n{0.__class__}", "\u202e"),
    "a contract's id of another type": action("value", None, 7, 1.5, True, [], {}, ["a", "b"], {"id": "a"}),
    "a contract's id without end": action("value", "a" * 20_000, "é" * 5_000, "🏠" * 3_000),
    "a contract's id with NUL": action("value", "\0", "a\0b", "\0" * 100),
    "an id nobody registered": action("action_id", "approval.destroy", "__proto__", "a" * 255, "\u200b", "é"),
    "a huge number": field("mark", 10**300, -(10**300), 2**64, 2**63, 1e308, -0.0),
    "keys of prototypes": field("__proto__", {"is_admin": True}, None, []),
    "equal keys, the last one nobody": text(lambda body: body[:-1] + ', "user": null}'),
    "equal keys, the last one no contract": text(lambda body: body[:-1] + ', "actions": []}'),
    "lists a thousand levels deep": text(lambda body: f'{body[:-1]}, "x": {"[" * 1000}{"]" * 1000}}}'),
    "three thousand keys": changed(lambda _, one: one | {f"key {number}": number for number in range(3_000)}),
    "a view that is no view": field(
        "view", {"id": 7}, {"blocks": 3}, {"state": []}, {"type": "home", "blocks": [None]}
    ),
    "a place that is none": field("container", None, [], "C0APPROVALS", {"message_ts": 5, "channel_id": []}, {}),
    "a submission whose state is none": changed(
        lambda rng, one: (
            one
            | {
                "type": "view_submission",
                "view": {
                    "id": "V1",
                    "callback_id": "approval.reason",
                    "private_metadata": rng.choice(("", "{}", "[]", "null", '{"contract": 7}', "\0", "{" * 500)),
                    "state": rng.choice(
                        (None, [], {"values": []}, {"values": {"reason": []}}, {"values": {"reason": {}}})
                    ),
                    "blocks": [],
                },
            }
        )
    ),
    "a menu that asks for nonsense": changed(
        lambda rng, one: (
            one
            | {
                "type": "block_suggestion",
                "action_id": "organization",
                "value": rng.choice((None, 7, [], {}, "\0", "%")),
            }
        )
    ),
}
COMMANDS: dict[str, Make] = {
    "a command nobody registered": field("command", "/approve-all", "", "/", "\0", "gatehouse", "/" + "a" * 300),
    "a command's text without end": field("text", "a" * 50_000, "é" * 20_000, "\u202e\u200b" * 5_000, "%00\0"),
    "a command of nobody": field("user_id", "", "\0", "U0PAT OR 1", "U" * 300),
    "a command of another workspace": field("team_id", "T0ELSEWHERE", "E0ELSEWHERE"),
}
EVENTS: dict[str, Make] = {
    "an event that is none": field("event", None, [], "x", 7, {}, {"type": None}, {"type": ["app_home_opened"]}),
    "an event nobody registered": field(
        "event", {"type": "approve_all", "user": "U0PAT"}, {"type": "\0", "user": "U1"}
    ),
    "an event of nobody": field("event", {"type": "app_home_opened"}, {"type": "app_home_opened", "user": [1]}),
    "an event with a challenge": field("challenge", "x", 7, None),
}

FORGED: list[Forgery] = [
    *classes(REPLAYS, 200, verdict=Verdict.SETTLED, replays="same"),
    *classes(
        {f"{name}, to another process": make for name, make in REPLAYS.items()},
        200,
        verdict=Verdict.SETTLED,
        replays="other",
    ),
    *classes(AGAIN_CHANGED, 401, replays="same"),
    *classes(ELSEWHERE, 200, verdict=Verdict.SETTLED, shape=CLICK),
    *classes(
        {"a command of a workspace that is not ours": field("team_id", "T0ELSEWHERE")},
        200,
        verdict=Verdict.SETTLED,
        shape=COMMAND,
    ),
    *classes(NOBODY, 200, verdict=Verdict.SETTLED, shape=CLICK),
    *classes(NONSENSE, 200, verdict=Verdict.LEFT, shape=CLICK, control=forgery.anew),
    *classes(COMMANDS, 200, verdict=Verdict.LEFT, shape=COMMAND, control=forgery.anew),
    *classes(EVENTS, 200, verdict=Verdict.LEFT, shape=EVENT, control=forgery.anew),
]
