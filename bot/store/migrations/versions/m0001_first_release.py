"""Everything of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("scope", sa.String(length=22), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_team", sa.String(length=20), nullable=False),
        sa.Column("actor_user", sa.String(length=20), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("entity", sa.String(length=40), nullable=False),
        sa.Column("entity_key", sa.String(length=600), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("scope", "number", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_at", ["at"], unique=False)

    op.create_table(
        "audit_heads",
        sa.Column("scope", sa.String(length=22), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("team", sa.String(length=20), nullable=False),
        sa.Column("user", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("tz", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("home_team", sa.String(length=20), nullable=False),
        sa.Column("is_guest", sa.Boolean(), nullable=False),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.Column("is_deactivated", sa.Boolean(), nullable=False),
        sa.Column("is_stranger", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("team", "email", name="uq_people_email"),
        sa.UniqueConstraint("team", "user", name=op.f("uq_people_team")),
    )
    op.create_table(
        "workspace",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("team", sa.String(length=20), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("team", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("folded", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("sort_name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=512), nullable=False),
        sa.Column("approval_channel", sa.String(length=20), nullable=True),
        sa.Column("approvals", sa.JSON(), nullable=True),
        sa.Column("personal_of", sa.String(length=22), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["personal_of"], ["people.id"], name=op.f("fk_organizations_personal_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("personal_of", name="uq_organizations_personal_of"),
        sa.UniqueConstraint("team", "folded", name=op.f("uq_organizations_team")),
    )
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.create_index("ix_organizations_sort_name", ["team", "sort_name", "id"], unique=False)

    op.create_table(
        "apis",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("organization_id", sa.String(length=22), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("folded", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_apis_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apis")),
        sa.UniqueConstraint("organization_id", "folded", name=op.f("uq_apis_organization_id")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("organization_id", sa.String(length=22), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("folded", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("sort_name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=512), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=22), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_clients_created_by")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_clients_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("organization_id", "folded", name=op.f("uq_clients_organization_id")),
    )
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.create_index("ix_clients_sort_name", ["organization_id", "sort_name", "id"], unique=False)

    op.create_table(
        "members",
        sa.Column("organization_id", sa.String(length=22), nullable=False),
        sa.Column("person_id", sa.String(length=22), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("sort_name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_members_organization_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_members_person_id")),
        sa.PrimaryKeyConstraint("organization_id", "person_id", "role", name=op.f("pk_members")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(
            "ix_members_person_id", ["person_id", "sort_name", "organization_id", "role"], unique=False
        )

    op.create_table(
        "organization_uses",
        sa.Column("person_id", sa.String(length=22), nullable=False),
        sa.Column("organization_id", sa.String(length=22), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_organization_uses_organization_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_organization_uses_person_id")),
        sa.PrimaryKeyConstraint("person_id", "organization_id", name=op.f("pk_organization_uses")),
    )
    with op.batch_alter_table("organization_uses", schema=None) as batch_op:
        batch_op.create_index("ix_organization_uses_used_at", ["person_id", "used_at"], unique=False)

    op.create_table(
        "plans",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("organization_id", sa.String(length=22), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("folded", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_plans_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("organization_id", "folded", name=op.f("uq_plans_organization_id")),
    )
    op.create_table(
        "api_versions",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("api_id", sa.String(length=22), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("visibility", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=512), nullable=False),
        sa.Column("endpoint", sa.String(length=3000), nullable=False),
        sa.Column("documentation", sa.String(length=3000), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("terms_url", sa.String(length=3000), nullable=False),
        sa.Column("terms_version", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["api_id"], ["apis.id"], name=op.f("fk_api_versions_api_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_versions")),
        sa.UniqueConstraint("api_id", "version", name=op.f("uq_api_versions_api_id")),
    )
    op.create_table(
        "client_versions",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("client_id", sa.String(length=22), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=22), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_versions_client_id")),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_client_versions_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_versions")),
        sa.UniqueConstraint("client_id", "version", name=op.f("uq_client_versions_client_id")),
    )
    op.create_table(
        "plan_versions",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("plan_id", sa.String(length=22), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=512), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_versions_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_versions")),
        sa.UniqueConstraint("plan_id", "version", name=op.f("uq_plan_versions_plan_id")),
    )
    op.create_table(
        "contracts",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("client_version_id", sa.String(length=22), nullable=False),
        sa.Column("api_version_id", sa.String(length=22), nullable=False),
        sa.Column("plan_version_id", sa.String(length=22), nullable=False),
        sa.Column("organization_id", sa.String(length=22), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("terms_url", sa.String(length=3000), nullable=False),
        sa.Column("terms_version", sa.String(length=40), nullable=False),
        sa.Column("terms_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_by", sa.String(length=22), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=22), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["api_version_id"], ["api_versions.id"], name=op.f("fk_contracts_api_version_id")),
        sa.ForeignKeyConstraint(
            ["client_version_id"], ["client_versions.id"], name=op.f("fk_contracts_client_version_id")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_contracts_decided_by")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_contracts_organization_id")),
        sa.ForeignKeyConstraint(["plan_version_id"], ["plan_versions.id"], name=op.f("fk_contracts_plan_version_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["people.id"], name=op.f("fk_contracts_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
    )
    with op.batch_alter_table("contracts", schema=None) as batch_op:
        batch_op.create_index("ix_contracts_client_version_id", ["client_version_id"], unique=False)
        batch_op.create_index(
            "ix_contracts_waiting",
            ["organization_id", "requested_at", "id"],
            unique=False,
            sqlite_where=sa.text("status = 'AwaitingApproval'"),
            postgresql_where=sa.text("status = 'AwaitingApproval'"),
        )
        batch_op.create_index(
            "uq_contracts_live",
            ["client_version_id", "api_version_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('AwaitingApproval', 'Active')"),
            postgresql_where=sa.text("status IN ('AwaitingApproval', 'Active')"),
        )

    op.create_table(
        "offers",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("api_version_id", sa.String(length=22), nullable=False),
        sa.Column("plan_version_id", sa.String(length=22), nullable=False),
        sa.Column("requires_approval", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["api_version_id"], ["api_versions.id"], name=op.f("fk_offers_api_version_id")),
        sa.ForeignKeyConstraint(["plan_version_id"], ["plan_versions.id"], name=op.f("fk_offers_plan_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint("api_version_id", "plan_version_id", name=op.f("uq_offers_api_version_id")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("person_id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("set_aside", sa.Boolean(), nullable=False),
        sa.Column("client_id", sa.String(length=22), nullable=True),
        sa.Column("contract_id", sa.String(length=22), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_drafts_client_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_drafts_contract_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_drafts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.create_index("ix_drafts_person_id", ["person_id", "kind", "updated_at"], unique=False)
        batch_op.create_index("ix_drafts_updated_at", ["updated_at"], unique=False)

    op.create_table(
        "notifications",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("contract_id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("destination_type", sa.String(length=10), nullable=False),
        sa.Column("destination", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("posting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("ts", sa.String(length=30), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_notifications_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("contract_id", "kind", "destination", name=op.f("uq_notifications_contract_id")),
    )
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notifications_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_notifications_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.drop_table("notifications")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_index("ix_drafts_updated_at")
        batch_op.drop_index("ix_drafts_person_id")

    op.drop_table("drafts")
    op.drop_table("offers")
    with op.batch_alter_table("contracts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_contracts_live",
            sqlite_where=sa.text("status IN ('AwaitingApproval', 'Active')"),
            postgresql_where=sa.text("status IN ('AwaitingApproval', 'Active')"),
        )
        batch_op.drop_index(
            "ix_contracts_waiting",
            sqlite_where=sa.text("status = 'AwaitingApproval'"),
            postgresql_where=sa.text("status = 'AwaitingApproval'"),
        )
        batch_op.drop_index("ix_contracts_client_version_id")

    op.drop_table("contracts")
    op.drop_table("plan_versions")
    op.drop_table("client_versions")
    op.drop_table("api_versions")
    op.drop_table("plans")
    with op.batch_alter_table("organization_uses", schema=None) as batch_op:
        batch_op.drop_index("ix_organization_uses_used_at")

    op.drop_table("organization_uses")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index("ix_members_person_id")

    op.drop_table("members")
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.drop_index("ix_clients_sort_name")

    op.drop_table("clients")
    op.drop_table("apis")
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.drop_index("ix_organizations_sort_name")

    op.drop_table("organizations")
    op.drop_table("workspace")
    op.drop_table("people")
    op.drop_table("audit_heads")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_at")

    op.drop_table("audit")
