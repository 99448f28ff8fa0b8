"""Where something stands in a file, and what is wrong there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.errors import CatalogError

Place = tuple[str | int, ...]
"""Keys and list indexes from the top of a file down to an entry: ``("organizations", 0, "apis", 3)``."""

VALUES = 5_000_000
"""Values in one file, each alias counted as what it stands for; ours, several times what 64 MiB of catalog hold."""
SHOWN = 200
"""Problems that are printed at most; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to change. ``line`` and ``column`` count from 1; 0 where there is none."""

    file: str
    line: int
    sentence: str
    column: int = 0

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{where}: {self.sentence}"


class Problems(CatalogError):
    """All that is wrong with some files, a line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"… and {len(self.problems) - SHOWN:,} more.")
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Marks:
    """The lines of a file: of each key with its value, and of each item of a list."""

    lines: Mapping[Place, int] = field(default_factory=dict)
    written: Mapping[Place, str] = field(default_factory=dict)
    """Numbers, dates and the like as they were written, where that may differ from what was meant."""
    twice: tuple[tuple[Place, int, int], ...] = ()
    """Keys that stand twice in one mapping: the place, the line and the line of the first."""

    def line(self, place: Place) -> int:
        """Return the line of ``place``, or of the nearest thing around it."""
        for length in range(len(place), -1, -1):
            if found := self.lines.get(place[:length]):
                return found
        return 1
