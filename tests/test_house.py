"""The rules of the house, with their reasons; each is also shown to fail (tests/house.py)."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests import house
from tests.house import ROOT

Check = Callable[[Path, str], Iterable[str]]

PRODUCT = [path for path in house.tracked("*.py") if path.parts[0] in house.PACKAGES]
PYTHON = house.tracked("*.py")
WRITTEN = [
    path
    for path in house.tracked("*.py", "*.md", "*.toml", "*.yml", "*.yaml", "*.html", "*.css", "*.sh", "*.po", ".ci/*")
    if not {"data", "payloads", "vendor", "node_modules"} & set(path.parts)
]
BEFORE_ANYTHING = [
    Path("bot/__main__.py"),
    Path("bot/checkout.py"),
    Path("bot/first_start.py"),
    Path("bot/__init__.py"),
]


def findings(check: Check, paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        yield from check(path, (ROOT / path).read_text(encoding="utf-8"))


def run(*command: str) -> list[str]:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return [f"{done.stdout}\n{done.stderr}".strip()] if done.returncode else []


def lint_imports(*options: str) -> list[str]:
    return run("-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-logo", *options)


def expect_none(found: Iterable[str]) -> None:
    if lines := list(found):
        pytest.fail("\n".join(lines), pytrace=False)


def test_nothing_imports_what_its_room_has_no_right_to() -> None:
    expect_none(findings(house.wrong_imports, PRODUCT))


@pytest.mark.parametrize(
    ("path", "line", "reason"),
    [
        ("bot/domain/names.py", "from bot.clock import Clock", "rules are pure"),
        ("bot/domain/names.py", "import bot.store.unit", "rules are pure"),
        ("bot/domain/names.py", "def f():\n    import socket", "the domain has no I/O"),
        ("bot/domain/names.py", "from sqlalchemy import text", "the domain has no I/O"),
        ("bot/domain/names.py", "from slack_sdk.models import blocks", "no Slack words"),
        ("bot/store/clients.py", "from bot.usecases import clients", "knows none of them"),
        ("bot/store/clients.py", "from slack_sdk import WebClient", "the store knows no Slack"),
        ("bot/usecases/clients.py", "import sqlalchemy as sa", "neither SQL nor the network"),
        ("bot/usecases/clients.py", "from bot.store import tables", "no tables"),
        ("bot/usecases/clients.py", "from blocks import clients", "one transaction"),
        ("bot/outbox/dispatcher.py", "from bot.readers import approvals", "the readers' affair"),
        ("bot/readers/approvals.py", "from bot.store.tables import contracts", "decides nothing"),
        ("bot/gateways/kong.py", "from bot.store.unit import Unit", "a vendor's words"),
        ("bot/catalogs/native.py", "from bot.store.unit import Unit", "domain values"),
        ("bot/sandbox/server.py", "from bot.domain.people import Person", "nothing of this bot"),
        ("bot/sandbox/server.py", "from blocks import kit", "nothing of this bot"),
        ("bot/desk.py", "from bot.web import app", "adds only the thread"),
        ("bot/web.py", "import sqlalchemy", "only there"),
        ("bot/errors.py", "from bot.domain import people", "everything stands on it"),
        ("handlers/clients.py", "from bot.usecases import clients", "asks the desk"),
        ("handlers/clients.py", "from bot.store.unit import Unit", "asks the desk"),
        ("handlers/clients.py", "import sqlalchemy", "only there"),
        ("blocks/clients.py", "from bot.desk import Desk", "nothing that acts"),
        ("blocks/clients.py", "from slack_bolt import App", "built, not sent"),
    ],
)
def test_an_import_without_right_is_found_with_its_reason(path: str, line: str, reason: str) -> None:
    found = list(house.wrong_imports(Path(path), line))
    assert len(found) == 1
    assert reason in found[0]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("handlers/clients.py", "from bot.desk import Desk"),
        ("bot/store/clients.py", "import sqlalchemy as sa"),
        ("bot/bootstrap.py", "from handlers import clients"),
        ("blocks/clients.py", "from slack_sdk.models.blocks import Block"),
        ("blocks/clients.py", "from . import kit"),
        ("bot/domain/names.py", "from urllib.parse import quote"),
    ],
)
def test_an_import_by_right_is_not_found(path: str, line: str) -> None:
    assert not list(house.wrong_imports(Path(path), line))


def test_relative_imports_are_understood() -> None:
    assert [name for _, name in house.imported(Path("bot/domain/names.py"), "from ..store import unit")] == [
        "bot.store.unit"
    ]
    assert [name for _, name in house.imported(Path("bot/domain/__init__.py"), "from . import names")] == [
        "bot.domain.names"
    ]


def test_every_package_is_a_room_with_rights_of_its_own() -> None:
    packages = {house.module_of(path) for path in PRODUCT if path.name == "__init__.py" and len(path.parts) <= 3}
    without = packages - {room.name for room in house.ROOMS}
    assert not without, f"say in tests/house.py what {sorted(without)} may import, and why"


def test_what_runs_before_anything_is_installed_needs_only_python() -> None:
    def check(path: Path, source: str) -> Iterable[str]:
        return house.only_standard(path, source, sys.stdlib_module_names)

    expect_none(findings(check, BEFORE_ANYTHING))
    assert list(check(BEFORE_ANYTHING[0], "import typer"))


def test_import_linter_keeps_its_contracts() -> None:
    expect_none(lint_imports("--no-cache"))


def test_import_linter_finds_what_breaks_a_contract(tmp_path: Path) -> None:
    contract = 'name = "No"\ntype = "forbidden"\nsource_modules = ["bot.domain"]\nforbidden_modules = ["bot.errors"]\n'
    config = tmp_path / "pyproject.toml"
    config.write_text(f'[tool.importlinter]\nroot_packages = ["bot"]\n[[tool.importlinter.contracts]]\n{contract}')
    assert "No BROKEN" in lint_imports("--no-cache", "--config", str(config))[0]


def test_names_say_what_a_file_is_about() -> None:
    expect_none(finding for path in PYTHON for finding in house.vague_name(path))


@pytest.mark.parametrize("path", ["bot/utils.py", "tests/helpers/x.py", "handlers/common.py", "bot/store/base.py"])
def test_a_vague_name_is_found(path: str) -> None:
    assert list(house.vague_name(Path(path)))


def test_files_and_functions_can_be_read_in_one_go() -> None:
    expect_none(findings(house.too_long, [path for path in PYTHON if path.parent != house.MIGRATIONS]))


def test_a_long_file_and_a_long_function_are_found() -> None:
    function = "def long():\n" + "    pass\n" * house.FUNCTION_LINES
    assert "split it" in next(iter(house.too_long(Path("x.py"), function)))
    assert "purpose" in next(iter(house.too_long(Path("x.py"), "x = 1\n" * (house.FILE_LINES + 1))))
    assert not list(house.too_long(Path("x.py"), "x = 1\n" * house.FILE_LINES))
    inner = "    def inner():\n" + "        pass\n" * house.FUNCTION_LINES
    assert [finding.split()[1] for finding in house.too_long(Path("x.py"), f"def outer():\n{inner}")] == ["inner"]


def test_every_public_function_says_what_it_is_for() -> None:
    expect_none(findings(house.undocumented, [path for path in PRODUCT if path.parent != house.MIGRATIONS]))


def test_a_function_without_docstring_is_found() -> None:
    assert list(house.undocumented(Path("x.py"), "def bare(): pass"))
    assert list(house.undocumented(Path("x.py"), "class Bare: pass"))
    assert list(
        house.undocumented(Path("x.py"), 'class C:\n  """C."""\n  def m(self):\n    a()\n    b()\n    c()\n    d()')
    )
    assert not list(house.undocumented(Path("x.py"), "def _own(): pass"))


def test_one_place_commits() -> None:
    expect_none(findings(house.commits, PRODUCT))
    assert (ROOT / house.UNIT).is_file()


def test_a_commit_elsewhere_is_found() -> None:
    assert list(house.commits(Path("bot/store/clients.py"), "def f(c):\n    c.commit()"))


def test_nothing_is_left_to_be_done() -> None:
    expect_none(findings(house.unfinished, WRITTEN))
    assert list(house.unfinished(Path("x.py"), "# TO" + "DO: later"))


def test_texts_say_nothing_that_is_out_of_place() -> None:
    expect_none(findings(house.unwanted_words, [*WRITTEN, Path("requirements.lock")]))


@pytest.mark.parametrize(
    "text", ["https://py" + "pi.org/simple", "see /ro" + "ot/notes", "a black" + "list", "Lorem " + "ipsum"]
)
def test_a_text_out_of_place_is_found(text: str) -> None:
    assert list(house.unwanted_words(Path("x.md"), f"Well, {text}."))


def test_the_top_of_the_repository_holds_what_people_expect() -> None:
    strange = {path.parts[0] for path in house.tracked()} - house.TOP_LEVEL
    assert not strange, f"a room for {sorted(strange)} is inside bot, handlers, blocks, tests or docs"


def test_ruff_has_nothing_to_say() -> None:
    expect_none(run("-m", "ruff", "check", "--output-format", "concise", "--quiet", "."))


def test_ruff_would_format_it_the_same() -> None:
    expect_none(run("-m", "ruff", "format", "--check", "--quiet", "--diff", "."))


def test_mypy_has_nothing_to_say() -> None:
    expect_none(run("-m", "mypy", "--no-error-summary"))


def test_ruff_and_mypy_find_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import os\nnumber: int = 'one'\n")
    config = ("--config", str(ROOT / "pyproject.toml"))
    assert "F401" in run("-m", "ruff", "check", *config, str(wrong))[0]
    assert "+number" in run("-m", "ruff", "format", "--check", "--diff", *config, str(wrong))[0]
    assert "Incompatible types" in run("-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(wrong))[0]
