"""The tables. Migrations build the same ones; a test proves that the two agree on SQLite and PostgreSQL.

Ids are opaque random text of 128 bits, because they travel to Slack and come back (RELIABILITY T2). ``folded`` columns
make ids unique upper and lower case alike (SPEC 1). Only this package knows of tables; rows never leave it.
"""

import sqlalchemy as sa

from bot.store.columns import flag, identity, link, moment, text

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


workspace = sa.Table(
    "workspace",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    text("team", 20),
    moment("bound_at"),
)

people = sa.Table(
    "people",
    metadata,
    identity(),
    text("team", 20),
    text("user", 20, nullable=True),
    text("email", 320, nullable=True),
    text("name", 255, default=""),
    text("tz", 64, default="UTC"),
    text("locale", 20, default="en-US"),
    text("home_team", 20, default=""),
    flag("is_guest"),
    flag("is_bot"),
    flag("is_deactivated"),
    flag("is_stranger"),
    moment("seen_at", nullable=True),
    sa.UniqueConstraint("team", "user"),
    sa.UniqueConstraint("team", "email", name="uq_people_email"),
)

organizations = sa.Table(
    "organizations",
    metadata,
    identity(),
    text("team", 20),
    text("key", 255),
    text("folded", 255),
    text("name", 80),
    text("sort_name", 255),
    text("description", 512, default=""),
    text("approval_channel", 20, nullable=True),
    sa.Column("approvals", sa.JSON, nullable=True),
    link("people.id", "personal_of", nullable=True),
    moment("created_at"),
    sa.UniqueConstraint("team", "folded"),
    sa.UniqueConstraint("personal_of", name="uq_organizations_personal_of"),
    sa.Index("ix_organizations_sort_name", "team", "sort_name", "id"),
)

members = sa.Table(
    "members",
    metadata,
    sa.Column("organization_id", sa.String(22), sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("person_id", sa.String(22), sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("role", sa.String(20), primary_key=True),
    # A copy of the organization's immutable sort_name: with it the choices of somebody in 10,000 organizations come
    # out of one index in order.
    text("sort_name", 255),
    sa.Index("ix_members_person_id", "person_id", "sort_name", "organization_id", "role"),
)

organization_uses = sa.Table(
    "organization_uses",
    metadata,
    sa.Column("person_id", sa.String(22), sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("organization_id", sa.String(22), sa.ForeignKey("organizations.id"), primary_key=True),
    moment("used_at"),
    sa.Index("ix_organization_uses_used_at", "person_id", "used_at"),
)

plans = sa.Table(
    "plans",
    metadata,
    identity(),
    link("organizations.id", "organization_id"),
    text("key", 255),
    text("folded", 255),
    text("name", 80),
    sa.UniqueConstraint("organization_id", "folded"),
)

plan_versions = sa.Table(
    "plan_versions",
    metadata,
    identity(),
    link("plans.id", "plan_id"),
    text("version", 40),
    text("description", 512, default=""),
    flag("locked"),
    sa.UniqueConstraint("plan_id", "version"),
)

apis = sa.Table(
    "apis",
    metadata,
    identity(),
    link("organizations.id", "organization_id"),
    text("key", 255),
    text("folded", 255),
    text("name", 80),
    sa.UniqueConstraint("organization_id", "folded"),
)

api_versions = sa.Table(
    "api_versions",
    metadata,
    identity(),
    link("apis.id", "api_id"),
    text("version", 40),
    text("status", 20),
    text("visibility", 20),
    text("description", 512, default=""),
    text("endpoint", 3000, default=""),
    text("documentation", 3000, default=""),
    sa.Column("tags", sa.JSON, nullable=False),
    text("terms_url", 3000, default=""),
    text("terms_version", 40, default=""),
    sa.UniqueConstraint("api_id", "version"),
)

offers = sa.Table(
    "offers",
    metadata,
    identity(),
    link("api_versions.id", "api_version_id"),
    link("plan_versions.id", "plan_version_id"),
    flag("requires_approval"),
    sa.Column("position", sa.Integer, nullable=False),
    sa.UniqueConstraint("api_version_id", "plan_version_id"),
)

clients = sa.Table(
    "clients",
    metadata,
    identity(),
    link("organizations.id", "organization_id"),
    text("key", 255),
    text("folded", 255),
    text("name", 80),
    text("sort_name", 255),
    text("description", 512, default=""),
    moment("created_at"),
    link("people.id", "created_by", nullable=True),
    sa.UniqueConstraint("organization_id", "folded"),
    sa.Index("ix_clients_sort_name", "organization_id", "sort_name", "id"),
)

client_versions = sa.Table(
    "client_versions",
    metadata,
    identity(),
    link("clients.id", "client_id"),
    text("version", 40),
    text("status", 20),
    moment("created_at"),
    link("people.id", "created_by", nullable=True),
    sa.UniqueConstraint("client_id", "version"),
)

drafts = sa.Table(
    "drafts",
    metadata,
    identity(),
    link("people.id", "person_id"),
    text("kind", 20),
    sa.Column("entries", sa.JSON, nullable=False),
    # Offered again at the next start, until it is finished or put aside with "Start over".
    flag("set_aside"),
    # What the wizard made: the same submit arriving twice finds it here (SPEC 2.6).
    link("clients.id", "client_id", nullable=True),
    link("contracts.id", "contract_id", nullable=True),
    moment("updated_at"),
    sa.Index("ix_drafts_person_id", "person_id", "kind", "updated_at"),
    sa.Index("ix_drafts_updated_at", "updated_at"),
)

LIVE = "status IN ('AwaitingApproval', 'Active')"
WAITING = "status = 'AwaitingApproval'"
ASKS = "due_at IS NOT NULL AND kind IN ('request', 'burst')"
IN_LINE = "kind = 'request' AND state = 'pending' AND ts IS NULL AND card_id IS NULL"

contracts = sa.Table(
    "contracts",
    metadata,
    identity(),
    link("client_versions.id", "client_version_id"),
    link("api_versions.id", "api_version_id"),
    link("plan_versions.id", "plan_version_id"),
    # The organization of API and plan, whose approvers decide: their queue is read by it.
    link("organizations.id", "organization_id"),
    text("status", 20),
    # Grows with every change that shows: a copy in Slack that shows an older one is drawn again.
    sa.Column("revision", sa.Integer, nullable=False),
    text("reason", 1000, default=""),
    text("terms_url", 3000, default=""),
    text("terms_version", 40, default=""),
    moment("terms_accepted_at", nullable=True),
    link("people.id", "requested_by"),
    moment("requested_at"),
    moment("expires_at", nullable=True),
    link("people.id", "decided_by", nullable=True),
    moment("decided_at", nullable=True),
    text("decision_reason", 1000, default=""),
    # The schedule of a waiting request is these rows and nothing else (SPEC 6).
    moment("remind_at", nullable=True),
    sa.Column("reminders", sa.Integer, nullable=False, server_default="0"),
    moment("escalate_at", nullable=True),
    sa.Column("escalation", sa.Integer, nullable=False, server_default="0"),
    sa.Column("unreachable", sa.Boolean, nullable=False, server_default=sa.false()),
    link("people.id", "claimed_by", nullable=True),
    moment("claimed_until", nullable=True),
    link("people.id", "asked_by", nullable=True),
    text("question", 1000, default="", server_default=""),
    sa.Column("history", sa.JSON, nullable=False, server_default="[]"),
    sa.Index("ix_contracts_client_version_id", "client_version_id"),
    *(
        sa.Index(f"ix_contracts_{column}", column, sqlite_where=sa.text(WAITING), postgresql_where=sa.text(WAITING))
        for column in ("remind_at", "escalate_at", "expires_at")
    ),
    # One live contract of a client version with an API version, whatever the plan (SPEC 4.4).
    sa.Index(
        "uq_contracts_live",
        "client_version_id",
        "api_version_id",
        unique=True,
        sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    ),
    sa.Index(
        "ix_contracts_waiting",
        "organization_id",
        "requested_at",
        "id",
        sqlite_where=sa.text(WAITING),
        postgresql_where=sa.text(WAITING),
    ),
)

notifications = sa.Table(
    "notifications",
    metadata,
    # One message that Slack should show: what it wants to show, what it shows, and what is still to be done.
    identity(),
    link("contracts.id", "contract_id"),
    text("kind", 20),
    # Which one of its kind: reminders, questions and answers come again and again.
    sa.Column("number", sa.Integer, nullable=False, server_default="0"),
    # The copy in whose thread it stands, if it stands in one.
    link("notifications.id", "parent_id", nullable=True),
    # The burst card that stands for it, if it has no message of its own.
    link("notifications.id", "card_id", nullable=True),
    text("destination_type", 10),
    text("destination", 20),
    text("state", 10),
    sa.Column("wanted", sa.Integer, nullable=False),
    sa.Column("shown", sa.Integer, nullable=False),
    # When there is something to do; null when there is nothing.
    moment("due_at", nullable=True),
    moment("lease_until", nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    # Set before a post and cleared by its outcome: after a crash nobody knows whether it happened.
    moment("posting_since", nullable=True),
    text("last_error", 200, default=""),
    text("channel", 20, nullable=True),
    text("ts", 30, nullable=True),
    moment("created_at"),
    sa.UniqueConstraint("contract_id", "kind", "destination", "number"),
    sa.Index("ix_notifications_destination", "destination", "kind", "created_at"),
    sa.Index(
        "ix_notifications_due_at",
        "due_at",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    ),
    sa.Index("ix_notifications_asks", "due_at", sqlite_where=sa.text(ASKS), postgresql_where=sa.text(ASKS)),
    sa.Index(
        "ix_notifications_card_id",
        "card_id",
        "created_at",
        sqlite_where=sa.text("card_id IS NOT NULL"),
        postgresql_where=sa.text("card_id IS NOT NULL"),
    ),
    sa.Index(
        "ix_notifications_line",
        "destination",
        "created_at",
        sqlite_where=sa.text(IN_LINE),
        postgresql_where=sa.text(IN_LINE),
    ),
)

turns = sa.Table(
    "turns",
    metadata,
    # When the next message may go to a channel or a person, whichever process sends it; and Slack's pauses.
    text("destination", 20, primary_key=True),
    text("method", 10, primary_key=True),
    moment("free_at"),
    moment("promised_until"),
    sa.Index("ix_turns_free_at", "free_at"),
    sqlite_with_rowid=False,
)

audit = sa.Table(
    "audit",
    metadata,
    # One chain an organization: writers of different organizations don't wait for each other.
    sa.Column("scope", sa.String(22), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    moment("at"),
    text("actor_team", 20),
    text("actor_user", 20),
    text("actor_kind", 20),
    text("what", 40),
    text("entity", 40),
    text("entity_key", 600),
    sa.Column("before", sa.JSON, nullable=True),
    sa.Column("after", sa.JSON, nullable=True),
    text("previous_hash", 64),
    text("hash", 64),
    sa.Index("ix_audit_at", "at"),
)

audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("scope", sa.String(22), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    text("hash", 64),
)

seen = sa.Table(
    "seen",
    metadata,
    # What came from Slack before, as a hash: signatures and event ids, until nobody can send them again.
    sa.Column("key", sa.String(32), primary_key=True),
    moment("until"),
    sa.Index("ix_seen_until", "until"),
    sqlite_with_rowid=False,
)
