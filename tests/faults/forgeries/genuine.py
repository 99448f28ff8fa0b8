"""Requests that Slack could have sent just now: what forgeries are made from, and what proves that the door opens."""

import copy
import itertools
import json
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus, urlencode

from bot.sandbox.payloads import Payloads
from bot.sandbox.signature import signature
from bot.sandbox.workspace import Workspace
from tests.faults.forgeries.rawhttp import Headers

Json = dict[str, Any]
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TIME, SIGN, TYPE = "x-slack-request-timestamp", "x-slack-signature", "content-type"
CLICK, COMMAND, EVENT = "click", "command", "event"
SHAPES = (CLICK, COMMAND, EVENT)
MARK = "gatehouse-forgery-"
"""Stands in every body, with a number: no line of a log may have it."""


@dataclass(frozen=True)
class Genuine:
    """A signed request of one of the three shapes: a form with a payload, a form of fields, JSON."""

    shape: str
    payload: Json
    kind: str
    body: bytes
    stamp: str
    secret: str
    sent_to: int | None = None
    """Which of the processes has answered it, if one has."""

    @property
    def signature(self) -> str:
        return signature(self.secret, self.stamp, self.body)

    @property
    def headers(self) -> Headers:
        """Its content type, timestamp and signature, in this order."""
        return [(TYPE, self.kind), (TIME, self.stamp), (SIGN, self.signature)]

    def without(self, *names: str) -> Headers:
        """Return its headers but for these."""
        return [one for one in self.headers if one[0] not in names]

    def instead(self, name: str, *values: str) -> Headers:
        """Return its headers with these values in place of one header's own."""
        return [*self.without(name), *((name, value) for value in values)]

    def later(self, seconds: int) -> "Genuine":
        """Return it signed for another second."""
        return replace(self, stamp=str(int(self.stamp) + seconds))

    def with_body(self, body: bytes, kind: str | None = None) -> "Genuine":
        """Return it with another body, and perhaps content type, well signed."""
        return replace(self, body=body, kind=kind or self.kind)

    def saying(self, **changed: Any) -> "Genuine":
        """Return it with other fields at the top of its payload, well signed."""
        return self.carrying(self.payload | changed)

    def carrying(self, payload: Json) -> "Genuine":
        """Return it with another payload, encoded as its shape is and well signed."""
        return replace(self, payload=payload, body=encoded(self.shape, payload))


def encoded(shape: str, payload: Json) -> bytes:
    """Return a payload as the body of its shape."""
    if shape == COMMAND:
        return urlencode(payload).encode()
    text = json.dumps(payload)
    return text.encode() if shape == EVENT else form(text)


def form(text: str | bytes) -> bytes:
    """Return a form whose one field is ``payload``."""
    return b"payload=" + quote_plus(text).encode()


class Pen:
    """Writes genuine requests of Pat, who may approve: no two are alike.

    Args:
        workspace: whose secret signs.
        click: a press on Approve as Pat's client sends it; each request asks about ``target`` with it.
    """

    def __init__(self, workspace: Workspace, click: Json) -> None:
        self._workspace, self._click = workspace, click
        self._payloads = Payloads(workspace, workspace.member("pat"), "pat")
        self._numbers = itertools.count()
        self.target = str(click["actions"][0]["value"])

    def write(self, shape: str, target: str | None = None) -> Genuine:
        """Return a request of this shape, signed now; a click is about the contract ``target``."""
        payload = self._payload(shape, target or self.target) | {"mark": f"{MARK}{next(self._numbers)}"}
        kind = JSON if shape == EVENT else FORM
        stamp = str(int(time.time()))
        return Genuine(shape, payload, kind, encoded(shape, payload), stamp, self._workspace.signing_secret)

    def _payload(self, shape: str, target: str) -> Json:
        if shape == COMMAND:
            return dict(self._payloads.command("/gatehouse", "", self._workspace.channel("approvals")))
        if shape == EVENT:
            home = self._workspace.direct("U0PAT").id
            return self._payloads.event({"type": "app_home_opened", "user": "U0PAT", "channel": home, "tab": "home"})
        click = copy.deepcopy(self._click)
        click["actions"][0]["value"] = target
        return click
