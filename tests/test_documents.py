"""The documents say what is: links lead somewhere, tables agree with the code, examples are read."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer.main

from blocks import apis, clients
from bot import durations
from bot.catalogs import native
from bot.cli import app
from bot.domain.policy import PERMISSIONS, Permission
from bot.manifest import COMMANDS, EVENTS, SCOPES, SHORTCUTS
from bot.metrics import Metrics
from bot.settings import Settings
from tests.house import ROOT, tracked

DOCUMENTS = [path for path in tracked("*.md") if path.parts[0] != "tests"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
TEST = re.compile(r"`(test_\w+)`")


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def rows(document: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without its own head."""
    below = document.split(f"\n{heading}\n", 1)[1]
    section = re.split(r"\n#", below, maxsplit=1)[0]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table, heading
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table[0].strip().split("\n")[2:]]


def broken_links(path: Path, said: str) -> Iterator[str]:
    for link in LINK.findall(re.sub(r"```.*?```", "", said, flags=re.DOTALL)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (ROOT / path.parent / file) if file else ROOT / path
        if not target.exists():
            yield f"{path}: {link} leads nowhere"
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f"{path}: {link}: there is no such heading"


def anchors(said: str) -> set[str]:
    """Return what headings are called in addresses (github.com's rule: lower case, words and dashes)."""
    headings = re.findall(r"^#+ (.*)$", said, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    assert list(broken_links(path, text(path))) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    assert list(broken_links(Path("README.md"), "[a](docs/none.md)"))
    assert list(broken_links(Path("README.md"), "![a](docs/none.png) [b](LICENSE)")) == [
        "README.md: docs/none.png leads nowhere"
    ]
    assert list(broken_links(Path("README.md"), "[a](docs/clients.md#no-such)"))


def test_every_picture_has_words_and_a_place() -> None:
    shown = {link for path in DOCUMENTS for link in re.findall(r"pictures/([\w-]+\.png)", text(path))}
    assert {path.name for path in (ROOT / "docs" / "pictures").iterdir()} == shown
    assert not [path for path in DOCUMENTS if "![](" in text(path)]


def test_every_document_is_reachable_from_the_readme() -> None:
    reached, waiting = set(), [Path("README.md")]
    while waiting:
        path = waiting.pop()
        reached.add(path)
        links = {link.partition("#")[0] for link in LINK.findall(text(path)) if not re.match(r"[a-z]+:", link)}
        targets = {(ROOT / path.parent / link).resolve().relative_to(ROOT) for link in links if link.endswith(".md")}
        waiting += targets - reached - set(waiting)
    expected = {path for path in DOCUMENTS if path.parts[0] == "docs" or len(path.parts) == 1}
    assert expected - reached == set()


def written(default: Any, shown: str) -> str:
    """Return a default as the settings table writes it; of a duration any spelling will do."""
    if default is None or default in ("", ()):
        return "–"
    if isinstance(default, timedelta):
        return shown if durations.parse(shown.strip("`")) == default else durations.write(default)
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_settings_table_is_that_of_the_code() -> None:
    documented = {name.strip("`"): default for name, default, _ in rows(README, "## Settings")}
    there = {str(field.alias): field.default for field in Settings.model_fields.values()}
    assert documented == {name: written(default, documented.get(name, "")) for name, default in there.items()}
    assert list(documented) == list(there)


def commands(command: Any, name: str) -> Iterator[str]:
    """Yield commands as the table writes them: words, arguments, options, in brackets unless they are required."""
    if inner := getattr(command, "commands", None):
        for one in inner.values():
            yield from commands(one, f"{name} {one.name}")
        return
    arguments = [one.name.upper() for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    yield " ".join([name, *arguments, *(one.opts[0] if one.required else f"[{one.opts[0]}]" for one in options)])


def test_the_commands_table_is_that_of_the_program() -> None:
    documented = [cells[0].strip("`") for cells in rows(README, "## Commands")]
    assert sorted(documented) == sorted(commands(typer.main.get_command(app), "gatehouse"))


def test_the_readme_names_everything_one_can_type_in_slack() -> None:
    for command, (_, hint) in COMMANDS.items():
        assert f"`{command} {hint}".strip() + "`" in README
    assert {clients.CREATE, apis.FIND} == set(SHORTCUTS)
    assert all(f"`{name}`" in README for name, _ in SHORTCUTS.values())


def test_scopes_and_events_each_have_their_use() -> None:
    workspace = text(Path("docs/workspace.md"))
    assert sorted(cells[0].strip("`") for cells in rows(workspace, "## Scopes")) == sorted(SCOPES)
    assert sorted(cells[0].strip("`") for cells in rows(workspace, "## Events")) == sorted(EVENTS)


def test_every_metric_is_named() -> None:
    families = {family.name: family.type for family in Metrics().registry.collect()}
    there = {f"{name}_total" if kind == "counter" else name for name, kind in families.items()}
    documented = {cells[0].strip("`") for cells in rows(text(Path("docs/workspace.md")), "## Metrics")}
    assert documented == there


def test_the_example_catalog_is_a_catalog() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", text(Path("docs/catalogs.md")), re.DOTALL)
    assert len(examples) == 1
    [organization] = native.parse(examples[0]).catalog.organizations
    assert [(api.name, api.version) for api in organization.apis] == [("Payments", "1.4"), ("Payments", "2.0")]


def test_the_roles_table_is_that_of_the_code() -> None:
    table = rows(text(Path("docs/catalogs.md")), "## Roles and permissions")
    documented = {
        role: set(Permission) if held == "all twelve" else set(held.strip("`").split()) for role, held in table
    }
    assert documented == {str(role): set(map(str, held)) for role, held in PERMISSIONS.items()}


def test_every_rule_of_apiman_names_tests_that_are_there() -> None:
    there = {
        name for path in tracked("tests/*.py", "tests/**/*.py") for name in re.findall(r"def (test_\w+)", text(path))
    }
    apiman = text(Path("docs/apiman.md"))
    assert set(TEST.findall(apiman)) - there == set()
    without = [row for row in re.findall(r"^\| .*\|$", apiman, re.MULTILINE) if "test_" not in row]
    assert set(without) == {"| rule of Apiman | Gatehouse | test |"}


def test_every_decision_is_listed_and_numbered_once() -> None:
    records = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("0*.md"))
    listed = re.findall(r"\((0[\w-]+\.md)\)", text(Path("docs/decisions/README.md")))
    assert listed == records
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
