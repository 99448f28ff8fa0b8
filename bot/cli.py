"""The command line (INTERFACE 1). Every error is one sentence on standard error; a traceback never reaches a user."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from bot import __version__
from bot.errors import GatehouseError, WrongSettings

app = typer.Typer(
    name="gatehouse",
    help="Clients, contracts and approvals of an API management system, inside Slack.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The database's schema.", no_args_is_help=True)
catalog = typer.Typer(help="Organizations, members, plans and APIs from files.", no_args_is_help=True)
outbox = typer.Typer(help="Notifications that did not arrive yet.", no_args_is_help=True)
app.add_typer(db, name="db")
app.add_typer(outbox, name="outbox")
imports = typer.Typer(help="Read what other systems know.", no_args_is_help=True)
catalog.add_typer(imports, name="import")
app.add_typer(catalog, name="catalog")

Files = Annotated[list[Path], typer.Argument(help="Catalog files, YAML or JSON.", show_default=False)]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gatehouse {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Clients, contracts and approvals of an API management system, inside Slack."""


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the web page.")] = 8080,
    data_dir: Annotated[
        Optional[Path], typer.Option(help="Keep all data here; else it is gone afterwards.")  # noqa: UP045 - Typer
    ] = None,
    socket: Annotated[bool, typer.Option("--socket", help="Connect over Socket Mode instead of HTTP.")] = False,
    requests: Annotated[bool, typer.Option("--requests", help="Begin with six requests that wait for Pat.")] = False,
) -> None:
    """Run everything on this machine, with a local Slack workspace in the browser."""
    from bot import demo as demonstration
    from bot.serving import quietly

    quietly()
    asyncio.run(demonstration.run(port=port, data_dir=data_dir, socket=socket, requests=requests))


@app.command()
def serve() -> None:
    """Serve the Slack workspace that the settings name."""
    from bot.serving import serve as serving

    serving()


@app.command()
def manifest(
    url: Annotated[str, typer.Option(help="Where Slack reaches this installation.")] = "https://gatehouse.example.com",
    socket: Annotated[bool, typer.Option("--socket", help="For Socket Mode.")] = False,
) -> None:
    """Print the Slack app manifest of this version."""
    from bot.manifest import as_yaml
    from bot.manifest import manifest as content

    typer.echo(as_yaml(content(url, socket=socket)), nl=False)


@app.command()
def doctor() -> None:
    """Check settings, token, scopes, clock and database; say what to do."""
    from bot.commands import diagnose

    raise typer.Exit(diagnose())


@app.command()
def export(
    output: Annotated[Optional[Path], typer.Option(help="Write to this file.")] = None,  # noqa: UP045 - Typer
) -> None:
    """Print the whole state as one JSON document."""
    from bot.commands import export as exporting

    exporting(output)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def test(context: typer.Context) -> None:
    """Run the whole test suite; arguments go to pytest."""
    from bot import testing

    raise typer.Exit(testing.run(context.args))


@outbox.command("list")
def outbox_list() -> None:
    """Show undelivered notifications, with attempts, last error and next try."""
    from bot.commands import list_outbox

    list_outbox()


@outbox.command("retry", context_settings={"ignore_unknown_options": True})  # an id may begin with a hyphen
def outbox_retry(ids: Annotated[list[str], typer.Argument(help="Ids of notifications.", show_default=False)]) -> None:
    """Try notifications again now."""
    from bot.commands import retry_outbox

    raise typer.Exit(retry_outbox(ids))


@db.command()
def upgrade() -> None:
    """Bring the database to this version's schema."""
    from bot.commands import upgrade as upgrading

    upgrading()


@db.command()
def current() -> None:
    """Print the database's revision."""
    from bot.commands import current_revision

    raise typer.Exit(current_revision())


@catalog.command()
def check(files: Files) -> None:
    """Validate catalog files."""
    from bot.commands import check_catalog

    check_catalog(files)


@catalog.command()
def apply(
    files: Files,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Bring the database to what catalog files say; nothing is deleted."""
    from bot.commands import apply_files

    apply_files(files, dry_run=dry_run)


@catalog.command()
def schema() -> None:
    """Print the JSON Schema of catalog files."""
    from bot.commands import catalog_schema

    typer.echo(catalog_schema())


@imports.command()
def openapi(
    paths: Annotated[list[Path], typer.Argument(help="OpenAPI or Swagger files, or folders.", show_default=False)],
    organization: Annotated[str, typer.Option(help="Whose APIs these are.")],
    plan: Annotated[Optional[list[str]], typer.Option(help="A plan that each of them offers.")] = None,  # noqa: UP045
) -> None:
    """Read OpenAPI 3.x or Swagger 2.0 files, or folders of them, as APIs."""
    from bot.importing import import_openapi

    import_openapi(paths, organization, plan or [])


@imports.command()
def apiman(file: Annotated[Path, typer.Argument(help="An Apiman export.", show_default=False)]) -> None:
    """Read an Apiman export: organizations, members, plans, APIs, clients, contracts."""
    from bot.importing import import_apiman

    import_apiman(file)


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 the answer is no, 2 wrong use or settings."""
    try:
        app()
    except WrongSettings as error:
        _stop(str(error), 2)
    except GatehouseError as error:
        _stop(str(error), 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has gone (`gatehouse export | head`); nothing is left to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("GATEHOUSE_LOG_LEVEL") == "debug":
            raise
        _stop(f"Unexpected: {type(error).__name__}: {error}. GATEHOUSE_LOG_LEVEL=debug shows where.", 1)


def _stop(sentence: str, code: int) -> None:
    typer.echo(sentence, err=True)
    sys.exit(code)
