"""Table definitions. `migrations/` creates them; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)


class Instant(TypeDecorator[datetime]):
    """A timestamp in UTC with microseconds: `timestamptz` in PostgreSQL, ISO text in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a timestamp needs a time zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(32)

# A query uses a partial index when it says the same words; a value that is bound is none of them.
DUE = "status = 'scheduled'"
PINNED = "status = 'published' AND pinned"
KEY = "status = 'published' AND key"


def _partial(name: str, *columns: str, where: str) -> Index:
    """An index over some of the rows only."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


feeds = Table(
    "feeds",
    metadata,
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(16), primary_key=True),
    Column("epoch", String(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
)

blogs = Table(
    "blogs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("slug", String(100), nullable=False, unique=True),
    Column("headline", Text, nullable=False),
    Column("standfirst", Text, nullable=False),
    Column("key_developments", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("related", JSON, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("closed_at", Instant),
    Column("published_count", Integer, nullable=False),
    Column("public_seq", BigInteger, nullable=False),
    Column("newsroom_seq", BigInteger, nullable=False),
    Column("bylines", JSON, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("lead", JSON(none_as_null=True)),
    Column("closing_summary", Text, nullable=False, server_default=""),
    Column("successor", JSON(none_as_null=True)),
    Column("handover", Text, nullable=False, server_default=""),
    Column("handover_by", Text, nullable=False, server_default=""),
    Column("handover_at", Instant),
    Column("planned_end", Instant),
)

# addresses that blogs had before: newsroom/rename.py
old_slugs = Table(
    "old_slugs",
    metadata,
    Column("slug", String(100), primary_key=True),
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE"), nullable=False, index=True),
)

bylines = Table(
    "bylines",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False),
    # the name as people tell it from another one: domain/byline.name_key
    Column("name_key", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("picture", ID, ForeignKey("media.id", ondelete="SET NULL")),
    Column("url", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content", JSON, nullable=False),
    Column("author_id", String(64)),
    Column("author_name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("publish_at", Instant),
    Column("published_at", Instant),
    Column("edited_at", Instant),
    Column("retracted_at", Instant),
    Column("number", Integer),
    Column("pinned", Boolean, nullable=False),
    Column("key", Boolean, nullable=False),
    Column("public_seq", BigInteger),
    Column("newsroom_seq", BigInteger, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("note_by", Text, nullable=False, server_default=""),
    Column("corrections", JSON, nullable=False, server_default="[]"),
    Column("internal_notes", JSON, nullable=False, server_default="[]"),
    Column("moved_to", ID),
    # the changes feed: "rows with seq > N, in seq order"
    Index("ix_entries_public_seq", "blog_id", "public_seq", unique=True),
    Index("ix_entries_newsroom_seq", "blog_id", "newsroom_seq", unique=True),
    Index("ix_entries_number", "blog_id", "number", unique=True),
    _partial("ix_entries_due", "publish_at", where=DUE),
    # what a page shows beside its entries
    _partial("ix_entries_pinned", "blog_id", "number", where=PINNED),
    _partial("ix_entries_key", "blog_id", "number", where=KEY),
    # lists of the newsroom, and the counts beside them
    Index("ix_entries_listed", "blog_id", "created_at", "id"),
    Index("ix_entries_status", "blog_id", "status", "created_at", "id"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("entry_id", ID, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("content", JSON, nullable=False),
    Column("author_id", String(64)),
    Column("author_name", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("correction", Text, nullable=False, server_default=""),
    Column("hidden", Boolean, nullable=False, server_default=false()),
)

blog_revisions = Table(
    "blog_revisions",
    metadata,
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("content", JSON, nullable=False),
    Column("author_id", String(64)),
    Column("author_name", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

write_probes = Table(
    "write_probes",
    metadata,
    # one row for each process, so that none waits for another's
    Column("process", ID, primary_key=True),
    Column("filling", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("caller", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("digest", String(64), nullable=False),
    # The id of what was created, not the response: a replay must not repeat text that has been retracted since.
    Column("made", ID, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

media = Table(
    "media",
    metadata,
    Column("id", ID, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("mime", String(32), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("widths", JSON, nullable=False),
    Column("alt", Text, nullable=False),
    Column("caption", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("author_id", String(64)),
    Column("created_at", Instant, nullable=False, index=True),
    # the file that was uploaded, and how its fields of an entry begin
    Column("name", Text, nullable=False, server_default=""),
    Column("focal_x", Float),
    Column("focal_y", Float),
    Column("source_sha256", String(64), nullable=False, server_default="", index=True),
    # its texts as they are searched: text/search.py
    Column("words", Text, nullable=False, server_default=""),
    Index("ix_media_sha256", "sha256"),
)

# pictures that were removed everywhere: what is left of them
removed_pictures = Table(
    "removed_pictures",
    metadata,
    Column("id", ID, primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("source_sha256", String(64), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("by_id", String(64), nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    # whether the same file is refused when somebody uploads it again
    Column("refused", Boolean, nullable=False),
)

# readers of a blog by minute and process: store/audience.py
audience = Table(
    "audience",
    metadata,
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE"), primary_key=True),
    Column("minute", Instant, primary_key=True),
    Column("process", ID, primary_key=True),
    Column("sse", Integer, nullable=False),
    Column("websocket", Integer, nullable=False),
    Column("polling", Integer, nullable=False),
    Index("ix_audience_minute", "minute"),
)

entry_media = Table(
    "entry_media",
    metadata,
    Column("entry_id", ID, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("media_id", ID, ForeignKey("media.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_entry_media_media_id", "media_id"),
)

# published entries by topic and by their words: store/entry_index.py
entry_topics = Table(
    "entry_topics",
    metadata,
    Column("entry_id", ID, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("blog_id", ID, nullable=False),
    Column("number", Integer, nullable=False),
    Column("slug", Text, primary_key=True),
    Index("ix_entry_topics_number", "blog_id", "slug", "number"),
)

entry_words = Table(
    "entry_words",
    metadata,
    Column("entry_id", ID, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("blog_id", ID, nullable=False),
    Column("number", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Index("ix_entry_words_number", "blog_id", "number"),
)

# entries with links that were gone: store/link_checks.py
link_checks = Table(
    "link_checks",
    metadata,
    Column("entry_id", ID, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("blog_id", ID, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

# pictures of a blog's head and bylines
blog_media = Table(
    "blog_media",
    metadata,
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE"), primary_key=True),
    Column("media_id", ID, ForeignKey("media.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_blog_media_media_id", "media_id"),
)

# tabs of the console: store/presence.py
presence = Table(
    "presence",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("tab", String(64), primary_key=True),
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("entry_id", String(64), nullable=False),
    Column("since", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("taken_by", Text, nullable=False),
)

# who did what: newsroom/audit.py; lines outlive what they speak of, so no foreign keys
audit = Table(
    "audit",
    metadata,
    Column("id", ID, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by_id", String(64), nullable=False),
    Column("by_name", Text, nullable=False),
    Column("what", String(40), nullable=False),
    Column("blog_id", ID),
    Column("entry_id", ID),
    Column("about", JSON, nullable=False),
    Index("ix_audit_at", "at", "id"),
    Index("ix_audit_blog_id", "blog_id", "at", "id"),
    Index("ix_audit_by_id", "by_id", "at", "id"),
    Index("ix_audit_entry_id", "entry_id", "at", "id"),
)

# what somebody typed in the console and has not sent yet: store/drafts.py
drafts = Table(
    "drafts",
    metadata,
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE"), nullable=False),
    Column("entry_id", ID, nullable=False),
    Column("browser", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("form", Text, nullable=False),
    Column("updated_at", Instant, nullable=False, index=True),
)

users = Table(
    "users",
    metadata,
    Column("id", ID, primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("role", String(16)),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

blog_roles = Table(
    "blog_roles",
    metadata,
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("agent", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("blog_id", ID, ForeignKey("blogs.id", ondelete="CASCADE")),
    Column("author_id", String(64)),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    Column("keep", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("name"),
)
