"""The ordinary bot Gatehouse's last submit is compared with (PERFORMANCE.md P4).

Bolt for Python with 29 listeners, default settings, and SQLAlchemy's asynchronous ORM, written as their documentation
shows it: one session an interaction, commit, acknowledge, then App Home. On SQLite it has what a careful author
gives it: WAL, synchronous=FULL (the default) and one connection: several fight over the lock until submits are late.

``python -m tests.bench.ordinary_bot PORT API_URL DATABASE_URL PEOPLE DRAFTS`` makes the tables with that many people,
each owner of an organization, and drafts, dealt out to them in turn; then it serves.
"""

import sys
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import uvicorn
import uvloop
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

from tests.bench import traffic

MAY_CREATE = ("Owner", "Editor", "Client Developer")


class Base(AsyncAttrs, DeclarativeBase):
    """The tables of the ordinary bot."""


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    slack_id: Mapped[str] = mapped_column(sa.String(20), unique=True)
    is_guest: Mapped[bool] = mapped_column(default=False)


class Organization(Base):
    __tablename__ = "organizations"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)


class Member(Base):
    __tablename__ = "members"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organizations.id"), primary_key=True)
    role: Mapped[str] = mapped_column(sa.String(20), primary_key=True)


class Client(Base):
    __tablename__ = "clients"
    __table_args__ = (sa.UniqueConstraint("organization_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organizations.id"))
    key: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(sa.String(80))
    description: Mapped[str] = mapped_column(sa.String(512))
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    organization: Mapped[Organization] = relationship()
    versions: Mapped[list["ClientVersion"]] = relationship()


class ClientVersion(Base):
    __tablename__ = "client_versions"
    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    version: Mapped[str] = mapped_column(sa.String(40))
    status: Mapped[str] = mapped_column(sa.String(20))


class Draft(Base):
    __tablename__ = "drafts"
    id: Mapped[str] = mapped_column(sa.String(22), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organizations.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[str] = mapped_column(sa.String(40))
    description: Mapped[str] = mapped_column(sa.String(512))
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("clients.id"))


class AuditRow(Base):
    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organizations.id"))
    what: Mapped[str] = mapped_column(sa.String(40))
    entity: Mapped[str] = mapped_column(sa.String(40))
    after: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


def open_engine(url: str) -> AsyncEngine:
    """Return the database; a SQLite file in WAL mode."""
    if url.startswith("postgresql://"):
        socket = sa.make_url(url.replace("postgresql://", "postgresql+asyncpg://", 1))
        return create_async_engine(socket)
    engine = create_async_engine(url.replace("sqlite://", "sqlite+aiosqlite://", 1), pool_size=1, max_overflow=0)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    return engine


async def seed(engine: AsyncEngine, people: int, drafts: int) -> None:
    """Make the tables and fill them."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(engine)() as session:
        for number in range(1, people + 1):
            session.add(Person(id=number, slack_id=f"U{number:04}"))
            session.add(Organization(id=number, name=f"Organization {number}"))
        await session.flush()
        session.add_all(Member(person_id=one, organization_id=one, role="Owner") for one in range(1, people + 1))
        session.add_all(_draft(number, number % people + 1) for number in range(drafts))
        await session.commit()


def _draft(number: int, owner: int) -> Draft:
    description = "Sells shoes on the web."
    return Draft(
        id=f"draft-{number:06}",
        person_id=owner,
        organization_id=owner,
        name=f"Web shop {number}",
        version="1.0",
        description=description,
    )


def ordinary(api: str, engine: AsyncEngine) -> AsyncApp:
    """Return the bot with its 29 listeners, one of which creates clients."""
    app = AsyncApp(client=AsyncWebClient("xoxb-bench", base_url=api), signing_secret=traffic.SECRET)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def listener(ack: Any) -> None:
        await ack()

    async def suggesting(ack: Any) -> None:
        await ack(options=[])

    for register, names in (
        (app.command, traffic.COMMANDS),
        (app.shortcut, traffic.SHORTCUTS),
        (app.action, traffic.ACTIONS),
        (app.view_submission, traffic.SUBMISSIONS[:3]),
        (app.view_closed, traffic.CLOSED),
        (app.event, traffic.EVENTS),
    ):
        for name in names:
            register(name)(listener)
    for name in traffic.OPTIONS:
        app.options(name)(suggesting)

    @app.view("client.summary")
    async def create(ack: Any, body: dict[str, Any], view: dict[str, Any], client: AsyncWebClient) -> None:
        user = body["user"]["id"]
        async with sessions() as session:
            person = (await session.scalars(sa.select(Person).where(Person.slack_id == user))).one()
            draft = await session.get_one(Draft, view["private_metadata"], with_for_update=True)
            if draft.person_id != person.id or person.is_guest:
                await ack(response_action="update", view=_modal("You can't do that.", []))
                return
            if draft.client_id is None:
                roles = await session.scalars(
                    sa.select(Member.role).where(
                        Member.person_id == person.id, Member.organization_id == draft.organization_id
                    )
                )
                if not set(roles) & set(MAY_CREATE):
                    await ack(response_action="update", view=_modal("You may not create clients here.", []))
                    return
                await _create(session, person, draft)
            made = await session.get_one(
                Client, draft.client_id, options=[selectinload(Client.versions), selectinload(Client.organization)]
            )
        await ack(response_action="update", view=_modal(f"{made.name} was created.", _details(made)))
        async with sessions() as session:
            await client.views_publish(user_id=user, view=await _home(session, person))

    return app


async def _create(session: Any, person: Person, draft: Draft) -> None:
    now = datetime.now(UTC)
    made = Client(
        organization_id=draft.organization_id,
        key=draft.name.replace(" ", ""),
        name=draft.name,
        description=draft.description,
        created_by=person.id,
        created_at=now,
    )
    made.versions = [ClientVersion(version=draft.version, status="Created")]
    session.add(made)
    who = {"at": now, "person_id": person.id, "organization_id": draft.organization_id, "what": "Create"}
    session.add(AuditRow(**who, entity="Client", after={"name": draft.name, "description": draft.description}))
    session.add(AuditRow(**who, entity="ClientVersion", after={"version": draft.version}))
    await session.flush()
    draft.client_id = made.id
    await session.commit()


async def _home(session: Any, person: Person) -> dict[str, Any]:
    mine = (
        sa.select(Client)
        .join(Member, Member.organization_id == Client.organization_id)
        .where(Member.person_id == person.id)
        .options(selectinload(Client.versions), selectinload(Client.organization))
        .order_by(Client.name)
        .limit(10)
    )
    blocks = [block for client in await session.scalars(mine) for block in _details(client)[:1]]
    return {"type": "home", "blocks": [_section("*My clients*"), *blocks]}


def _details(client: Client) -> list[dict[str, Any]]:
    return [
        _section(f"*{client.name}*\n{client.organization.name}"),
        *(_section(f"Version {version.version}: {version.status}") for version in client.versions),
        _section(client.description or "–"),
    ]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _modal(said: str, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "Client"}
    return {"type": "modal", "callback_id": "client.shown", "title": title, "blocks": [_section(said), *blocks]}


async def _main(port: int, api: str, url: str, people: int, drafts: int) -> None:
    engine = open_engine(url)
    await seed(engine, people, drafts)
    app = AsyncSlackRequestHandler(ordinary(api, engine))
    await uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False)).serve()


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
