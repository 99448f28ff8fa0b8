"""Buttons of a request's messages: whatever a press comes to, the message it stands in is looked after."""

from collections.abc import Callable

from bot.desk import Desk
from bot.domain.notifications import Kind
from handlers.payloads import Click
from handlers.replies import Reply
from handlers.switchboard import Handler, Switchboard


class Copies:
    """Registers buttons, and tells the desk where they were pressed: a message may stand twice (RELIABILITY C.4)."""

    def __init__(self, board: Switchboard, desk: Desk) -> None:
        self._board, self._desk = board, desk

    def action(self, action_id: str, kind: Kind) -> Callable[[Handler[Click]], Handler[Click]]:
        """Register the handler of a button that stands in messages of ``kind``; there its value is a contract's id."""

        def register(handler: Handler[Click]) -> Handler[Click]:
            async def pressed(click: Click) -> Reply:
                try:
                    return await handler(click)
                finally:
                    if click.channel and click.ts:
                        self._board.beside(self._looked_after(click, kind))

            self._board.action(action_id)(pressed)
            return handler

        return register

    async def _looked_after(self, click: Click, kind: Kind) -> None:
        await self._desk.look_after(click.person, click.value, kind, click.channel, click.ts)
