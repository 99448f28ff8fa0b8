"""What protects nothing: secrets copied from an example, and files that every user of the machine may open (B27).

``serve`` refuses to start on the first of these; ``doctor`` lists them all.
"""

import os
import re
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.errors import WrongSettings
from bot.settings import EXAMPLES, Settings

SHOWN = tuple(EXAMPLES[name].split(" ")[0] for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"))
"""Our own examples of secrets, as error messages show them."""
DOCUMENTED = ("8f742231b10e8888abcd99", "the output of:")
"""How Slack's example of a signing secret begins (docs.slack.dev/authentication/verifying-requests-from-slack), and our
words about ``GATEHOUSE_SECRET_KEY``."""
PLACEHOLDER = re.compile(
    r"(xoxb-|xapp-)?(change[-_ ]?(me|it)|example|sample|secret|password|placeholder|your[-_ ].*|x{3,}.*|\.\.\.|…|<.*>)",
    re.IGNORECASE,
)
"""Words that stand where a secret belongs."""
POSIX = os.name == "posix"
"""Whether files have modes; Windows keeps lists of rights instead."""
_PASSWORD = re.compile(r"://[^:/@]*:([^/@]*)@")


def refuse(settings: Settings) -> None:
    """Let nothing be served that is open to others.

    Raises:
        WrongSettings: the first finding, which names the variable or file and says what to do.
    """
    for finding in (*copied_secrets(settings), *open_files(served_files(settings))):
        raise WrongSettings(finding)


def copied_secrets(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each variable whose secret was copied from an example; the secret is not in it."""
    named = {
        "SLACK_BOT_TOKEN": [settings.bot_token],
        "SLACK_APP_TOKEN": [settings.app_token],
        "SLACK_SIGNING_SECRET": settings.signing_secrets,
        "GATEHOUSE_SECRET_KEY": settings.secret_keys,
        "GATEHOUSE_AUTHORIZE_TOKEN": [settings.authorize_token],
    }
    for name, values in named.items():
        if any(map(_is_copied, values)):
            yield f"{name} is the value of an example: put your own there."
    if (found := _PASSWORD.search(settings.database_url)) and _is_copied(found[1]):
        yield "GATEHOUSE_DATABASE_URL has the password of an example: give that user a password of your own."


def _is_copied(value: str) -> bool:
    lowered = value.lower()
    return lowered.startswith((*map(str.lower, SHOWN), *DOCUMENTED)) or bool(PLACEHOLDER.fullmatch(value))


def served_files(settings: Settings) -> list[Path]:
    """Return the files that hold what a serving process must keep: ``.env``, the SQLite file and its log."""
    database = [settings.sqlite_path] if settings.is_sqlite else []
    return [
        Path(".env"),
        *database,
        *(path.with_name(f"{path.name}{end}") for path in database for end in ("-wal", "-shm")),
    ]


def files_beside(settings: Settings) -> list[Path]:
    """Return ``.env`` and the SQLite file with all that lies beside it under its name: backups and keys as well."""
    database = settings.sqlite_path if settings.is_sqlite else None
    return [Path(".env"), *(sorted(database.parent.glob(f"{database.name}*")) if database else [])]


def open_files(paths: Iterable[Path]) -> Iterator[str]:
    """Yield a sentence for each of these files that every user of this machine may read or change."""
    for path in paths:
        try:
            found = path.stat()
        except OSError:
            continue
        if POSIX and stat.S_ISREG(found.st_mode) and found.st_mode & (stat.S_IROTH | stat.S_IWOTH):
            yield f"{path} can be read by every user of this machine: run chmod 600 {shlex.quote(str(path))}."
