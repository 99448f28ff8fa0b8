"""``gatehouse demo``: a local Slack workspace with a web page, and the bot connected to it over the real wire."""

import asyncio
import contextlib
import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bot import settings as settings_module
from bot.bootstrap import prepared_store, serve_forever
from bot.catalogs import native
from bot.clock import SystemClock
from bot.errors import WrongSettings
from bot.manifest import manifest
from bot.samples import CATALOG
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
Data: {data}. Ctrl-C stops everything.
"""


def people(workspace: Workspace) -> None:
    """Fill the workspace with the people and channels of the demo; the sample catalog knows their ids."""
    workspace.add_person("Bob Ross", id="U0BOB", handle="bob")
    workspace.add_person("Ada Lovelace", id="U0ADA", handle="ada", is_admin=True)
    workspace.add_person("Pat Approver", id="U0PAT", handle="pat")
    workspace.add_person("Eve Adams", id="U0EVE", handle="eve")
    workspace.add_person("Nia Newcomer", id="U0NEW", handle="nia")
    workspace.add_person("Gus Guest", id="U0GUS", handle="gus", is_restricted=True)
    workspace.add_person("Dan Departed", id="U0DAN", handle="dan", deleted=True)
    workspace.add_person("Olga Outside", id="U0OLGA", handle="olga", team_id="T0ELSEWHERE")
    everybody = ["bob", "ada", "pat", "eve", "nia", "gus"]
    workspace.add_channel("general", id="C0GENERAL", members=everybody)
    workspace.add_channel("api-approvals", id="C0APPROVALS", members=["ada", "pat"])
    workspace.add_channel("partners", id="C0PARTNERS", members=["bob", "ada", "olga"], is_ext_shared=True)


async def run(*, port: int, data_dir: Path | None, socket: bool) -> None:
    """Run workspace and bot until a signal stops them.

    Args:
        port: of the web page.
        data_dir: where the database is kept; a temporary folder, gone afterwards, if left out.
        socket: connect the bot over Socket Mode instead of HTTP.

    Raises:
        WrongSettings: the port is in use, or the folder can't be written.
    """
    workspace = Workspace(manifest=manifest(socket=socket))
    people(workspace)
    with _folder(data_dir) as folder:
        try:
            server = SandboxServer(workspace, port=port)
        except OSError as error:
            raise WrongSettings(
                f"Port {port} can't be listened on ({error.strerror}): take another, for example --port {port + 1}."
            ) from None
        settings = _settings(workspace, server, folder, socket=socket)
        await asyncio.to_thread(_stock, settings, workspace.team_id)
        async with server:

            def started(bot_port: int) -> None:
                if not socket:
                    server.events_url = f"http://127.0.0.1:{bot_port}/slack/events"
                print(TRY.format(url=server.url, data=folder), flush=True)

            await serve_forever(settings, started=started)


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
