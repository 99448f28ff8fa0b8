"""The schedule of waiting requests: reminders, escalation, claims, and the talk about changes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WAITING = sa.text("status = 'AwaitingApproval'")
SCHEDULED = ("remind_at", "escalate_at", "expires_at")


def upgrade() -> None:
    with op.batch_alter_table("contracts") as contracts:
        contracts.add_column(sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
        contracts.add_column(sa.Column("reminders", sa.Integer(), nullable=False, server_default="0"))
        contracts.add_column(sa.Column("escalate_at", sa.DateTime(timezone=True), nullable=True))
        contracts.add_column(sa.Column("escalation", sa.Integer(), nullable=False, server_default="0"))
        contracts.add_column(sa.Column("claimed_by", sa.String(22), nullable=True))
        contracts.add_column(sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
        contracts.add_column(sa.Column("asked_by", sa.String(22), nullable=True))
        contracts.add_column(sa.Column("question", sa.String(1000), nullable=False, server_default=""))
        contracts.add_column(sa.Column("history", sa.JSON(), nullable=False, server_default="[]"))
        contracts.create_foreign_key("fk_contracts_claimed_by", "people", ["claimed_by"], ["id"])
        contracts.create_foreign_key("fk_contracts_asked_by", "people", ["asked_by"], ["id"])
        for column in SCHEDULED:
            contracts.create_index(f"ix_contracts_{column}", [column], sqlite_where=WAITING, postgresql_where=WAITING)
    with op.batch_alter_table("notifications") as notifications:
        notifications.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
        notifications.add_column(sa.Column("parent_id", sa.String(22), nullable=True))
        notifications.create_foreign_key("fk_notifications_parent_id", "notifications", ["parent_id"], ["id"])
        notifications.drop_constraint("uq_notifications_contract_id", type_="unique")
        notifications.create_unique_constraint(
            "uq_notifications_contract_id", ["contract_id", "kind", "destination", "number"]
        )
        notifications.create_index("ix_notifications_destination", ["destination", "kind", "created_at"])


def downgrade() -> None:
    with op.batch_alter_table("notifications") as notifications:
        notifications.drop_index("ix_notifications_destination")
        notifications.drop_constraint("uq_notifications_contract_id", type_="unique")
        notifications.create_unique_constraint("uq_notifications_contract_id", ["contract_id", "kind", "destination"])
        notifications.drop_column("parent_id")
        notifications.drop_column("number")
    with op.batch_alter_table("contracts") as contracts:
        for column in SCHEDULED:
            contracts.drop_index(f"ix_contracts_{column}")
        for column in (
            "history",
            "question",
            "asked_by",
            "claimed_until",
            "claimed_by",
            "escalation",
            "escalate_at",
            "reminders",
            "remind_at",
        ):
            contracts.drop_column(column)
