"""Processes of the program that are forked are as good as those that load it anew."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.hatchery import PIPE, ROOT, STDOUT, Hatched, hatch

VARIABLES = {"PATH": os.environ["PATH"], "NO_COLOR": "1"}


def demo(folder: Path, **options: bool) -> Hatched:
    """Start something that runs until it is ended."""
    process = hatch("demo", "--port", "0", cwd=folder, env=VARIABLES | {"HOME": str(folder)}, stdout=PIPE, **options)
    assert process.stdout
    assert process.stdout.readline()
    return process


@pytest.mark.parametrize("arguments", [["--version"], ["serve"], ["nonsense"], ["export", "--output", "no/file"]])
def test_what_it_says_and_ends_with_is_what_the_program_itself_does(tmp_path: Path, arguments: list[str]) -> None:
    script = "import sys; sys.argv[0] = 'gatehouse'; from bot.cli import main; main()"
    command, variables = [sys.executable, "-c", script, *arguments], VARIABLES | {"PYTHONPATH": str(ROOT)}
    anew = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    hatched = hatch(*arguments, cwd=tmp_path, env=VARIABLES, stdout=PIPE, stderr=PIPE)
    assert (*hatched.communicate(), hatched.returncode) == (anew.stdout, anew.stderr, anew.returncode)


def test_its_variables_folder_and_streams_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("version: 1\norganizations: 5\n")
    one = hatch("catalog", "check", "bad.yaml", cwd=tmp_path, env=VARIABLES, stdout=PIPE, stderr=STDOUT)
    other = hatch("catalog", "check", "bad.yaml", cwd="/", env=VARIABLES, stdout=PIPE, stderr=STDOUT)
    assert "organizations" in one.communicate()[0]
    assert "organizations" not in other.communicate()[0]


def test_it_ends_by_a_signal_as_any_process_does(tmp_path: Path) -> None:
    process = demo(tmp_path, new_session=True)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    process.communicate()
    process.kill()
    gentle = demo(tmp_path)
    gentle.send_signal(signal.SIGINT)
    assert "Ctrl-C stops everything" in gentle.communicate(10)[0]
    assert gentle.returncode == 0


def test_nothing_outlives_who_asked_for_it() -> None:
    script = (
        "import os; from tests.hatchery import PIPE, hatch\n"
        "process = hatch('demo', '--port', '0', env=dict(os.environ), stdout=PIPE)\n"
        "process.stdout.readline(); print(process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    latest = time.monotonic() + 10
    while Path(f"/proc/{int(done.stdout)}").exists():
        assert time.monotonic() < latest
        time.sleep(0.02)
