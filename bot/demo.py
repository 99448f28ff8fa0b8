"""``gatehouse demo``: a local Slack workspace with a web page, and the bot connected to it over the real wire."""

import asyncio
import contextlib
import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path

import structlog

from bot import durations, townspeople
from bot import settings as settings_module
from bot.bootstrap import prepared_store, serve_forever
from bot.catalogs import native
from bot.clock import SystemClock
from bot.domain.daytime import zone
from bot.errors import WrongSettings
from bot.manifest import manifest
from bot.samples import CATALOG
from bot.sandbox.finding import Impossible
from bot.sandbox.journal import Journal, Taken
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from bot.settings import Settings
from bot.store.engine import Store
from bot.usecases.catalog import apply_catalog
from bot.usecases.people import bind_team

TRY = """
Gatehouse is running in a local workspace: open

    {url}

You are Bob Ross, a developer. Things to try:
  /create-client        create a client; go Back, change your mind, press the x and start again
  /apis pay             find an API, press Learn More, and sign up for a plan that needs approval
  /my-clients           see the clients of your organizations
  /gatehouse            see what you can do
Choose another person at the top, also in a second window: Pat approves, in #api-approvals or under /approvals;
Nia is new and gets an organization of her own, Gus is a guest and may not.
{waiting}
Data: {data}. Ctrl-C stops everything.
"""
NIGHT = "It is night here, and nobody is reminded at night: so these people live in {place}, where it is {time}."

log = structlog.get_logger(__name__)


async def run(*, port: int, data_dir: Path | None, socket: bool, requests: bool = False) -> None:
    """Run workspace and bot until a signal stops them.

    Args:
        port: of the web page.
        data_dir: where the database and what was said are kept; a temporary folder, gone afterwards, if left out.
        socket: connect the bot over Socket Mode instead of HTTP.
        requests: begin with some that wait; not again in a folder where there were any.

    Raises:
        WrongSettings: the port is in use, or the folder can't be written or is another demo's.
    """
    workspace = Workspace(manifest=manifest(socket=socket))
    moved = _settle(workspace)
    with _folder(data_dir) as folder, _memory(workspace, folder) as is_new:
        server = _server(workspace, port)
        settings = _settings(workspace, server, folder, socket=socket)
        await asyncio.to_thread(_stock, settings, workspace.team_id)
        async with server:
            beginning: list[asyncio.Task[None]] = []

            def started(bot_port: int) -> None:
                if not socket:
                    server.events_url = f"http://127.0.0.1:{bot_port}/slack/events"
                print(TRY.format(url=server.url, data=folder, waiting=_waiting(settings) + moved), flush=True)
                beginning.append(asyncio.create_task(_begin(workspace, is_new=is_new, requests=requests)))

            await serve_forever(settings, started=started)


def _settle(workspace: Workspace) -> str:
    """Fill the workspace with people who live where it is day; return a line that says where, if it isn't here."""
    now, own = SystemClock().now(), townspeople.here()
    place = townspeople.place_by_day(now, own)
    townspeople.people(workspace, place)
    time = f"{now.astimezone(zone(place)):%H:%M}"
    return "" if place == own else "\n" + NIGHT.format(place=place, time=time)


async def _begin(workspace: Workspace, *, is_new: bool, requests: bool) -> None:
    """What happens in the workspace once the bot is there."""
    if not is_new:
        await townspeople.announce(workspace)
    elif requests:
        try:
            await townspeople.ask(workspace.actor("eve"))
        except (Impossible, TimeoutError) as trouble:
            log.warning("the requests to begin with could not all be made", reason=str(trouble) or "too slow")


def _server(workspace: Workspace, port: int) -> SandboxServer:
    try:
        return SandboxServer(workspace, port=port)
    except OSError as error:
        raise WrongSettings(
            f"Port {port} can't be listened on ({error.strerror}): take another, for example --port {port + 1}."
        ) from None


def _waiting(settings: Settings) -> str:
    """Return what happens where nobody decides."""
    steps = {
        "a reminder": settings.remind_after,
        "the owners are asked": settings.escalate_after,
        "the request expires": settings.expire_after,
    }
    said = [f"{what} after {durations.write(time)}" for what, time in steps.items() if time]
    return f"Where nobody decides: {', '.join(said)}." if said else ""


@contextlib.contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is None:
        with tempfile.TemporaryDirectory(prefix="gatehouse-") as made:
            yield Path(made)
        return
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSettings(
            f"--data-dir {data_dir} can't be made ({error.strerror}): name a folder you may write."
        ) from None
    yield data_dir


@contextlib.contextmanager
def _memory(workspace: Workspace, folder: Path) -> Iterator[bool]:
    """Keep what is said beside the database, which knows of it; give whether it is the first time here."""
    path = folder / "workspace.jsonl"
    is_new, journal = not path.exists(), Journal(path)
    try:
        journal.open(workspace)
    except Taken:
        raise WrongSettings(f"--data-dir {folder}: another demo runs there; stop it first, or name another.") from None
    except OSError as error:
        raise WrongSettings(f"{path} can't be written ({error.strerror}): name another --data-dir.") from None
    try:
        yield is_new
    finally:
        journal.close()


def _settings(workspace: Workspace, server: SandboxServer, folder: Path, *, socket: bool) -> Settings:
    way = {"SLACK_APP_TOKEN": workspace.app_token} if socket else {"SLACK_SIGNING_SECRET": workspace.signing_secret}
    other = {"SLACK_SIGNING_SECRET": ""} if socket else {"SLACK_APP_TOKEN": ""}
    return settings_module.load(
        **way,
        **other,
        SLACK_BOT_TOKEN=workspace.bot_token,
        SLACK_API_URL=server.api_url,
        GATEHOUSE_DATABASE_URL=f"sqlite:///{folder / 'gatehouse.db'}",
        GATEHOUSE_HOST="127.0.0.1",
        GATEHOUSE_PORT=0,
    )


def _stock(settings: Settings, team: str) -> None:
    """Fill the database with the sample catalog; a kept one is brought up to date."""
    # Nothing that is read here is garbage before the end: looking for it would cost a fifth of the time.
    gc.disable()
    store = prepared_store(settings, SystemClock())
    try:
        store.write.run(lambda unit: bind_team(unit, team))
        _apply(store, CATALOG)
    finally:
        store.close()
        gc.enable()


def _apply(store: Store, path: Path) -> None:
    source = native.read(path)
    store.write.run(lambda unit: apply_catalog(unit, source.catalog, lambda place: str(source.problem(place, ""))))
