"""The tables of the search index: what can be found, and the words that lead to it."""

import sqlalchemy as sa

from bot.store.columns import ascii_text, link, text
from bot.store.tables import metadata

search_entries = sa.Table(
    "search_entries",
    metadata,
    # What can be found: an API as it shows to some readers, or an organization.
    sa.Column("id", sa.Integer, primary_key=True),
    ascii_text("shelf", 22),
    text("subject_id", 22),
    text("version_id", 22, default=""),
    link("organizations.id", "organization_id"),
    ascii_text("sort_name", 255),
    ascii_text("then_by", 255),
    sa.UniqueConstraint("subject_id", "shelf", "version_id"),
)

search_words = sa.Table(
    "search_words",
    metadata,
    # Who may look comes first, so that visibility bounds the work instead of adding to it.
    ascii_text("shelf", 22, primary_key=True),
    sa.Column("field", sa.SmallInteger, primary_key=True, autoincrement=False),
    ascii_text("word", 100, primary_key=True),
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("search_entries.id"), primary_key=True, autoincrement=False),
    sa.Index("ix_search_words_entry_id", "entry_id", "word"),
    sqlite_with_rowid=False,
)

search_vocabulary = sa.Table(
    "search_vocabulary",
    metadata,
    ascii_text("shelf", 22, primary_key=True),
    ascii_text("word", 40, primary_key=True),
    sqlite_with_rowid=False,
)

search_parts = sa.Table(
    "search_parts",
    metadata,
    # How each word goes on from its second, third, … letter: finds it by its middle.
    ascii_text("shelf", 22, primary_key=True),
    ascii_text("part", 40, primary_key=True),
    ascii_text("word", 40, primary_key=True),
    sqlite_with_rowid=False,
)

search_typos = sa.Table(
    "search_typos",
    metadata,
    # The beginnings of each word with one letter left out: finds it in spite of one typo.
    ascii_text("shelf", 22, primary_key=True),
    ascii_text("variant", 10, primary_key=True),
    ascii_text("word", 40, primary_key=True),
    sqlite_with_rowid=False,
)
