"""Every handler there is."""

from bot.desk import Desk
from handlers import apis, approvals, client_wizard, clients, help, home, sign_up
from handlers.opening import Windows
from handlers.switchboard import Switchboard


def register_all(board: Switchboard, desk: Desk, slack: Windows) -> None:
    """Put every handler on the board."""
    client_wizard.register(board, desk, slack)
    clients.register(board, desk, slack)
    sign_up.register(board, desk, slack)
    approvals.register(board, desk, slack)
    home.register(board, desk, slack)
    help.register(board, desk, slack)
    apis.register(board, desk, slack)
