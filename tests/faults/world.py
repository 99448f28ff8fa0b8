"""What is true at one moment: in the database, in Slack, and by the word of those who drove the bot."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from bot.domain.audit import AuditRow
from bot.sandbox.records import Message
from bot.sandbox.workspace import Workspace
from bot.store.engine import Store
from bot.store.unit import Unit
from tests.journeys.house import exported

Json = dict[str, Any]


@dataclass
class SignUp:
    """One sign-up as the person who made it saw it."""

    client: str
    """The new client's name; no other sign-up has the same."""
    user: str
    organization: str
    """Id of the client's organization, as the export has it."""
    api: str
    plan: str
    told: str = ""
    """The first words of the answer that it is done; empty while there was none."""
    repeats: int = 0
    said: list[str] = field(default_factory=list)
    """Every other sentence that the bot answered to the last step."""


@dataclass(frozen=True)
class Provider:
    """Whose API it is: where its requests have to be seen, and who may decide them."""

    destinations: frozenset[str]
    approvers: frozenset[str]
    plans_with_approval: frozenset[str]


@dataclass
class Told:
    """What the drivers were told: sign-ups, rejections by contract, HTTP answers."""

    sign_ups: list[SignUp] = field(default_factory=list)
    rejected: set[str] = field(default_factory=set)
    """Contracts whose rejection somebody was shown as done by themselves."""
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    """Seconds of the slowest answer."""


@dataclass(frozen=True)
class Plan:
    """What the world looks like if nothing is wrong.

    Args:
        providers: by the id of the organization.
        admins: who is told of decisions about the clients of an organization, besides the requester, by its id.
        secrets: words that may stand nowhere, by what they are.
        slowest: seconds that an answer may take (RELIABILITY I9: 3; more only where the machine itself is slow).
    """

    providers: Mapping[str, Provider]
    admins: Mapping[str, frozenset[str]]
    secrets: Mapping[str, str] = field(default_factory=dict)
    slowest: float = 3.0


@dataclass
class World:
    """Everything that the invariants are about. ``notifications`` are whole rows of that table."""

    plan: Plan
    told: Told
    team: str
    bot: str
    """The bot's id, which its messages carry."""
    people: frozenset[str]
    export: Json
    notifications: list[Json]
    audit: list[AuditRow]
    heads: dict[str, tuple[int, str]]
    messages: list[Message]
    logs: str = ""
    leaks: list[str] = field(default_factory=list)
    """Sentences about secrets that were found in the database itself."""

    @property
    def contracts(self) -> dict[str, Json]:
        """The contracts of the export by their ids."""
        return {one["id"]: one for one in self.export["contracts"]}

    @property
    def client_names(self) -> dict[tuple[str, str], str]:
        """Names of clients by organization and id."""
        return {(one["organization"], one["id"]): one["name"] for one in self.export["clients"]}

    @property
    def by_delivery(self) -> dict[str, list[Message]]:
        """The bot's messages by the id of the notification each carries; those without one under an empty id."""
        found: dict[str, list[Message]] = {}
        for message in self.messages:
            found.setdefault(delivery_of(message), []).append(message)
        return found


def delivery_of(message: Message) -> str:
    """Return the id of the notification that a message carries; empty: none."""
    payload = (message.metadata or {}).get("event_payload") or {}
    return str(payload.get("delivery_id") or "")


def observe(workspace: Workspace, store: Store, plan: Plan, told: Told, logs: str = "") -> World:
    """Look at everything, in one transaction; nothing may change meanwhile."""

    def look(unit: Unit) -> tuple[list[Json], list[AuditRow], dict[str, tuple[int, str]], list[str]]:
        rows = unit.connection.execute(sa.text("SELECT * FROM notifications")).mappings()
        leaks = list(_leaks(unit.connection, plan.secrets))
        return [dict(row) for row in rows], list(unit.audit.rows()), unit.audit.heads(), leaks

    notifications, audit, heads, leaks = store.read.run(look)
    messages = [
        message
        for channel in list(workspace.channels.values())
        for message in list(channel.messages)
        if message.bot_id == workspace.bot_id
    ]
    return World(
        plan,
        told,
        workspace.team_id,
        workspace.bot_id,
        frozenset(workspace.people),
        exported(store),
        notifications,
        audit,
        heads,
        messages,
        logs,
        leaks,
    )


def _leaks(connection: sa.Connection, secrets: Mapping[str, str]) -> Iterable[str]:
    """Look for secrets in every row of every table."""
    for table in sa.inspect(connection).get_table_names():
        if connection.dialect.name == "postgresql":
            columns = "t.*::text"
        else:
            names = [column["name"] for column in sa.inspect(connection).get_columns(table)]
            columns = " || ' ' || ".join(f"coalesce(\"{name}\", '')" for name in names)
        for what, secret in secrets.items():
            query = sa.text(f"SELECT count(*) FROM {table} t WHERE {columns} LIKE :secret")  # noqa: S608 - our tables
            if connection.execute(query, {"secret": f"%{secret}%"}).scalar_one():
                yield f"the {what} stands in the table {table}"


def as_text(value: Any) -> str:
    """Return a value as JSON, to look for words in it."""
    return orjson.dumps(value, default=str).decode()
