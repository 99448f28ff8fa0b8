"""``/gatehouse``: what can be done here, for this person."""

from typing import Any

from blocks.help import help_message
from bot.desk import Desk
from handlers.opening import Windows, saying
from handlers.payloads import Command
from handlers.replies import Reply
from handlers.switchboard import Switchboard


def register(board: Switchboard, desk: Desk, slack: Windows) -> None:
    """Put the help on the board."""

    @board.command("/gatehouse")
    async def explain(command: Command) -> Reply:
        async def build() -> tuple[str, list[dict[str, Any]]]:
            profile = await desk.profile(command.person, command.home_team)
            return help_message(await desk.abilities(profile))

        return await saying(command, slack, build)
