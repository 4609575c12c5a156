"""What may become what, and what changes with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.domain import entry as e
from server.domain import text_limits
from server.domain.byline import Byline
from server.domain.entry import Content, Entry, EntryStatus
from server.domain.errors import Conflict, Invalid
from server.domain.field_labels import label

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def made(status: EntryStatus, **more: object) -> Entry:
    values = {"content": Content(title="A"), "author_id": "user:a", "author_name": "Ada"} | more
    return Entry("i", "b", status, 1, created_at=NOW, updated_at=NOW, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(("asked", "publishes", "status"), [
    ("published", True, "published"), ("published", False, "pending"), ("scheduled", False, "pending"),
    ("draft", False, "draft"), ("pending", True, "pending"),
])
def test_a_contributor_waits_for_an_editor(asked: EntryStatus, publishes: bool, status: EntryStatus) -> None:
    assert e.first_status(asked, publishes=publishes) == status


def test_every_move_is_possible_or_refused() -> None:
    for before in e.STATUSES:
        for asked in e.STATUSES:
            possible = (before in e.UNPUBLISHED and asked != "retracted") or before == asked == "published"
            if possible:
                assert e.next_status(made(before), asked, publishes=True) == asked
            else:
                with pytest.raises(Conflict):
                    e.next_status(made(before), asked, publishes=True)
    assert e.next_status(made("scheduled"), None, publishes=False) == "pending"


def test_going_out_is_publishing_now_or_later() -> None:
    assert e.goes_out("draft", "published") and e.goes_out("pending", "scheduled")
    assert not e.goes_out("published", "published") and not e.goes_out("draft", "pending")


@pytest.mark.parametrize("at", [None, NOW, NOW - timedelta(1), NOW + e.FARTHEST + timedelta(seconds=1)])
def test_a_schedule_needs_a_time_ahead(at: datetime | None) -> None:
    with pytest.raises(Invalid, match="Publish at"):
        e.check_schedule("scheduled", at, NOW)
    e.check_schedule("scheduled", LATER, NOW)


def test_only_a_draft_may_be_empty() -> None:
    e.check_content("draft", Content())
    with pytest.raises(Invalid, match="needs a title or something in it"):
        e.check_content("pending", Content(bylines=(Byline("Ada"),)))


def test_first_publication_is_kept() -> None:
    published = e.moved(made("scheduled", publish_at=LATER), "published", NOW)
    assert (published.published_at, published.publish_at) == (NOW, None)
    assert e.moved(published, "published", LATER).published_at == NOW


def test_readers_are_told_of_other_words_only() -> None:
    entry = made("published")
    assert e.edited(entry, Content(title="A", pinned=True), None, LATER).edited_at is None
    assert e.edited(entry, Content(title="B"), None, LATER).edited_at == LATER
    assert e.edited(made("draft"), Content(title="B"), None, LATER).edited_at is None


def test_retracted_keeps_no_content_and_comes_back() -> None:
    entry = made("published", published_at=NOW, number=3)
    gone = e.retracted(entry, LATER)
    assert (gone.content, gone.number, gone.retracted_at) == (Content(), 3, LATER)
    assert e.restored(gone, entry.content, "published", LATER).status == "published"
    assert e.restored(gone, entry.content, "scheduled", LATER).status == "draft"
    with pytest.raises(Conflict):
        e.restored(entry, entry.content, "published", LATER)


def test_docs_name_the_limits() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    said = [int(n.replace(",", "")) for n in re.findall(r"^\| [^|]+ \| ([0-9,]+) \|$", docs, re.M)]
    assert said == [
        text_limits.MAX_BODY, text_limits.MAX_MARKUP, text_limits.MAX_BLOCKS, text_limits.MAX_GALLERY,
        text_limits.MAX_NESTING, text_limits.MAX_CELLS,
        text_limits.MAX_LINKS, text_limits.MAX_RENDERED_BYTES,
    ]


@pytest.mark.parametrize(("field", "name"), [
    ("title", "Title"), ("blocks.0.alt", "Alt text (block 1)"), ("blocks.2", "Block 3"), ("body", "Text"),
    ("key_developments.1", "Key development 2"), ("related.0.url", "Address (related report 1)"),
    ("publish_at", "Publish at"), ("If-Match", "If-Match"), ("Idempotency-Key", "Idempotency-Key"),
    ("blocks.1.markdown", "Text (block 2)"), ("blocks", "Blocks"), ("blog_roles.storm", "Role in a blog"),
])
def test_an_error_names_the_field_as_a_person_sees_it(field: str, name: str) -> None:
    assert label(field) == name
