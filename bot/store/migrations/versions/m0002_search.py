"""What can be found, with its words; everything that is there already is indexed."""

import sqlalchemy as sa
from alembic import op

from bot.store.search_index import SearchIndex

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shelf", _ascii(22), nullable=False),
        sa.Column("subject_id", sa.String(length=22), nullable=False),
        sa.Column("version_id", sa.String(length=22), nullable=False),
        sa.Column("organization_id", sa.String(length=22), nullable=False),
        sa.Column("sort_name", _ascii(255), nullable=False),
        sa.Column("then_by", _ascii(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_search_entries_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entries")),
        sa.UniqueConstraint("subject_id", "shelf", "version_id", name=op.f("uq_search_entries_subject_id")),
    )
    op.create_table(
        "search_words",
        sa.Column("shelf", _ascii(22), nullable=False),
        sa.Column("field", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("word", _ascii(100), nullable=False),
        sa.Column("entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["search_entries.id"], name=op.f("fk_search_words_entry_id")),
        sa.PrimaryKeyConstraint("shelf", "field", "word", "entry_id", name=op.f("pk_search_words")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_words_entry_id", "search_words", ["entry_id", "word"])
    op.create_table(
        "search_vocabulary",
        sa.Column("shelf", _ascii(22), nullable=False),
        sa.Column("word", _ascii(40), nullable=False),
        sa.PrimaryKeyConstraint("shelf", "word", name=op.f("pk_search_vocabulary")),
        sqlite_with_rowid=False,
    )
    for table, column, length in (("search_parts", "part", 40), ("search_typos", "variant", 10)):
        op.create_table(
            table,
            sa.Column("shelf", _ascii(22), nullable=False),
            sa.Column(column, _ascii(length), nullable=False),
            sa.Column("word", _ascii(40), nullable=False),
            sa.PrimaryKeyConstraint("shelf", column, "word", name=op.f(f"pk_{table}")),
            sqlite_with_rowid=False,
        )
    SearchIndex(op.get_bind()).index_all()


def _ascii(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def downgrade() -> None:
    for table in ("search_typos", "search_parts", "search_vocabulary", "search_words", "search_entries"):
        op.drop_table(table)
