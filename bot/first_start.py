"""The first start in a fresh clone: make ``.venv`` and install what ``requirements.lock`` names, by hash.

uv takes a second where pip takes ten to fifteen, so uv is fetched first if the machine has none. pip, which knows the
machine's own settings of indexes and certificates, has the last word when uv fails. Standard library only.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata, util
from pathlib import Path
from typing import Any

from bot.checkout import Checkout, replace_text

if sys.platform != "win32":
    import fcntl

NETWORK = re.compile(
    r"name resolution|dns error|Name or service not known|nodename nor servname|onnection ?(error|refused|reset)"
    r"|NewConnection|unreachable|error sending request|timed out|certificate|proxy",
    re.IGNORECASE,
)
ROOM = "about 700 MB"
"""What ``.venv`` takes with every extra: 530 MB, measured with the packages of November 2026."""


class Stopped(SystemExit):
    """The first start can't go on; the text is the sentence for the person, and the exit code is 1."""


class Lock:
    """``requirements.lock``, and the ``pyproject.toml`` it was made from."""

    def __init__(self, checkout: Checkout) -> None:
        self.settings: dict[str, Any] = tomllib.loads(checkout.project.read_text(encoding="utf-8"))
        self.entries: dict[str, list[str]] = {}
        """Name → its pinned versions, each with markers, hashes and the comment that says who wants it."""
        text = checkout.lock.read_text(encoding="utf-8")
        for entry in re.findall(r"^[A-Za-z0-9].*\n(?:[ \t].*\n)*", text, flags=re.MULTILINE):
            self.entries.setdefault(normal_name(entry), []).append(entry)

    def declared(self, extras: list[str]) -> list[str]:
        """Return what pyproject.toml asks for directly, with ``extras``, as it stands there."""
        project = self.settings["project"]
        return [*project["dependencies"], *(line for name in extras for line in project["optional-dependencies"][name])]

    def select(self, requirements: list[str]) -> list[str]:
        """Return the entries of ``requirements`` and of all that they need."""
        needed: set[str] = set()
        found = {normal_name(line) for line in requirements}
        while found:
            needed |= found
            found = {name for name in self.entries if name not in needed and self.wanted_by(name) & needed}
        return [entry for name, entries in self.entries.items() if name in needed for entry in entries]

    def wanted_by(self, name: str) -> set[str]:
        """Return which packages the lock says ``name`` is there for: uv writes them behind ``# via``."""
        lines = (line.strip() for entry in self.entries[name] for line in entry.splitlines())
        return {normal_name(line[1:].strip().removeprefix("via ")) for line in lines if line.startswith("#")}


class Installer:
    """Installs entries of the lock into a checkout's ``.venv``."""

    def __init__(self, checkout: Checkout, lock: Lock) -> None:
        self.checkout = checkout
        self.lock = lock
        self.output = ""

    def run(self, wanted: list[str]) -> None:
        """Install ``wanted``.

        Raises:
            Stopped: neither uv nor pip could; the sentence is made from what they said.
        """
        uv = shutil.which("uv") or self._fetch_uv()
        # Compiled now, as pip does too: later starts take half the time where Python may not write bytecode.
        into = ["pip", "install", "--compile-bytecode", "--python", str(self.checkout.python)]
        if uv and self._attempt([uv, *into], wanted):
            return
        if self._attempt([*self._pip(), "install", "--disable-pip-version-check"], wanted):
            return
        log = self.checkout.venv / "gatehouse-install.log"
        replace_text(log, self.output)
        raise Stopped(f"{explain(self.output)} (What the installer said is in {log}.)")

    def _fetch_uv(self) -> str | None:
        pinned = self.lock.select(self.lock.settings["dependency-groups"]["first-start"])
        fetched = self._attempt([*self._pip(), "install", "--disable-pip-version-check", "--no-deps"], pinned)
        return str(self.checkout.python.with_name("uv")) if fetched else None

    def _pip(self) -> list[str]:
        """Return how to call a pip for ``.venv``: the one that Python carries, else the machine's own."""
        for wheel in carried_wheels():
            return [str(self.checkout.python), f"{wheel}/pip"]
        if util.find_spec("pip"):
            return [sys.executable, "-m", "pip", "--python", str(self.checkout.python)]
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise Stopped(f"This Python comes without pip: run `apt install {package}`, or install uv, and start again.")

    def _attempt(self, command: list[str], wanted: list[str]) -> bool:
        listed = self.checkout.venv / "gatehouse-wanted.txt"
        replace_text(listed, "".join(wanted))
        done = subprocess.run(
            [*command, "--quiet", "--require-hashes", "-r", str(listed)],
            env={"PIP_RETRIES": "2", "UV_HTTP_RETRIES": "2", **os.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.output = done.stdout
        return done.returncode == 0


def install(checkout: Checkout, extras: list[str]) -> None:
    """Bring ``.venv`` to what the lock names for ``extras`` and those it had before, one process at a time.

    Raises:
        Stopped: it can't be done; says why, and what to do.
    """
    if os.name == "nt":
        raise Stopped("On Windows, start Gatehouse in WSL or Docker, or run `pip install .` in a virtual environment.")
    try:
        with alone_in(checkout.root):
            before = checkout.installed()
            if not set(extras) <= set(before):  # else somebody else did it while we waited
                _fill(checkout, sorted({*extras, *before}))
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise Stopped(f"{checkout.venv} can't be made ({reason}): make the folder writable, or free {ROOM}.") from None
    except ValueError as problem:  # a file in the way, a colon in the path
        raise Stopped(f"{checkout.venv} can't be made: {problem}.") from None


def _fill(checkout: Checkout, extras: list[str]) -> None:
    began = time.monotonic()
    if not checkout.python.exists():
        say("first start here, making .venv …")
        # Without pip it takes a tenth of a second. What is cleared is a .venv whose Python is gone.
        broken = (checkout.venv / "pyvenv.cfg").exists()
        venv.EnvBuilder(symlinks=True, with_pip=False, clear=broken).create(checkout.venv)
    lock = Lock(checkout)
    wanted = lock.select(lock.declared(extras))
    say(f"installing {len(wanted)} packages from requirements.lock …")
    Installer(checkout, lock).run(wanted)
    checkout.remember(extras)
    say(f"ready after {time.monotonic() - began:.0f} s")


def everything_here(checkout: Checkout, extras: list[str]) -> bool:
    """Whether this very Python already has all that pyproject.toml asks for; what has a marker may be missing."""
    try:
        for line in Lock(checkout).declared(extras):
            if ";" not in line:
                metadata.version(normal_name(line))
    except metadata.PackageNotFoundError:
        return False
    return True


def normal_name(line: str) -> str:
    """Return the name at the beginning of a requirement, spelled as PEP 503 says (packaging.python.org)."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]).lower()


def explain(output: str) -> str:
    """Return one sentence for an installer's last words."""
    if "No space left" in output:
        return f"The disk is full: free {ROOM} and start again."
    if "Read-only file system" in output or "Permission denied" in output:
        return "The folder .venv can't be written: check who owns it."
    if re.search(r"hash mismatch|do not match the hashes", output, re.IGNORECASE):
        return "A package is not the one that requirements.lock names, so it was not installed: tell the maintainers."
    if NETWORK.search(output):
        return "The package index can't be reached: check the network, the proxy and pip's index settings."
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["the installer said nothing"]
    errors = [line for line in lines if line.lower().startswith("error")]
    return f"The packages can't be installed: {(errors or lines)[-1]}"


def carried_wheels() -> list[Path]:
    """Return the pip wheels that Python itself, or the distribution for it, carries for making environments."""
    spec = util.find_spec("ensurepip")
    folders = [Path(spec.origin).parent / "_bundled"] if spec and spec.origin else []
    folders += [Path(folder) for folder in [sysconfig.get_config_var("WHEEL_PKG_DIR")] if folder]
    return [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system gives back when its holder ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another first start is at work in this folder; waiting for it …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def say(line: str) -> None:
    """Tell the person at the terminal what is going on."""
    print(f"gatehouse: {line}", file=sys.stderr, flush=True)
