"""Each command as a process of its own: exit codes, one sentence for an error, never a traceback (INTERFACE 1)."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.hatchery import PIPE, Hatched, hatch

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "xoxb-1-2-abcdefghijkl"
SECRET = "0123456789abcdef0123456789abcdef"
CATALOG = "version: 1\norganizations: [{name: Acme, plans: [{name: Free, version: '1'}]}]\n"
NOWHERE = "http://127.0.0.1:1/api/"
"""An address where nobody listens."""


class Shell:
    """A folder to run commands in, with nothing of this machine's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}

    def start(self, *arguments: str, **variables: str) -> Hatched:
        """Start a command."""
        return hatch(*arguments, cwd=self.folder, env=self.variables | variables, stdout=PIPE, stderr=PIPE)

    def run(self, *arguments: str, **variables: str) -> "Done":
        """Run a command to its end."""
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=60)
        return Done(process.wait(), out, err)


class Done:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def one_sentence(self, code: int, *words: str) -> None:
        """Expect this exit code and an error of one line, in which the words stand."""
        lines = [line for line in self.err.strip().split("\n") if not line.startswith('{"')]
        assert self.code == code, self.err
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        for word in words:
            assert word in lines[0]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def serving(shell: Shell) -> dict[str, str]:
    """The least settings that serve."""
    return {"SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": NOWHERE, "GATEHOUSE_PORT": "0"}


@contextlib.contextmanager
def started(shell: Shell, variables: dict[str, str]) -> Iterator[Hatched]:
    """Give a bot that serves, and end it."""
    process = shell.start("serve", GATEHOUSE_LOG_FORMAT="json", **variables)
    assert process.stderr
    for line in process.stderr:
        if '"serving"' in line:
            break
    else:
        pytest.fail("it did not begin to serve")
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def catalog_file(shell: Shell, text: str = CATALOG) -> str:
    """Write a catalog file and return its name."""
    (shell.folder / "acme.yaml").write_text(text, encoding="utf-8")
    return "acme.yaml"


@pytest.mark.parametrize("program", [["-m", "bot"], ["-c", "from bot.cli import main; main()"]])
def test_the_version_is_told(shell: Shell, program: list[str]) -> None:
    command = [sys.executable, *program, "--version"]
    done = subprocess.run(command, cwd=shell.folder, env=shell.variables, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "gatehouse"


def test_help_names_every_command(shell: Shell) -> None:
    done = shell.run("--help")
    assert done.code == 0
    for command in ("demo", "serve", "db", "catalog", "export", "manifest", "doctor", "test"):
        assert f" {command} " in done.out


@pytest.mark.parametrize(
    "wrong", [["nonsense"], ["serve", "--nonsense"], ["catalog", "apply"], ["demo", "--port", "x"]]
)
def test_wrong_use_is_exit_code_two(shell: Shell, wrong: list[str]) -> None:
    done = shell.run(*wrong)
    assert done.code == 2
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SLACK_SIGNING_SECRET": ""}, ["Neither SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"]),
        ({"SLACK_APP_TOKEN": "xapp-1-A1-2-abc"}, ["Both SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"]),
        ({"SLACK_BOT_TOKEN": ""}, ["SLACK_BOT_TOKEN", "xoxb-"]),
        ({"SLACK_BOT_TOKEN": "xoxp-1"}, ["SLACK_BOT_TOKEN", "xoxb-"]),
        ({"SLACK_SIGNING_SECRET": "short"}, ["SLACK_SIGNING_SECRET", "32"]),
        ({"GATEHOUSE_PORT": "many"}, ["GATEHOUSE_PORT", "3000"]),
        ({"GATEHOUSE_TICK": "2 fortnights"}, ["GATEHOUSE_TICK"]),
        ({"GATEHOUSE_DATABASE_URL": "mysql://x"}, ["GATEHOUSE_DATABASE_URL", "sqlite:///"]),
        ({"GATEHOUSE_DATABASE_URL": "postgresql://gatehouse@127.0.0.1:1/x"}, ["GATEHOUSE_SECRET_KEY"]),
        ({"GATEHOUSE_DATABASE_URL": "sqlite:////no/such/folder/x.db"}, ["GATEHOUSE_DATABASE_URL", "/no/such/folder"]),
        (
            {"GATEHOUSE_DATABASE_URL": "postgresql://gatehouse@127.0.0.1:1/x", "GATEHOUSE_SECRET_KEY": "k" * 43},
            ["GATEHOUSE_DATABASE_URL"],
        ),
    ],
)
def test_serve_with_wrong_settings_is_one_sentence(
    shell: Shell, serving: dict[str, str], variables: dict[str, str], words: list[str]
) -> None:
    shell.run("serve", **(serving | variables)).one_sentence(2, *words)


def test_serve_on_a_port_in_use_says_so(shell: Shell, serving: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        shell.run("serve", **(serving | {"GATEHOUSE_PORT": port})).one_sentence(2, "GATEHOUSE_PORT", port)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-123-456-abc"),
        ("SLACK_SIGNING_SECRET", "8f742231b10e8888abcd99e785a5f0c1"),
        ("GATEHOUSE_SECRET_KEY", "changeme"),
    ],
)
def test_serve_with_a_secret_of_an_example_says_which(
    shell: Shell, serving: dict[str, str], variable: str, value: str
) -> None:
    shell.run("serve", **(serving | {variable: value})).one_sentence(2, f"{variable} is the value of an example")


@pytest.mark.parametrize("name", [".env", "gatehouse.db"])
def test_serve_with_a_file_open_to_everybody_says_what_to_type(
    shell: Shell, serving: dict[str, str], name: str
) -> None:
    shell.run("db", "upgrade")
    path = shell.folder / name
    path.touch()
    path.chmod(0o644)
    shell.run("serve", **serving).one_sentence(2, f"{name} can be read by every user", f"chmod 600 {name}")
    path.chmod(0o600)
    with started(shell, serving):
        pass


def test_a_file_that_serve_makes_is_for_nobody_else(shell: Shell, serving: dict[str, str]) -> None:
    with started(shell, serving):
        made = [path for path in shell.folder.iterdir() if path.name.startswith("gatehouse.db")]
        assert len(made) > 1
        assert [path.name for path in made if path.stat().st_mode & 0o077] == []


def test_serve_on_a_file_that_is_no_database_says_so(shell: Shell, serving: dict[str, str]) -> None:
    damaged = shell.folder / "gatehouse.db"
    damaged.write_bytes(b"This is not a database at all." * 200)
    damaged.chmod(0o600)
    shell.run("serve", **serving).one_sentence(2, "GATEHOUSE_DATABASE_URL", "not a database")


def test_serve_on_a_file_another_process_has_locked_says_so(shell: Shell, serving: dict[str, str]) -> None:
    shell.run("db", "upgrade")
    with contextlib.closing(sqlite3.connect(shell.folder / "gatehouse.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        shell.run("serve", **serving).one_sentence(2, "GATEHOUSE_DATABASE_URL", "locked")


def test_serve_on_an_older_postgresql_schema_names_the_command(
    shell: Shell, serving: dict[str, str], postgres_url: str
) -> None:
    variables = serving | {"GATEHOUSE_DATABASE_URL": postgres_url, "GATEHOUSE_SECRET_KEY": "k" * 43}
    shell.run("serve", **variables).one_sentence(2, "gatehouse db upgrade")
    upgraded = shell.run("db", "upgrade", **variables)
    assert upgraded.code == 0
    with started(shell, variables):
        pass


def test_two_processes_do_not_serve_from_one_file_and_commands_work_beside_it(
    shell: Shell, serving: dict[str, str]
) -> None:
    with started(shell, serving) as first:
        shell.run("serve", **serving).one_sentence(2, "already serves")
        assert shell.run("catalog", "apply", catalog_file(shell)).code == 0
        assert json.loads(shell.run("export").out)["organizations"][0]["name"] == "Acme"
        assert first.poll() is None
    with started(shell, serving):
        pass


def test_a_database_is_brought_to_this_version(shell: Shell) -> None:
    assert (shell.run("db", "current").code, shell.run("db", "current").out) == (1, "empty\n")
    assert "done" in shell.run("db", "upgrade").out
    assert "already" in shell.run("db", "upgrade").out
    assert shell.run("db", "current").code == 0


def test_a_catalog_is_checked_tried_and_applied(shell: Shell) -> None:
    name = catalog_file(shell)
    assert "ok, 1 organizations" in shell.run("catalog", "check", name).out
    assert "Would be: 2 created" in shell.run("catalog", "apply", "--dry-run", name).out
    assert json.loads(shell.run("export").out)["organizations"] == []
    assert "2 created, 0 changed, 0 left alone." in shell.run("catalog", "apply", name).out
    assert "0 created, 0 changed, 2 left alone." in shell.run("catalog", "apply", name).out


def test_a_broken_catalog_names_file_line_and_key_and_applies_nothing(shell: Shell) -> None:
    good = catalog_file(shell)
    (shell.folder / "bad.yaml").write_text("version: 1\norganizations:\n  - name: Globex\n    memberz: []\n")
    for command in ("check", "apply"):
        done = shell.run("catalog", command, good, "bad.yaml")
        assert done.code == 1
        assert "bad.yaml" in done.err
        assert "4" in done.err
        assert "members" in done.err
        assert "Traceback" not in done.err
    assert json.loads(shell.run("export").out)["organizations"] == []
    shell.run("catalog", "check", "missing.yaml").one_sentence(1, "missing.yaml")


def test_the_schema_of_catalog_files_is_json(shell: Shell) -> None:
    done = shell.run("catalog", "schema")
    assert done.code == 0
    assert json.loads(done.out)["type"] == "object"


def test_an_export_to_a_file_is_whole_and_private(shell: Shell) -> None:
    assert shell.run("export", "--output", "state.json").code == 0
    assert json.loads((shell.folder / "state.json").read_text())["version"] == 1
    assert (shell.folder / "state.json").stat().st_mode & 0o077 == 0
    shell.run("export", "--output", "no/such/folder/x.json").one_sentence(2, "--output")


@pytest.mark.parametrize("command", [["export"], ["db", "current"], ["db", "upgrade"]])
def test_commands_on_a_file_that_is_no_database_say_so(shell: Shell, command: list[str]) -> None:
    (shell.folder / "gatehouse.db").write_bytes(b"This is not a database at all." * 200)
    shell.run(*command).one_sentence(2, "GATEHOUSE_DATABASE_URL", "not a database")


def test_the_manifest_is_the_one_in_the_repository(shell: Shell) -> None:
    done = shell.run("manifest")
    assert done.code == 0
    assert done.out == (ROOT / "manifest.yml").read_text(encoding="utf-8")


def test_the_manifest_takes_an_address_or_socket_mode(shell: Shell) -> None:
    printed = yaml.safe_load(shell.run("manifest", "--url", "https://bot.acme.example/").out)
    commands = printed["features"]["slash_commands"]
    assert {command["url"] for command in commands} == {"https://bot.acme.example/slack/events"}
    quiet = shell.run("manifest", "--socket").out
    assert "slack/events" not in quiet
    assert yaml.safe_load(quiet)["settings"]["socket_mode_enabled"] is True


def test_the_doctor_says_what_is_missing_and_ends_with_one(shell: Shell, serving: dict[str, str]) -> None:
    done = shell.run("doctor", **serving)
    assert done.code == 1
    assert "ok    settings" in done.out
    assert "fail  Slack" in done.out
    assert "warn  database" in done.out
    assert "Traceback" not in done.err
    none = shell.run("doctor")
    assert none.code == 1
    assert "fail  settings" in none.out


def test_a_demo_on_a_port_in_use_says_so(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        shell.run("demo", "--port", port).one_sentence(2, port, "--port")


def test_a_demo_in_a_folder_that_can_not_be_made_says_so(shell: Shell) -> None:
    (shell.folder / "file").write_text("")
    shell.run("demo", "--port", "0", "--data-dir", "file/below").one_sentence(2, "--data-dir")
