"""A working copy of the repository, and what its ``.venv`` holds. Standard library only, and quick to import."""

from __future__ import annotations  # an old Python must get as far as its sentence

import hashlib
from pathlib import Path

USED = ["postgres"]
"""The extras that every command may need."""
TESTED = ["browser", "postgres", "test"]
"""The extras of ``test``."""


class Checkout:
    """The folder ``root`` with its ``requirements.lock``, ``pyproject.toml`` and perhaps ``.venv``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = root / "requirements.lock"
        self.project = root / "pyproject.toml"
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.stamp = self.venv / "gatehouse-installed"

    def fingerprint(self) -> str:
        """Return a hash of everything that decides what is to be installed, and for which Python."""
        python = str(self.python.resolve()).encode()
        return hashlib.sha256(b"\0".join((self.lock.read_bytes(), self.project.read_bytes(), python))).hexdigest()

    def installed(self) -> list[str]:
        """Return the extras that ``.venv`` holds just as the lock wants them; none if it is missing or out of date."""
        if not self.stamp.exists() or not self.python.exists():
            return []
        mark, *extras = self.stamp.read_text(encoding="utf-8").split() or [""]
        return extras if mark == self.fingerprint() else []

    def remember(self, extras: list[str]) -> None:
        """Note that ``.venv`` now holds ``extras`` just as the lock wants them."""
        replace_text(self.stamp, " ".join([self.fingerprint(), *extras]))


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    whole = path.with_name(path.name + ".new")
    whole.write_text(text, encoding="utf-8")
    whole.replace(path)


def extras_for(arguments: list[str]) -> list[str]:
    """Return the extras that a command line needs."""
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    return TESTED if command == "test" else USED
