"""What carries messages to Slack, as small as the outbox needs it."""

from typing import Any, Protocol

from bot.endings import Posted

Json = dict[str, Any]
PAGE = 100
"""Messages on a page of a conversation's history."""


class Carrier(Protocol):
    """The calls to Slack that deliver; ``bot.slack.Slack`` has them."""

    async def auth_test(self) -> Json: ...

    async def post(
        self,
        channel: str,
        text: str,
        blocks: list[Json] | None = None,
        metadata: Json | None = None,
        thread_ts: str | None = None,
    ) -> Posted: ...

    async def update(
        self, channel: str, ts: str, text: str, blocks: list[Json] | None = None, metadata: Json | None = None
    ) -> Posted: ...

    async def delete(self, channel: str, ts: str) -> None: ...

    async def permalink(self, channel: str, ts: str) -> str: ...

    async def open_direct(self, user: str) -> str: ...

    async def history(self, channel: str, oldest: str, latest: str | None = None, limit: int = PAGE) -> list[Json]: ...

    async def replies(self, channel: str, ts: str, oldest: str) -> list[Json]: ...
