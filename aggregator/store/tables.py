"""The tables, as SQLAlchemy Core sees them. Migrations bring a database to this shape; nothing here touches one."""

from __future__ import annotations

from collections.abc import Callable
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
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)
# SQLite counts rows only in a column that is exactly INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")
# On SQLite, `sqlite_with_rowid=False` keeps small rows in their key: else the key is written twice.


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite keeps no zone, so the zone is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Refuse a naive datetime: it would mean another moment on another machine."""
        if value is None:
            return None
        if value.tzinfo is UTC:
            return value
        if value.tzinfo is None:
            msg = f"a naive datetime cannot be kept: {value!r}"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """On SQLite the text that SQLAlchemy would write, in a third of the time."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)

        def write(value: datetime | None) -> str | None:
            moment: datetime | None = self.process_bind_param(value, dialect)
            return moment.isoformat(" ", "microseconds")[:-6] if moment else None  # it is UTC: without "+00:00"

        return write

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back what was kept, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _only(name: str, column: str, *, where: str) -> Index:
    """An index of those few rows alone.

    Of PostgreSQL's, the migration says so: here its word would import all of its drivers, 3 MB of every process.
    """
    return Index(name, column, sqlite_where=text(where))


source_state = Table(
    "source_state",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("url", Text, nullable=False),  # as sources.toml had it: another one starts afresh
    Column("kind", Text),  # likewise; null where it was not noted yet
    Column("found_url", Text),  # where discovery found the feed
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_digest", Text),
    Column("place", JSON),  # how far the collector of another kind than feeds has read; opaque to all others
    Column("shown", JSON),  # what it showed last and how it wishes to be asked: see habits.py
    Column("moved_to", Text),  # where permanent redirects lead, and since when
    Column("moved_at", Moment),
    Column("stopped", Boolean, nullable=False, server_default=text("false")),  # it said that it is gone for good
    Column("live_at", Moment),  # when it was last known to push, or null
    Column("push_problem", Text),
    Column("due_at", Moment, nullable=False, index=True),
    Column("tried_at", Moment),
    Column("collected_at", Moment),
    Column("arrived_at", Moment),  # when something new last came
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("problem", Text),
    Column("problem_at", Moment),
)

sighting = Table(
    "sighting",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("entry_key", Text, primary_key=True),
    Column("item_id", Text, ForeignKey("item.id", ondelete="CASCADE"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("url_key", Text),
    Column("alike_key", Text, nullable=False),
    Column("title_key", Text, nullable=False),
    Column("dated", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),  # when it was first seen as it is
    Column("missing_at", Moment),  # since when it is missing from the middle of its feed
    # Only what is missing is asked for by its item. A source's own are found by the key, or looked through.
    _only("ix_sighting_item_id", "item_id", where="missing_at IS NOT NULL"),
    sqlite_with_rowid=False,
)

item = Table(
    "item",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source_id", Text, nullable=False, index=True),
    Column("partner_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),  # why it waits, or which rule or editor decided
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("entry_id", Text, nullable=False),
    Column("url", Text),
    Column("title", Text),
    Column("summary", Text, nullable=False),
    Column("content_html", Text, nullable=False),
    Column("content_text", Text, nullable=False),
    Column("search_text", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("language", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("language_evidence", Text, nullable=False),
    Column("picture_url", Text),  # where the source keeps its picture
    Column("image", Text),  # the widest of our copies: the file's name; the three columns below are of it
    Column("image_alt", Text),
    Column("image_width", Integer),
    Column("image_height", Integer),
    Column("image_colour", Text),
    Column("images", JSON),  # all our copies, name, width and height of each, the widest last
    Column("published_at", Moment, nullable=False),
    Column("modified_at", Moment),
    Column("collected_at", Moment, nullable=False),
    Column("story", Text, nullable=False, index=True),
    Column("pinned_at", Moment),
    Column("publish_at", Moment),
    Column("stream_at", Moment, nullable=False),  # the place in the stream; never moves once public
    Column("public_at", Moment),  # when it first became public
    Column("decided_by", Text),
    Column("decided_at", Moment),
    Column("overlay", JSON, nullable=False),  # what an editor changed
    Column("original", JSON, nullable=False),  # what the source said where an editor changed it
    Column("translations", JSON, nullable=False),
    Column("about", JSON),  # what only some kinds of source say: card, quote, who passed it on, warning, place
    Column("starts_at", Moment),  # an event's
    Column("ends_at", Moment),
    Column("checked_at", Moment),  # when its source was last asked whether it still shows it
    Column("gone_at", Moment),  # when its source first said that it does not
    Index("ix_item_state_stream_at_id", "state", "stream_at", "id"),
    Index("ix_item_state_collected_at_id", "state", "collected_at", "id"),
    _only("ix_item_ends_at", "ends_at", where="ends_at IS NOT NULL"),
    _only("ix_item_pinned_at", "pinned_at", where="pinned_at IS NOT NULL"),
)

item_tag = Table(
    "item_tag",
    metadata,
    Column("item_id", Text, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("evidence", Text, nullable=False, server_default=text("''")),
    Index("ix_item_tag_tag", "tag"),
    sqlite_with_rowid=False,
)

story_key = Table(
    "story_key",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),  # as refine/evidence.py has it
    Column("item_id", Text, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

story_hand = Table(  # what editors decided of two items; one < other
    "story_hand",
    metadata,
    Column("one", Text, primary_key=True),
    Column("other", Text, primary_key=True, index=True),
    Column("is_same", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

revision = Table(
    "revision",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("item_id", Text, ForeignKey("item.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("was", JSON, nullable=False),
)

subscription = Table(
    "subscription",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("callback", Text, nullable=False, unique=True),  # the unguessable end of our address
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("problem", Text),
)

hub_subscription = Table(  # who is told of which of our feeds by our own hub
    "hub_subscription",
    metadata,
    Column("id", Text, primary_key=True),  # of callback and topic together
    Column("callback", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("secret", Text),
    Column("lease_until", Moment, nullable=False),
    Column("digest", Text),  # of what was delivered last
)

listener = Table(
    "listener",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("holder", Text, nullable=False),  # the process that keeps the connection
    Column("until", Moment, nullable=False),
)

deletion = Table(  # what was deleted at its source before we had seen it
    "deletion",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("entry_key", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)

spending = Table(
    "spending",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),  # such as 2026-11, in UTC
    Column("reads", Integer, nullable=False),
    Column("dollars", Float, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("editor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("item_id", Text, index=True),  # no foreign key: the log outlives the item
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("version", Integer),
    Column("undoes", BigInteger),
    Column("detail", JSON),
)

learned = Table(  # what editors' decisions have taught
    "learned",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),  # grows with every change of what stands here or in item_score
    Column("since", BigInteger, nullable=False),  # decisions up to this one are forgotten
    Column("trained_through", BigInteger, nullable=False),  # and up to this one learnt
    Column("decisions", Integer, nullable=False),  # how many were learnt
    Column("format", Integer, nullable=False),  # of the weights; those of another one are learnt anew
    Column("weights", LargeBinary),
    Column("changed_at", Moment, nullable=False),
)

item_score = Table(  # how likely an editor says yes to an item that waits
    "item_score",
    metadata,
    Column("item_id", Text, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("likely", Float, nullable=False),
    Column("because", Text, nullable=False),
    Column("suggested", JSON, nullable=False),  # tags that the words missed, each with how sure it is
    Column("item_version", Integer, nullable=False),  # the item's when it was judged
    Column("since", BigInteger, nullable=False),  # the version of `learned` that judged it first
    Column("history", JSON, nullable=False),  # what was likely from which version of `learned` on
)

task = Table(
    "task",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("key", Text, unique=True),
    Column("handler", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease", Text),
    Column("problem", Text),
)

change = Table(
    "change",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

editor = Table(
    "editor",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password_hash", Text),
    Column("role", Text, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", Moment, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("editor", Text, ForeignKey("editor.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("editor", Text, ForeignKey("editor.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
)

sign_in_link = Table(
    "sign_in_link",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("editor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_sign_in_attempt_key_at", "key", "at"),
)

interest = Table(
    "interest",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("form_key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("town", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("consent", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    # An address has one entry a call, and so has a form that was shown.
    Index("ix_interest_email_key_call_id", "email_key", "call_id", unique=True),
    Index("ix_interest_call_id_form_key", "call_id", "form_key", unique=True),
    Index("ix_interest_call_id_at", "call_id", "at"),
)
