"""``python -m bot.sandbox``: a workspace of its own, for a bot that is started separately."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import yaml

from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace

PEOPLE = ("U0ADA:Ada Lovelace", "U0BOB:Bob Kahn", "U0CYD:Cyd Charisse:admin", "U0GIL:Gil Evans:guest")
"""Who is there unless ``--person`` says otherwise."""

_FLAGS = {
    "admin": {"is_admin": True},
    "guest": {"is_restricted": True},
    "single-channel-guest": {"is_restricted": True, "is_ultra_restricted": True},
    "deactivated": {"deleted": True},
}


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    asyncio.run(_serve(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description="A strict little Slack on this machine.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="its port, 0 for any (default: %(default)s)")
    parser.add_argument("--public-url", help="address under which the bot reaches this workspace, if it is another")
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--events-url",
        default="http://127.0.0.1:3000/slack/events",
        help="where the bot takes signed requests (default: %(default)s)",
    )
    way.add_argument("--socket", action="store_true", help="reach the bot by Socket Mode instead")
    parser.add_argument(
        "--manifest", type=Path, default=Path("manifest.yml"), help="YAML or JSON (default: %(default)s)"
    )
    parser.add_argument("--team-id", default="T0GATEHOUSE")
    parser.add_argument("--team-name", default="Gatehouse Demo")
    parser.add_argument("--bot-token", help="a fixed xoxb-… token, so that the bot can be started first")
    parser.add_argument("--app-token", help="a fixed xapp-… token")
    parser.add_argument("--signing-secret", help="a fixed signing secret")
    parser.add_argument(
        "--person",
        action="append",
        metavar="ID:NAME[:KIND]",
        help=f"somebody; KIND is one of {', '.join(_FLAGS)}; may be repeated (default: {', '.join(PEOPLE)})",
    )
    parser.add_argument("--channel", action="append", metavar="ID:NAME", help="a channel with everybody in it")
    return parser


def furnished(options: argparse.Namespace) -> Workspace:
    """The workspace that the options describe."""
    workspace = Workspace(
        manifest=_manifest(options.manifest),
        team_id=options.team_id,
        team_name=options.team_name,
        bot_token=options.bot_token,
        app_token=options.app_token,
        signing_secret=options.signing_secret,
    )
    people = [_person(workspace, text) for text in options.person or PEOPLE]
    for text in options.channel or ("C0GENERAL:general",):
        channel_id, name = text.split(":", 1)
        workspace.add_channel(name, id=channel_id, members=people)
    return workspace


def export_lines(server: SandboxServer, *, socket_mode: bool) -> list[str]:
    """What a shell needs so that a bot finds this workspace."""
    at = server.workspace
    secret = f"SLACK_APP_TOKEN={at.app_token}" if socket_mode else f"SLACK_SIGNING_SECRET={at.signing_secret}"
    settings = (f"SLACK_API_URL={server.api_url}", f"SLACK_BOT_TOKEN={at.bot_token}", secret)
    return [f"export {setting}" for setting in settings]


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with served(options) as server:
        print(*export_lines(server, socket_mode=options.socket), f"# workspace: {server.url}", sep="\n", flush=True)
        await stopped.wait()


def served(options: argparse.Namespace) -> SandboxServer:
    """The server that the options describe.

    Raises:
        SystemExit: the manifest can't be read, or the port is in use: one sentence, exit code 1.
    """
    try:
        return SandboxServer(
            furnished(options),
            host=options.host,
            port=options.port,
            public_url=options.public_url,
            events_url=None if options.socket else options.events_url,
        )
    except FileNotFoundError:
        sys.exit(f"There is no manifest at {options.manifest}: name one with --manifest.")
    except OSError as error:
        sys.exit(
            f"Port {options.port} of {options.host} can't be listened on ({error.strerror}): choose another --port."
        )


def _person(workspace: Workspace, text: str) -> str:
    person_id, name, *kinds = text.split(":")
    flags: dict[str, Any] = _FLAGS[kinds[0]] if kinds else {}
    return workspace.add_person(name, id=person_id, **flags).id


def _manifest(path: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return manifest


if __name__ == "__main__":
    main()
