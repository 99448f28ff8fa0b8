"""What the short commands do: each opens the database, does one thing and closes it."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from bot.catalogs import native
from bot.catalogs.native import Source
from bot.catalogs.schema import text as schema_text
from bot.doctor import Verdict, examine
from bot.errors import GatehouseError, WrongSettings
from bot.settings import Settings, load
from bot.store import schema
from bot.store.engine import Store, open_store, reachable
from bot.store.unit import Unit
from bot.usecases.catalog import Line, Outcome, Place, Report, apply_catalog
from bot.usecases.export import export_document

SHOWN = 50
"""Changes printed on a terminal; a pipe or a file gets all of them."""

OUTBOX_SHOWN = 200
"""Undelivered notifications printed at most: the oldest come first and are the ones to look at."""

out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False)


class DryRun(Exception):
    """Ends the transaction of a dry run; nothing of it stays."""

    def __init__(self, reports: list[Report]) -> None:
        super().__init__()
        self.reports = reports


@contextmanager
def opened(settings: Settings, *, upgraded: bool = True) -> Iterator[Store]:
    """Give the open database.

    Args:
        settings: say which one.
        upgraded: with this version's schema; else as it is.

    Raises:
        WrongSettings: it can't be opened, or PostgreSQL has another schema.
    """
    store = open_store(settings.database_url, patient=True)
    try:
        with reachable():
            if upgraded and store.is_sqlite:
                schema.upgrade(store.engine)
            elif upgraded and schema.current(store.engine) != schema.newest():
                raise WrongSettings("The database's schema is not this version's: run gatehouse db upgrade.")
            yield store
    finally:
        store.close()


def upgrade() -> None:
    """Bring the database to this version's schema and say from where to where."""
    with opened(load(), upgraded=False) as store:
        before = schema.current(store.engine)
        schema.upgrade(store.engine)
        after = schema.current(store.engine)
    out.print(f"{after}: was there already." if before == after else f"{before or 'empty'} → {after}: done.")


def current_revision() -> int:
    """Print the database's revision; return 1 if it isn't this version's."""
    with opened(load(), upgraded=False) as store:
        found = schema.current(store.engine)
    out.print(found or "empty")
    return 0 if found == schema.newest() else 1


def check_catalog(files: list[Path]) -> None:
    """Say that catalog files are well-formed, and what is in them.

    Raises:
        CatalogError: they aren't; its text lists everything that is wrong.
    """
    for source in native.read_all(files):
        organizations = source.catalog.organizations
        apis = sum(len(organization.apis) for organization in organizations)
        out.print(escape(f"{source.document.file}: ok, {len(organizations):,} organizations, {apis:,} API versions."))


def apply_files(files: list[Path], *, dry_run: bool) -> None:
    """Apply catalog files, all in one transaction, and print what was created, changed and left alone.

    Raises:
        CatalogError: a file is wrong, or does not fit the database; nothing was applied.
    """
    sources = native.read_all(files)
    with opened(load()) as store:
        reports = _applied(store, sources, dry_run=dry_run)
    print_report([line for report in reports for line in report.lines], dry_run=dry_run)


def _applied(store: Store, sources: tuple[Source, ...], *, dry_run: bool) -> list[Report]:
    def work(unit: Unit) -> list[Report]:
        reports = [apply_catalog(unit, source.catalog, _places(source)) for source in sources]
        if dry_run:
            raise DryRun(reports)
        return reports

    try:
        return store.write.run(work)
    except DryRun as ended:
        return ended.reports


def _places(source: Source) -> Callable[[Place], str]:
    return lambda place: str(source.problem(place, "")).rstrip(": ")


def print_report(lines: list[Line], *, dry_run: bool) -> None:
    """Print what was created and changed, and how many entries were left alone."""
    changed = [line for line in lines if line.outcome is not Outcome.UNCHANGED]
    for line in changed if len(changed) <= SHOWN or not out.is_terminal else changed[:SHOWN]:
        out.print(escape(f"{line.outcome:8} {line.entity} {line.name}"))
    if out.is_terminal and len(changed) > SHOWN:
        out.print(f"… and {len(changed) - SHOWN:,} more.")
    counts = ", ".join(f"{sum(line.outcome is outcome for line in lines):,} {outcome}" for outcome in Outcome)
    out.print(f"{'Would be: ' if dry_run else ''}{counts}.")


def catalog_schema() -> str:
    """Return the JSON Schema of catalog files."""
    return schema_text()


def export(output: Path | None) -> None:
    """Write the whole state to a file, or to standard output; a file is whole or not there at all."""
    with opened(load()) as store, err.status("Exporting") as status:

        def progress(section: str) -> None:
            status.update(f"Exporting {section}")

        if output is None:
            store.read.run(lambda unit: export_document(unit, sys.stdout.write, progress))
        else:
            _write_whole(output, store, progress)


def _write_whole(output: Path, store: Store, progress: Callable[[str], None]) -> None:
    unfinished = output.with_name(output.name + ".part")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            unfinished.chmod(0o600)
            store.read.run(lambda unit: export_document(unit, file.write, progress))
        unfinished.replace(output)
    except OSError as error:
        raise WrongSettings(f"--output {output} can't be written ({error.strerror}): name another file.") from None
    finally:
        unfinished.unlink(missing_ok=True)


def list_outbox() -> None:
    """Print undelivered notifications, one a line: id, state, kind, destination, attempts, next try, last error."""
    with opened(load()) as store:
        rows = store.read.run(lambda unit: unit.outbox.undelivered(OUTBOX_SHOWN))
    for row in rows:
        due = f"next try {row.due_at:%Y-%m-%d %H:%M:%S} UTC" if row.due_at else "set aside"
        where = f"{row.destination_type} {row.destination}"
        tried = f"{row.attempts} {'attempt' if row.attempts == 1 else 'attempts'}, {due}"
        out.print(escape(f"{row.id}  {row.state:7} {row.kind:8} {where}  {tried}  {row.last_error or '-'}"))
    more = " (the oldest)" if len(rows) == OUTBOX_SHOWN else ""
    out.print(f"{len(rows):,} undelivered{more}.")


def retry_outbox(ids: list[str]) -> int:
    """Have notifications tried again at once; return 1 if one of them is not known."""
    with opened(load()) as store:
        found = store.write.run(lambda unit: unit.outbox.retry(ids))
    for unknown in sorted(set(ids) - set(found)):
        err.print(escape(f"{unknown}: no such notification; gatehouse outbox list shows them."))
    out.print(f"{len(found):,} will be tried again at once.")
    return int(len(found) < len(set(ids)))


def diagnose() -> int:
    """Print a line for each check; return 1 if any failed."""
    return asyncio.run(_diagnose())


async def _diagnose() -> int:
    failed = False
    try:
        settings = load()
    except GatehouseError as error:
        out.print(escape(f"{Verdict.FAIL:5} settings: {error}"))
        return 1
    async for finding in examine(settings):
        out.print(escape(f"{finding.verdict:5} {finding.check}: {finding.says}"))
        failed |= finding.verdict is Verdict.FAIL
    return int(failed)
