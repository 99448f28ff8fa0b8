"""Turns of a conversation for all processes, and one card for many requests that come at once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GATHERED = sa.text("card_id IS NOT NULL")
ASKS = sa.text("due_at IS NOT NULL AND kind IN ('request', 'burst')")
IN_LINE = sa.text("kind = 'request' AND state = 'pending' AND ts IS NULL AND card_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("destination", sa.String(20), primary_key=True),
        sa.Column("method", sa.String(10), primary_key=True),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_until", sa.DateTime(timezone=True), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_turns_free_at", "turns", ["free_at"])
    with op.batch_alter_table("notifications") as notifications:
        notifications.add_column(sa.Column("card_id", sa.String(22), nullable=True))
        notifications.create_foreign_key("fk_notifications_card_id", "notifications", ["card_id"], ["id"])
        notifications.create_index(
            "ix_notifications_card_id", ["card_id", "created_at"], sqlite_where=GATHERED, postgresql_where=GATHERED
        )
        notifications.create_index("ix_notifications_asks", ["due_at"], sqlite_where=ASKS, postgresql_where=ASKS)
        notifications.create_index(
            "ix_notifications_line", ["destination", "created_at"], sqlite_where=IN_LINE, postgresql_where=IN_LINE
        )


def downgrade() -> None:
    with op.batch_alter_table("notifications") as notifications:
        notifications.drop_index("ix_notifications_line")
        notifications.drop_index("ix_notifications_asks")
        notifications.drop_index("ix_notifications_card_id")
        notifications.drop_column("card_id")
    op.drop_table("turns")
