"""The house rules as functions from source text to findings, each finding with its reason (CONTRIBUTING.md).

``tests/test_house.py`` holds them against the repository, and against bad examples to prove that they can fail.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bot", "handlers", "blocks")
Function = ast.FunctionDef | ast.AsyncFunctionDef
FILE_LINES = 400
FUNCTION_LINES = 60
UNIT = Path("bot/store/unit.py")
MIGRATIONS = Path("bot/store/migrations/versions")
"""A migration is written once and never again: it may be as long as the schema it makes."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a package may import of this repository, and why no more. The longest matching name counts."""

    name: str
    may: tuple[str, ...]
    reason: str
    never: tuple[str, ...] = ()


FLOOR = ("bot.errors", "bot.clock", "bot.durations")
ROOMS = (
    Room("bot", ("bot", "handlers", "blocks"), "wiring may see everything"),
    Room("bot.__main__", ("bot.checkout",), "it runs before anything is installed"),
    Room("bot.checkout", (), "it runs before anything is installed"),
    Room("bot.first_start", ("bot.checkout",), "it runs before anything is installed"),
    Room("bot.errors", (), "everything stands on it"),
    Room("bot.clock", (), "everything stands on it"),
    Room("bot.durations", (), "everything stands on it"),
    Room("bot.domain", ("bot.domain", "bot.errors", "bot.durations"), "rules are pure: no clock, no store, no Slack"),
    Room("bot.store", ("bot.store", "bot.domain", *FLOOR), "the store serves use cases and knows none of them"),
    Room(
        "bot.usecases",
        ("bot.usecases", "bot.store", "bot.domain", *FLOOR),
        "a use case is one transaction through Unit: no tables, no network, no Slack words",
        never=("bot.store.tables", "bot.store.engine", "bot.store.schema", "bot.store.upsert"),
    ),
    Room(
        "bot.accounts",
        ("bot.usecases", "bot.store.unit", "bot.store.engine", "bot.domain", *FLOOR),
        "the desk's part about accounts: it knows what a directory answers, and not whose directory it is",
    ),
    Room(
        "bot.desk",
        ("bot.accounts", "bot.usecases", "bot.store.unit", "bot.store.engine", "bot.domain", *FLOOR),
        "the desk shows use cases to handlers and adds only the thread they run in",
    ),
    Room(
        "bot.outbox",
        ("bot.outbox", "bot.store", "bot.domain", "bot.endings", *FLOOR),
        "the outbox carries rows; whom and what is the readers' affair",
        never=("bot.store.tables", "bot.store.engine"),
    ),
    Room(
        "bot.readers",
        ("bot.readers", "bot.gateways", "bot.store.unit", "bot.domain", "blocks", *FLOOR),
        "a reader looks the state up and draws; it decides nothing",
    ),
    Room("bot.gateways", ("bot.gateways", "bot.domain", *FLOOR), "a gateway speaks a vendor's words, not ours"),
    Room("bot.catalogs", ("bot.catalogs", "bot.domain", *FLOOR), "files are read into domain values, nothing more"),
    Room(
        "bot.samples", ("bot.samples", "bot.catalogs", "bot.domain"), "a sample is data that a catalog file could hold"
    ),
    Room("bot.sandbox", ("bot.sandbox",), "the sandbox is Slack: it knows the wire and nothing of this bot"),
    Room(
        "handlers",
        ("handlers", "blocks", "bot.desk", "bot.domain", "bot.errors"),
        "a handler reads, asks the desk and answers",
    ),
    Room("blocks", ("blocks", "bot.domain", "bot.errors"), "drawing needs the domain's values, nothing that acts"),
)

SLACK = ("slack_sdk", "slack_bolt", "starlette", "aiohttp", "uvicorn")
DATABASE = ("sqlalchemy", "alembic", "psycopg", "psycopg_pool", "sqlite3")
IO = (
    *("asyncio", "http", "io", "logging", "os", "pathlib", "random", "shutil", "socket", "sqlite3", "ssl"),
    *("subprocess", "tempfile", "threading", "time", "urllib.request", "structlog"),
)
OUTSIDE = (
    ("bot.domain", (*IO, *DATABASE, *SLACK), "the domain has no I/O and no Slack words"),
    ("bot.usecases", (*DATABASE, *SLACK), "a use case knows neither SQL nor the network"),
    ("bot.desk", (*DATABASE, *SLACK), "the desk knows neither SQL nor the network"),
    ("bot.accounts", (*DATABASE, *SLACK), "the desk knows neither SQL nor the network"),
    ("bot.catalogs", (*DATABASE, *SLACK), "catalog files know neither SQL nor the network"),
    ("bot.store", SLACK, "the store knows no Slack"),
    ("bot.sandbox", ("slack_bolt", *DATABASE), "the sandbox is Slack's side of the wire"),
    ("handlers", DATABASE, "SQL lives in bot/store and only there"),
    ("blocks", (*DATABASE, "slack_bolt", "starlette", "aiohttp", *IO), "blocks are built, not sent"),
    ("bot", DATABASE, "SQL lives in bot/store and only there"),
)
"""Which packages from outside stay out of a room, and why; the first matching room counts."""

NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc", "shared"})
TOP_LEVEL = frozenset(
    {
        *{"bot", "handlers", "blocks", "tests", "docs", ".ci", ".github"},
        *{"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"},
        *{"pyproject.toml", "requirements.lock", "manifest.yml", "Dockerfile", "compose.yaml", ".dockerignore"},
        *{".env.example", ".gitignore", ".gitattributes", ".editorconfig"},
    }
)
HIDDEN = re.compile(r"(^|/)(\.[^/]+/|__pycache__/|.*\.egg-info/)|^(build|dist)/")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
WORDS = {
    # Words that do not belong into a text, written in two pieces so that this list is not a finding itself.
    r"py" + r"pi\.org|python" + r"hosted\.org|npm" + r"js\.(?:org|com)": "no document or lock names a package index",
    r"(?<![\w.-])/ro" + r"ot/\w|/work" + r"/(?:main|shared)": "a path of one machine says nothing elsewhere",
    r"\b(?:black|white)" + r"list": "say what is allowed or refused",
    r"(?i)\blorem " + r"ipsum\b|\bfoo" + r"bar\b": "examples look like life",
}


def tracked(*patterns: str) -> list[Path]:
    """Return the repository's files relative to its root, those that git ignores left out.

    A downloaded archive has no git; then everything counts that is not in a hidden folder.
    """
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
        files = {Path(name) for name in listed if name and (ROOT / name).is_file()}
    except (OSError, subprocess.CalledProcessError):
        files = {path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()}
        files = {path for path in files if path.parts[0] == ".ci" or not HIDDEN.search(str(path))}
    return sorted(path for path in files if not patterns or any(path.match(pattern) for pattern in patterns))


def module_of(path: PurePosixPath | Path) -> str:
    """Return the dotted name of a Python file given from the root."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, source: str) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything a file imports, wherever in it."""
    package = module_of(path) if path.stem == "__init__" else module_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*up, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{name.name}") for name in node.names)


def within(module: str, rooms: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of ``rooms`` or inside it."""
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def room_of(module: str) -> Room:
    """Return the room with the longest name around a module of the three packages."""
    return max((room for room in ROOMS if within(module, (room.name,))), key=lambda room: len(room.name))


def wrong_imports(path: Path, source: str) -> Iterator[str]:
    """Find imports that the room of this file has no right to."""
    room = room_of(module_of(path))
    outside = [rule for rule in OUTSIDE if within(module_of(path), (rule[0],))][:1]
    for line, name in imported(path, source):
        if within(name, PACKAGES):
            if not within(name, room.may) or within(name, room.never):
                yield f"{path}:{line} imports {name}: {room.reason}"
        else:
            yield from (f"{path}:{line} imports {name}: {why}" for _, out, why in outside if within(name, out))


def only_standard(path: Path, source: str, standard: frozenset[str]) -> Iterator[str]:
    """Find imports from outside the standard library, for what runs before anything is installed."""
    for line, name in imported(path, source):
        if name.partition(".")[0] not in standard and not within(name, ("bot.checkout",)):
            yield f"{path}:{line} imports {name}: before the first start there is only the standard library"


def vague_name(path: Path) -> Iterator[str]:
    """Find files and folders whose name says nothing."""
    for part in path.with_suffix("").parts:
        if part in NAMES:
            yield f"{path}: '{part}' says nothing; name it after what it is about"


def too_long(path: Path, source: str) -> Iterator[str]:
    """Find files and functions that nobody reads in one go; functions inside a function count by themselves."""
    lines = source.count("\n")
    if lines > FILE_LINES:
        yield f"{path} has {lines} lines, {FILE_LINES} are allowed: give a part its own purpose and file"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            lines = _own_lines(node)
            if lines > FUNCTION_LINES:
                yield f"{path}:{node.lineno} {node.name} has {lines} lines, {FUNCTION_LINES} are allowed: split it"


def _own_lines(function: ast.AST) -> int:
    inner = [node for node in ast.walk(function) if node is not function and isinstance(node, Function)]
    return len(_lines(function) - set[int]().union(*(_lines(node) for node in inner)))


def _lines(node: ast.AST) -> set[int]:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    return set(range(first, last + 1))


def undocumented(path: Path, source: str) -> Iterator[str]:
    """Find public functions and classes without a docstring; a short method is told by its name and its class."""
    tree = ast.parse(source)
    for node in (*tree.body, *(m for c in tree.body if isinstance(c, ast.ClassDef) for m in c.body)):
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        short_method = node not in tree.body and len(node.body) <= 3
        if not ast.get_docstring(node) and not short_method:
            yield f"{path}:{node.lineno} {node.name} has no docstring: say what goes in, comes out and is raised"


def commits(path: Path, source: str) -> Iterator[str]:
    """Find calls of ``commit`` outside the one place that ends a transaction."""
    if path == UNIT:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield f"{path}:{node.lineno} commits: one use case is one transaction, and bot/store/unit.py ends it"


def unfinished(path: Path, source: str) -> Iterator[str]:
    """Find notes that something is still to be done."""
    for number, line in enumerate(source.splitlines(), 1):
        if UNFINISHED.search(line):
            yield f"{path}:{number} is unfinished: do it, or write an issue"


def unwanted_words(path: Path, source: str) -> Iterator[str]:
    """Find words that do not belong into code or documents."""
    for pattern, reason in WORDS.items():
        for found in re.finditer(pattern, source):
            line = source.count("\n", 0, found.start()) + 1
            yield f"{path}:{line} says '{found[0]}': {reason}"
