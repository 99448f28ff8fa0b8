"""``gatehouse`` as processes of their own that need not load it anew: forked from one that has it loaded.

A start takes more than a second of a core, nearly all of it for imports, and the tests start two hundred of them; a
fork takes a hundredth of that. What runs is the same program with the same arguments, variables, folder and streams,
and it ends as any process does. That it starts from nothing, too, is shown by tests/unit/test_main.py.

Run as a program, this module is the one that has everything loaded: ``python -m tests.hatchery DESCRIPTOR``.
"""

import atexit
import contextlib
import ctypes
import functools
import gc
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO

PIPE, DEVNULL, STDOUT = subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT
ROOT = Path(__file__).parents[1]
DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG (man7.org/linux/man-pages/man2/prctl.2.html): no process outlives the one it came from."""
NUMBER = 8
"""Bytes of a number: of a message's length, a process's id, its exit code."""


class Hatched:
    """A running ``gatehouse``, with the names of ``subprocess.Popen``; streams that are pipes carry text."""

    def __init__(self, told: int, streams: Mapping[str, IO[str]]) -> None:
        self._told = told
        self.pid = _number(os.read(told, NUMBER))
        self.stdin, self.stdout, self.stderr = (streams.get(name) for name in ("stdin", "stdout", "stderr"))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ended and return the exit code, negative if that was a signal.

        Raises:
            subprocess.TimeoutExpired: it still runs after ``timeout`` seconds.
        """
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("gatehouse", timeout or 0.0)
        return code

    def _wait(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = _number(os.read(self._told, NUMBER))
            os.close(self._told)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Read what it says until it ended, and return that: standard output, standard error.

        Raises:
            subprocess.TimeoutExpired: it still runs after ``timeout`` seconds.
        """
        said = {"stdout": "", "stderr": ""}

        def read(name: str, stream: IO[str]) -> None:
            said[name] = stream.read()

        pipes = [(name, stream) for name in said if (stream := getattr(self, name))]
        readers = [threading.Thread(target=read, args=pipe, daemon=True) for pipe in pipes]
        for reader in readers:
            reader.start()
        if self.stdin:
            self.stdin.close()
        self.wait(timeout)
        for reader in readers:
            reader.join(timeout)
        for _, stream in pipes:
            stream.close()
        return said["stdout"], said["stderr"]

    def send_signal(self, number: int) -> None:
        """Send it a signal; a no-op after its end."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def hatch(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path | str = "/",
    stdin: int | IO[bytes] = DEVNULL,
    stdout: int | IO[bytes] = DEVNULL,
    stderr: int | IO[bytes] = DEVNULL,
    new_session: bool = False,
) -> Hatched:
    """Start ``gatehouse`` with these arguments.

    Args:
        arguments: of the command line.
        env: all of its variables.
        cwd: the folder it runs in; in ``/`` there is no .env file with somebody's own settings.
        stdin, stdout, stderr: PIPE, DEVNULL, a file, a descriptor; for ``stderr`` also STDOUT.
        new_session: it leads a process group of its own, which can be killed as one.
    """
    wanted = {"arguments": arguments, "env": dict(env), "cwd": str(cwd), "new_session": new_session}
    told, telling = os.pipe()
    ours: dict[str, IO[str]] = {}
    theirs: list[int] = []
    with contextlib.ExitStack() as after:
        after.callback(os.close, telling)
        for name, stream in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
            theirs.append(theirs[1] if stream == STDOUT else _theirs(name, stream, ours, after))
        _nest().send(wanted, [*theirs, telling])
    return Hatched(told, ours)


def _theirs(name: str, stream: int | IO[bytes], ours: dict[str, IO[str]], after: contextlib.ExitStack) -> int:
    """Return the descriptor that the process gets; the other end of a pipe goes into ``ours``."""
    if not isinstance(stream, int):
        return stream.fileno()
    if stream >= 0:
        return stream
    if stream == DEVNULL:
        descriptor = os.open(os.devnull, os.O_RDWR)
    else:
        reading, writing = os.pipe()
        descriptor, kept, mode = (reading, writing, "w") if name == "stdin" else (writing, reading, "r")
        ours[name] = os.fdopen(kept, mode, encoding="utf-8")
    after.callback(os.close, descriptor)
    return descriptor


class _Nest:
    """The process that has everything loaded."""

    def __init__(self) -> None:
        self._asking, there = socket.socketpair()
        variables = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.hatchery", str(there.fileno())]
        self._process = subprocess.Popen(command, env=variables, cwd="/", pass_fds=[there.fileno()])
        there.close()
        self._turn = threading.Lock()
        atexit.register(self.close)

    def send(self, wanted: Mapping[str, object], descriptors: list[int]) -> None:
        """Ask for a process."""
        message = json.dumps(wanted).encode()
        with self._turn:
            socket.send_fds(self._asking, [len(message).to_bytes(NUMBER, "big")], descriptors)
            self._asking.sendall(message)

    def close(self) -> None:
        """End it, and with it whatever came from it."""
        self._asking.close()
        self._process.wait()


@functools.cache
def _nest() -> _Nest:
    return _Nest()


def _number(told: bytes) -> int:
    """Return a number that was told; -9 if whoever should have told it is gone."""
    return int.from_bytes(told, "big", signed=True) if told else -signal.SIGKILL


def main(descriptor: int) -> None:
    """Fork a process for each message, until there are no more."""
    _load()
    gc.collect()
    gc.freeze()  # what is never written to is not copied
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asks
    with socket.socket(fileno=descriptor) as asked:
        while True:
            head, descriptors, _, _ = socket.recv_fds(asked, NUMBER, 4)
            if not head:
                return
            message = asked.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
            _bury()
            if not os.fork():
                break
            for number in descriptors:
                os.close(number)
    _become(json.loads(message), descriptors)
    _live()


def _bury() -> None:
    """Take leave of those that ended: only then what they used is counted as ours."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _load() -> None:
    """Load what any command may need, as far as it is installed."""
    from importlib import import_module  # noqa: PLC0415 - only this process loads all of it

    for name in ("bot.cli", "bot.commands", "bot.demo", "bot.doctor", "bot.serving", "alembic.command"):
        import_module(name)
    for name in ("uvloop", "bot.store.impatient"):
        with contextlib.suppress(ImportError):
            import_module(name)


def _become(wanted: dict[str, object], descriptors: list[int]) -> None:
    """Fork once more: the parent waits and tells how the other one ended, which alone returns, to be the program."""
    *streams, telling = descriptors
    _die_with_parent()
    pid = os.fork()
    if pid:
        for number in streams:
            os.close(number)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(telling, code.to_bytes(NUMBER, "big", signed=True))
        os._exit(0)
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if wanted["new_session"]:
        os.setsid()
    os.write(telling, os.getpid().to_bytes(NUMBER, "big", signed=True))
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    for number in {*descriptors} - {0, 1, 2}:
        os.close(number)
    _settle(wanted)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)


def _settle(wanted: dict[str, object]) -> None:
    """Take over variables, folder and arguments."""
    variables, arguments = wanted["env"], wanted["arguments"]
    assert isinstance(variables, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    os.chdir(str(wanted["cwd"]))
    random.seed()
    sys.argv = ["gatehouse", *arguments]
    sys.modules["__main__"].__package__ = None  # so that usage names the program as it was called


def _live() -> None:
    """Run the program and end as Python does, but for taking apart all that is loaded: that takes half a second."""
    from bot.cli import main as program  # noqa: PLC0415 - loaded long ago

    code: object = 0
    try:
        program()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - as Python does
        traceback.print_exc()
        code = 1
    if not isinstance(code, int):
        sys.stderr.write(f"{code}\n")
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
