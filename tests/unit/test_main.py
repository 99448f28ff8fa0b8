"""The first start of a clone: what is installed, when, and what is said when it can't be."""

import ast
import importlib.metadata
import importlib.util
import os
import queue
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bot import __main__, first_start, testing
from bot.checkout import TESTED, USED, Checkout, extras_for
from bot.first_start import Installer, Lock, Stopped

LOCK = """\
alpha==1.0 ; sys_platform != 'win32' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via demo (pyproject.toml)
Beta_x==2.0 \\
    --hash=sha256:cc
    # via
    #   alpha
    #   gamma
gamma==3.0 \\
    --hash=sha256:dd
    # via demo (pyproject.toml)
uv==9.0 \\
    --hash=sha256:ee
    # via demo (pyproject.toml:first-start)
"""
PROJECT = """\
[project]
name = "demo"
dependencies = ["alpha>=1; sys_platform != 'win32'"]
[project.optional-dependencies]
postgres = []
test = ["gamma[full]>=3"]
browser = []
[dependency-groups]
first-start = ["uv>=9"]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "requirements.lock").write_text(LOCK)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return Checkout(tmp_path)


@pytest.fixture
def filled(checkout: Checkout) -> Checkout:
    """A clone whose ``.venv`` holds what every command needs."""
    checkout.python.parent.mkdir(parents=True)
    checkout.python.symlink_to(sys.executable)
    checkout.remember(USED)
    return checkout


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What installers were asked to install, by name; they install nothing."""
    asked: list[list[str]] = []

    def run(_: Installer, wanted: list[str]) -> None:
        asked.append([entry.partition("==")[0] for entry in wanted])

    monkeypatch.setattr(Installer, "run", run)
    return asked


def names(entries: list[str]) -> list[str]:
    return [entry.partition("==")[0] for entry in entries]


def test_a_package_brings_what_it_needs_and_nothing_else(checkout: Checkout) -> None:
    lock = Lock(checkout)
    assert names(lock.select(lock.declared([]))) == ["alpha", "Beta_x"]
    assert names(lock.select(lock.declared(["test"]))) == ["alpha", "Beta_x", "gamma"]
    assert names(lock.select(["uv>=9"])) == ["uv"]


def test_an_entry_keeps_its_marker_and_hashes(checkout: Checkout) -> None:
    entry = Lock(checkout).select(["alpha"])[0]
    assert entry.startswith("alpha==1.0 ; sys_platform != 'win32' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n")


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [
        ([], USED),
        (["demo", "--port", "1"], USED),
        (["test", "-x"], TESTED),
        (["--verbose", "test"], TESTED),
        (["outbox", "test"], USED),
    ],
)
def test_only_the_tests_need_the_extras_of_the_tests(arguments: list[str], extras: list[str]) -> None:
    assert extras_for(arguments) == extras


def test_the_first_start_makes_venv_and_the_next_one_goes_straight_on(
    checkout: Checkout, runs: list[list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_start, "everything_here", lambda *_: False)
    assert __main__.prepare(checkout, ["demo"]) == checkout.python
    assert __main__.prepare(checkout, ["demo"]) == checkout.python
    assert runs == [["alpha", "Beta_x"]]
    assert subprocess.run([checkout.python, "-c", ""], check=False).returncode == 0
    assert "first start here" in capsys.readouterr().err


def test_the_tests_add_their_extras_once(filled: Checkout, runs: list[list[str]]) -> None:
    first_start.install(filled, TESTED)
    first_start.install(filled, TESTED)
    first_start.install(filled, USED)
    assert runs == [["alpha", "Beta_x", "gamma"]]
    assert set(filled.installed()) == {*USED, *TESTED}


@pytest.mark.parametrize("file", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_installs_again(filled: Checkout, file: str) -> None:
    assert filled.installed() == USED
    with (filled.root / file).open("a") as changed:
        changed.write("\n# changed\n")
    assert filled.installed() == []


def test_a_venv_whose_python_is_gone_is_made_anew(
    filled: Checkout, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (filled.venv / "pyvenv.cfg").touch()
    filled.python.unlink()
    filled.python.symlink_to(filled.root / "no-such-python")
    monkeypatch.setattr(first_start, "everything_here", lambda *_: False)
    assert __main__.prepare(filled, ["demo"]) == filled.python
    assert filled.python.exists()
    assert len(runs) == 1


def test_an_installed_package_makes_nothing(tmp_path: Path) -> None:
    assert __main__.prepare(Checkout(tmp_path), ["demo"]) is None
    assert not list(tmp_path.iterdir())


def test_a_python_that_has_everything_is_used_as_it_is(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "1")
    assert __main__.prepare(checkout, ["demo"]) is None
    assert not checkout.venv.exists()


def test_a_python_that_lacks_one_package_is_not_enough(checkout: Checkout) -> None:
    assert not first_start.everything_here(checkout, ["test"])
    assert first_start.everything_here(checkout, [])  # alpha has a marker: it may be for another system


def test_inside_our_own_venv_a_changed_lock_counts(
    filled: Checkout, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(filled.venv))
    monkeypatch.setattr(first_start, "everything_here", lambda *_: True)
    assert __main__.prepare(filled, ["demo"]) is None
    filled.lock.write_text(LOCK + "\n")
    assert __main__.prepare(filled, ["demo"]) == filled.python
    assert len(runs) == 1


def test_two_first_starts_at_once_install_once(
    filled: Checkout, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    monkeypatch.setattr(first_start, "say", said.put)
    with first_start.alone_in(filled.root):
        second = threading.Thread(target=first_start.install, args=(filled, TESTED))
        second.start()
        assert "waiting" in said.get(timeout=30)
        filled.remember(TESTED)
    second.join(timeout=30)
    assert runs == []


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("error: Failed to fetch\n  Caused by: dns error: failed to lookup", "index can't be reached"),
        ("NewConnectionError(...): [Errno 111] Connection refused", "index can't be reached"),
        ("ssl.SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "index can't be reached"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("error: Permission denied (os error 13)", "can't be written"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE", "not the one that requirements.lock names"),
        ("error: Hash mismatch for `alpha==1.0`", "not the one that requirements.lock names"),
        ("ERROR: No matching distribution found for alpha==1.0\nbye", "No matching distribution found for alpha==1.0"),
        ("", "said nothing"),
    ],
)
def test_an_installers_last_words_become_one_sentence(output: str, sentence: str) -> None:
    explained = first_start.explain(output)
    assert sentence in explained
    assert "\n" not in explained


def test_pip_is_tried_when_uv_fails_and_its_words_are_kept(filled: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("uv", "pip"):
        program = filled.root / name
        program.write_text(f"#!/bin/sh\necho {name} $* >> {filled.root}/calls\necho error: {name} is unwell\nexit 3\n")
        program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(filled.root / name))
    monkeypatch.setattr(Installer, "_pip", lambda _: [str(filled.root / "pip")])
    with pytest.raises(Stopped, match="error: pip is unwell"):
        Installer(filled, Lock(filled)).run(["alpha==1.0"])
    calls = (filled.root / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["uv", "pip"]
    assert all("--require-hashes" in call for call in calls)
    assert "unwell" in (filled.venv / "gatehouse-install.log").read_text()


def test_uv_is_fetched_by_hash_if_the_machine_has_none(filled: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    pip, listed = filled.root / "pip", filled.venv / "gatehouse-wanted.txt"
    pip.write_text(f"#!/bin/sh\ncat {listed} > {filled.root}/fetched\n")
    uv = filled.python.with_name("uv")
    uv.write_text(f"#!/bin/sh\ncat {listed} > {filled.root}/installed\n")
    for program in (pip, uv):
        program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(Installer, "_pip", lambda _: [str(pip)])
    Installer(filled, Lock(filled)).run(["alpha==1.0\n"])
    assert (filled.root / "fetched").read_text().startswith("uv==9.0 \\\n    --hash=sha256:ee")
    assert (filled.root / "installed").read_text() == "alpha==1.0\n"


def test_a_python_without_pip_names_the_package_to_install(filled: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_start, "carried_wheels", list)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Stopped, match=r"apt install python3\.\d+-venv"):
        Installer(filled, Lock(filled))._pip()


def test_pip_is_the_one_that_python_carries_else_the_machines_own(
    filled: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_start, "carried_wheels", lambda: [Path("/wheels/pip-1.whl")])
    assert Installer(filled, Lock(filled))._pip() == [str(filled.python), "/wheels/pip-1.whl/pip"]
    monkeypatch.setattr(first_start, "carried_wheels", list)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert Installer(filled, Lock(filled))._pip()[1:] == ["-m", "pip", "--python", str(filled.python)]


def test_a_folder_that_cannot_be_written_is_one_sentence(checkout: Checkout) -> None:
    checkout.venv.write_text("in the way")
    with pytest.raises(Stopped, match=r"\.venv can't be made: Unable to create directory"):
        first_start.install(checkout, USED)
    checkout.venv.unlink()
    checkout.venv.symlink_to("/proc/no-such-folder")
    with pytest.raises(Stopped, match=r"\.venv can't be made"):
        first_start.install(checkout, USED)


def test_a_full_disk_is_one_sentence(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(first_start, "_fill", full)
    with pytest.raises(Stopped, match=r"\(No space left on device\): make the folder writable, or free"):
        first_start.install(checkout, USED)


def test_an_old_python_can_read_far_enough_to_be_told() -> None:
    for name in ("__init__.py", "__main__.py", "checkout.py"):
        source = (testing.CHECKOUT / "bot" / name).read_text()
        ast.parse(source, feature_version=(3, 7))
    assert __main__.OLDEST == (3, 11)


def test_an_old_python_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(SystemExit, match=r"^Gatehouse needs Python 3\.11 or newer, and this is 3\.9\.$"):
        __main__.main()


def test_the_same_command_line_goes_on_in_venv(filled: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[object] = []

    def execv(*call: object) -> None:
        gone.append(call)
        raise SystemExit

    monkeypatch.setattr(__main__, "prepare", lambda *_: filled.python)
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-X", "dev", "-m", "bot", "demo"])
    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(SystemExit):
        __main__.main()
    assert gone == [(filled.python, [str(filled.python), "-X", "dev", "-m", "bot", "demo"])]


def test_without_a_checkout_the_tests_say_where_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert testing.run([], tmp_path) == 2
    assert capsys.readouterr().err == (
        "The tests are in the repository, not in the installed package: run this in a clone of it.\n"
    )


def test_the_tests_answer_with_pytests_own_exit_code(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_house.py").write_text("def test_no():\n    assert False\n")
    assert testing.run(["-q", "-p", "no:cacheprovider", "--co"], tmp_path) == 0
    assert testing.run(["-q", "-p", "no:cacheprovider"], tmp_path) == 1
