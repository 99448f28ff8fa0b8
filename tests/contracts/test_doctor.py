"""The doctor: one line for each thing that can be wrong, and what to do."""

import re
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import doctor_database, doctor_slack
from bot.catalogs import native
from bot.doctor import examine
from bot.domain.notifications import DestinationType, Kind
from bot.findings import Verdict
from bot.manifest import manifest
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from bot.settings import Settings, load
from bot.store.engine import open_store
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from bot.usecases.people import bind_team
from tests.store.deals import TEAM, make_deal

READING = ["channels:read", "groups:read"]
CATALOG = """
version: 1
organizations:
  - name: Acme
    approval_channel: C0APPROVALS
    members: [{user: U0ADA, roles: [Owner]}]
    plans: [{name: Gold, version: "1.0"}]
"""


class Office:
    """A workspace, a database, and what the doctor says about the two."""

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        self.workspace, self.settings = workspace, settings

    def write(self, work: Callable[[Unit], Any]) -> None:
        with opened(self.settings) as store:
            store.write.run(work)

    def apply(self, catalog: str) -> None:
        self.write(lambda unit: apply_catalog(unit, native.parse(catalog).catalog, str))

    async def says(self, check: str, **changed: Any) -> list[str]:
        """Return the lines of one check, as ``verdict words``."""
        settings = self.settings.model_copy(update=changed)
        found = [one async for one in examine(settings)]
        return [f"{one.verdict} {one.says}" for one in found if one.check == check]


@contextmanager
def opened(settings: Settings) -> Iterator[Any]:
    store = open_store(settings.database_url, patient=True)
    yield store
    store.close()


@pytest.fixture
async def office(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.chdir(tmp_path)
    shutil.copy(sqlite_template, tmp_path / "gatehouse.db")
    (tmp_path / "gatehouse.db").chmod(0o600)
    app = manifest()
    app["oauth_config"]["scopes"]["bot"] += READING
    workspace = Workspace(manifest=app, team_id=TEAM)
    workspace.add_person("Ada Lovelace", id="U0ADA", handle="ada")
    workspace.add_channel("approvals", id="C0APPROVALS", members=["ada"])
    async with SandboxServer(workspace) as server:
        settings = load(
            _env_file=None,
            SLACK_BOT_TOKEN=workspace.bot_token,
            SLACK_SIGNING_SECRET=workspace.signing_secret,
            SLACK_API_URL=server.api_url,
            GATEHOUSE_DATABASE_URL=f"sqlite:///{tmp_path / 'gatehouse.db'}",
            GATEHOUSE_ADMINS="U0ADA",
        )
        office = Office(workspace, settings)
        office.write(lambda unit: bind_team(unit, workspace.team_id))
        office.apply(CATALOG)
        yield office


async def test_a_sound_installation_fails_nowhere(office: Office) -> None:
    found = [one async for one in examine(office.settings)]
    assert [one for one in found if one.verdict is Verdict.FAIL] == []
    fine = {one.check for one in found if one.verdict is Verdict.OK}
    assert fine >= {"settings", "token", "scopes", "database", "approvers", "deliveries", "channels"}


async def test_a_needed_scope_that_is_missing(office: Office) -> None:
    office.workspace.manifest.scopes.remove("im:write")
    assert (await office.says("scopes"))[0].startswith("fail missing: im:write.")


async def test_optional_scopes_for_looking_up_messages(office: Office) -> None:
    assert "warn optional: without channels:history, groups:history, im:history" in (await office.says("scopes"))[1]
    office.workspace.manifest.scopes += list(doctor_slack.LOOKING)
    assert await office.says("scopes") == ["ok all that this version needs"]


async def test_a_token_that_slack_refuses(office: Office) -> None:
    assert (await office.says("token", bot_token="xoxb-0-0-wrong"))[0].startswith("fail Slack refuses SLACK_BOT_TOKEN")
    assert (await office.says("token", bot_token=""))[0].startswith("fail SLACK_BOT_TOKEN is not set")


async def test_a_slack_that_does_not_answer(office: Office) -> None:
    assert await office.says("Slack", api_url="http://127.0.0.1:9/") == [
        "fail http://127.0.0.1:9/ does not answer (no connection): check the network and SLACK_API_URL."
    ]


def test_a_clock_that_is_off() -> None:
    off = doctor_slack.clock(formatdate(time.time() - 400, usegmt=True))
    assert off.verdict is Verdict.FAIL
    assert re.match(r"this machine is \+4\d\d s off: set it by NTP", off.says)
    assert doctor_slack.clock(formatdate(usegmt=True)).verdict is Verdict.OK
    assert doctor_slack.clock("yesterday").verdict is Verdict.WARN


async def test_a_channel_without_the_bot(office: Office) -> None:
    channel = office.workspace.channel("approvals")
    channel.members.discard(office.workspace.bot_user_id)
    assert await office.says("channels") == ["fail the bot is not in C0APPROVALS of Acme: /invite it there."]


async def test_an_archived_channel(office: Office) -> None:
    office.workspace.channel("approvals").is_archived = True
    assert (await office.says("channels"))[0].startswith("fail C0APPROVALS of Acme is archived")


async def test_a_channel_shared_with_another_company(office: Office) -> None:
    office.workspace.channel("approvals").is_ext_shared = True
    assert (await office.says("channels"))[0].startswith("fail C0APPROVALS of Acme is shared with others")


async def test_a_channel_that_does_not_exist(office: Office) -> None:
    office.apply(CATALOG.replace("C0APPROVALS", "C0NOWHERE"))
    assert (await office.says("channels"))[0].startswith("fail C0NOWHERE of Acme can't be found (channel_not_found)")


async def test_channels_that_may_not_be_looked_at(office: Office) -> None:
    for scope in READING:
        office.workspace.manifest.scopes.remove(scope)
    assert (await office.says("channels"))[0].startswith(
        "warn C0APPROVALS of Acme can't be looked at without the scope"
    )


async def test_an_organization_whose_approvers_nobody_can_reach(office: Office) -> None:
    office.apply(CATALOG.replace("Acme", "Globex").replace("    approval_channel: C0APPROVALS\n", ""))
    assert (await office.says("approvers"))[0].startswith("ok")
    office.write(lambda unit: unit.connection.execute(sa.text("UPDATE people SET is_deactivated = 1")))
    assert "nobody who may approve can be reached in Globex:" in (await office.says("approvers"))[0]


async def test_deliveries_that_are_stuck_and_set_aside(office: Office) -> None:
    def owe(unit: Unit) -> None:
        deal = make_deal(Unit(unit.connection, unit.now - timedelta(hours=2)))
        rows = Unit(unit.connection, unit.now - timedelta(hours=2)).outbox
        for user in ("U0ADA", "U0BOB"):
            rows.add(deal.contract_id, Kind.REQUEST, DestinationType.USER, user, 1)
        unit.connection.execute(
            sa.text("UPDATE notifications SET state = 'failed', due_at = NULL WHERE destination = 'U0BOB'")
        )

    office.write(owe)
    assert await office.says("deliveries") == [
        "fail 1 has waited for more than an hour: see that gatehouse serve runs; gatehouse outbox list says why.",
        "warn 1 was set aside: gatehouse outbox list says why; put that right, then run gatehouse outbox retry ID.",
    ]


async def test_a_database_of_another_schema(office: Office) -> None:
    office.write(lambda unit: unit.connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'")))
    assert (await office.says("database"))[0].startswith("fail its schema is 0001, not ")
    office.write(lambda unit: unit.connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'")))
    assert "fail The database is at revision 9999, which this" in (await office.says("database"))[0]


async def test_a_database_of_another_workspace(office: Office) -> None:
    assert await office.says("workspace") == []
    office.write(lambda unit: unit.connection.execute(sa.text("UPDATE workspace SET team = 'T0OTHER'")))
    (said,) = await office.says("workspace")
    assert said.startswith(f"fail the token belongs to {TEAM}, but the database to T0OTHER: use the token of that")


async def test_a_database_that_can_not_be_reached(office: Office) -> None:
    found = await office.says("database", database_url="postgresql://gatehouse@127.0.0.1:9/gatehouse")
    assert found[0].startswith("fail can't be read (")


async def test_a_damaged_database(office: Office) -> None:
    office.settings.sqlite_path.write_bytes(b"nothing of the kind" * 300)
    assert "is damaged" in (await office.says("database"))[0]


async def test_a_database_that_is_not_there_yet(office: Office) -> None:
    assert "does not exist yet" in (await office.says("database", database_url="sqlite:///none.db"))[0]


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ((3, 40, 1), Verdict.WARN),
        ((3, 44, 5), Verdict.WARN),
        ((3, 44, 6), Verdict.OK),
        ((3, 45, 0), Verdict.WARN),
        ((3, 50, 6), Verdict.WARN),
        ((3, 50, 7), Verdict.OK),
        ((3, 51, 2), Verdict.WARN),
        ((3, 51, 3), Verdict.OK),
        ((3, 53, 0), Verdict.OK),
    ],
)
def test_an_sqlite_with_the_wal_reset_bug(version: tuple[int, ...], verdict: Verdict) -> None:
    assert doctor_database.sqlite_version(version).verdict is verdict


async def test_a_secret_that_was_copied_from_an_example(office: Office) -> None:
    found = await office.says("secrets", secret_keys=("changeme",), authorize_token="example")
    assert [line.split()[1] for line in found] == ["GATEHOUSE_SECRET_KEY", "GATEHOUSE_AUTHORIZE_TOKEN"]
    assert await office.says("secrets") == []


@pytest.mark.parametrize("name", [".env", "gatehouse.db", "gatehouse.db-wal"])
async def test_a_file_that_everybody_may_read(office: Office, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    path.chmod(0o644)
    (line,) = await office.says("files")
    assert line.startswith("fail ")
    assert name in line
    assert "chmod 600" in line


async def test_nobody_who_helps_where_there_is_no_owner(office: Office) -> None:
    assert (await office.says("admins", admins=()))[0].startswith("warn GATEHOUSE_ADMINS is empty")


async def test_members_without_an_account(office: Office) -> None:
    office.apply(CATALOG.replace("user: U0ADA", "user: someone@example.com"))
    assert "someone@example.com" in (await office.says("members"))[0]


async def test_settings_that_are_not_enough(office: Office) -> None:
    assert (await office.says("settings", signing_secrets=()))[0].startswith("fail Neither SLACK_SIGNING_SECRET")
