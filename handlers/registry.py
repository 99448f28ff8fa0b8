"""Every handler there is."""

from bot.desk import Desk
from handlers import apis, approvals, client_wizard, clients, help, home, sign_up
from handlers.home import Homes
from handlers.opening import Windows
from handlers.switchboard import Switchboard


def register_all(board: Switchboard, desk: Desk, slack: Windows) -> None:
    """Put every handler on the board."""
    homes = Homes(desk, slack)
    client_wizard.register(board, desk, slack, homes)
    clients.register(board, desk, slack, homes)
    sign_up.register(board, desk, slack, homes)
    approvals.register(board, desk, slack, homes)
    home.register(board, desk, homes)
    help.register(board, desk, slack)
    apis.register(board, desk, slack)
