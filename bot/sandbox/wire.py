"""One client's way to the bot: what it sends, and the same again."""

from __future__ import annotations

from typing import Any

from bot.sandbox.delivery import Answer, Delivery, Kind, Parcel
from bot.sandbox.finding import Impossible
from bot.sandbox.records import Json
from bot.sandbox.workspace import Workspace


class Wire:
    """Sends for one client and remembers the last thing it sent."""

    def __init__(self, at: Workspace) -> None:
        self._at = at
        self._last: Parcel | None = None
        self._last_answer: Answer | None = None

    async def send(self, kind: Kind, payload: Json) -> Answer:
        """Send what the client means to send."""
        self._last = Parcel(kind, payload)
        self._last_answer = await self._delivery().send(self._last)
        return self._last_answer

    async def send_raw(self, payload: Any, kind: Kind = "interactive") -> Answer:
        """Send any payload, well signed; a refusal of it is no fault of the bot."""
        return await self._delivery().send(Parcel(kind, payload, genuine=False))

    async def repeat(self, *, exact: bool = False) -> Answer:
        """Send the last payload once more: signed anew, or (``exact``) with the very same signature as before."""
        if self._last is None or self._last_answer is None:
            raise Impossible("nothing was sent yet")
        again = Parcel(self._last.kind, self._last.payload, genuine=False)
        return await self._delivery().send(again, headers=self._last_answer.sent_headers if exact else None)

    def _delivery(self) -> Delivery:
        if self._at.delivery is None:
            raise Impossible("no bot can be reached: start a SandboxServer with this workspace")
        return self._at.delivery
