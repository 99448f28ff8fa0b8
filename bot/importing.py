"""``gatehouse catalog import``: what other systems know, entry by entry, with a reason for all that was changed."""

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from rich.progress import Progress

from bot.bootstrap import rules_of
from bot.catalogs import apiman, openapi
from bot.commands import err, opened, out, print_report
from bot.domain.catalog import Imported, Note
from bot.errors import GatehouseError
from bot.settings import load
from bot.store.engine import Store
from bot.usecases.importing import import_all, offers_of


class NothingThere(GatehouseError):
    """No file to read was found."""


def import_openapi(paths: Sequence[Path], organization: str, plans: list[str]) -> None:
    """Import OpenAPI documents as APIs of one organization and print what became of each.

    Raises:
        NothingThere: the folders hold no documents.
        CatalogError: a plan is not known.
        Refusal: the organization's name breaks a text rule.
    """
    found = openapi.find(paths)
    if not found:
        raise NothingThere(f"No OpenAPI document in {', '.join(map(str, paths))}: name files or folders of them.")
    with opened(load()) as store:
        offers = store.read.run(lambda unit: offers_of(unit, organization, plans))
        with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
            bar = progress.add_task("Reading", total=len(found))
            imported = openapi.read(
                found, organization=organization, offers=offers, each=lambda _: progress.advance(bar)
            )
        if not any(made.apis for made in imported.catalog.organizations):
            _print_notes(imported.notes)
            raise NothingThere("Nothing was imported: none of these files is an OpenAPI document that can be read.")
        _apply(store, imported)


def import_apiman(file: Path) -> None:
    """Import an Apiman export and print what became of each entry.

    Raises:
        CatalogError: the file is no such export.
    """
    with opened(load()) as store:
        _apply(store, apiman.read(file))


def _apply(store: Store, imported: Imported) -> None:
    rules = rules_of(load())
    report = store.write.run(lambda unit: import_all(unit, rules, imported))
    _print_notes(imported.notes)
    print_report(list(report.lines), dry_run=False)


def _print_notes(notes: Sequence[Note]) -> None:
    for note in notes:
        out.print(escape(f"{note.outcome:8} {note.entry}: {note.why}"))
