"""The doctor's look at the database: reachable, sound, current, and what is stuck in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.bootstrap import rules_of
from bot.errors import GatehouseError
from bot.findings import Finding, fail, ok, warn
from bot.settings import Settings
from bot.store import schema, soundness
from bot.store.engine import Store, open_store
from bot.store.health import ApprovalChannel, HealthRows
from bot.store.unit import Unit

MOST = 100
"""Organizations that are looked at or counted: Slack is asked about each one's channel."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, and what is to be compared with Slack: the workspace, if any, and the approval channels."""

    findings: list[Finding]
    team: str = ""
    channels: list[ApprovalChannel] = field(default_factory=list)


def examine(settings: Settings) -> Looked:
    """Return the findings, and what to look at in Slack."""
    if settings.is_sqlite and not settings.sqlite_path.exists():
        return Looked([warn("database", f"{settings.sqlite_path} does not exist yet: the first start makes it.")])
    try:
        if settings.is_sqlite:
            soundness.check(settings.sqlite_path)
        store = open_store(settings.database_url, patient=True)
    except GatehouseError as error:
        return Looked([fail("database", str(error))])
    try:
        return _inside(store, settings)
    except Exception as error:  # noqa: BLE001 - whatever the driver says is what has to be told
        reason = str(error).strip().splitlines()[0]
        return Looked([fail("database", f"can't be read ({reason}): check GATEHOUSE_DATABASE_URL.")])
    finally:
        store.close()


def _inside(store: Store, settings: Settings) -> Looked:
    found, needed = schema.current(store.engine), schema.newest()
    if found and not schema.is_known(found):
        return Looked([fail("database", str(schema.NewerSchema(found)))])
    if found != needed:
        return Looked([fail("database", f"its schema is {found or 'empty'}, not {needed}: run gatehouse db upgrade.")])
    return store.read.run(
        lambda unit: Looked(
            list(_looked_at(unit, settings, needed)), unit.people.team(), _rows(unit).approval_channels(MOST)
        )
    )


def _looked_at(unit: Unit, settings: Settings, revision: str) -> Iterator[Finding]:
    team = unit.people.team()
    yield ok("database", f"revision {revision}, {f'bound to {team}' if team else 'not bound to a workspace yet'}")
    if settings.is_sqlite:
        yield sqlite_version(soundness.VERSION)
    if waiting := unit.people.emails_without_account(MOST):
        yield warn("members", f"no Slack account is known yet for {_some(waiting)}: they count from their first use.")
    if not rules_of(settings).admins:
        yield warn("admins", "GATEHOUSE_ADMINS is empty: nobody can help where an organization has no owner.")
    yield from _approvers(unit)
    yield from _deliveries(unit)


def sqlite_version(version: tuple[int, ...]) -> Finding:
    """Say whether this SQLite may lose pages when several connections write (sqlite.org/wal.html#walresetbug)."""
    name = ".".join(map(str, version))
    if not soundness.has_wal_reset_bug(version):
        return ok("SQLite", f"version {name}, without the WAL-reset bug")
    return warn(
        "SQLite",
        f"version {name} has the WAL-reset bug: Gatehouse's own processes avoid it by writing in turns; let no other "
        "program write to the file.",
    )


def _approvers(unit: Unit) -> Iterator[Finding]:
    if alone := _rows(unit).out_of_reach(MOST):
        yield fail(
            "approvers",
            f"nobody who may approve can be reached in {_some(alone)}: give an active account the role Owner or "
            "Editor there, or set approval_channel in the catalog file.",
        )
    else:
        yield ok("approvers", "every organization with plans has somebody who can be told")


def _deliveries(unit: Unit) -> Iterator[Finding]:
    stuck, aside = _rows(unit).stuck(), _rows(unit).set_aside()
    if stuck:
        waited = f"{stuck:,} {'has' if stuck == 1 else 'have'} waited for more than an hour"
        yield fail("deliveries", f"{waited}: see that gatehouse serve runs; gatehouse outbox list says why.")
    if aside:
        were = f"{aside:,} {'was' if aside == 1 else 'were'} set aside"
        yield warn(
            "deliveries",
            f"{were}: gatehouse outbox list says why; put that right, then run gatehouse outbox retry ID.",
        )
    if not stuck and not aside:
        yield ok("deliveries", "none is stuck")


def _rows(unit: Unit) -> HealthRows:
    return HealthRows(unit.connection, unit.now)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3}{'' if len(names) < MOST else ' or more'} others" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
