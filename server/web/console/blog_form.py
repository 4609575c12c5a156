"""Between a blog's furniture and its form: lists are written one to a line, a link as `title | address`."""

from __future__ import annotations

from typing import Any

from server.domain.blocks import Text
from server.domain.blog import Blog
from server.domain.byline import line_of
from server.web.api.blogs import furniture_of
from server.web.api.request_models import BlogChanges
from server.web.console import entry_form, lead_fields
from server.web.console.forms import Form

PLAIN = ("headline", "standfirst", "language", "time_zone", "status")
FIELDS = (*PLAIN, "key_developments", "related", "topics", "byline", "closing_summary", "successor")
BODY = {*PLAIN, "key_developments", "related", "bylines", "closing_summary", "successor", "lead"}
"""The fields of the API's body that the form has; `topics` too, where they were sent."""


def empty() -> dict[str, str]:
    """The form of a new blog."""
    values = dict.fromkeys(("slug", *FIELDS, *lead_fields.FIELDS), "")
    return values | {"language": "en", "time_zone": "UTC", "status": "draft"}


def typed(form: Form) -> dict[str, str]:
    """What was typed, to be shown again."""
    return {name: form.text(name) for name in ("slug", *FIELDS)} | lead_fields.typed(form)


def values_of(blog: Blog) -> dict[str, str]:
    """The blog as the form shows it."""
    return {
        **{name: str(getattr(blog, name)) for name in PLAIN},
        "byline": entry_form.named(blog.bylines),
        "key_developments": "\n".join(blog.key_developments),
        "topics": "\n".join(blog.topics),
        "related": "\n".join(f"{r.title} | {r.url}" for r in blog.related),
        "closing_summary": _summary(blog),
        "successor": f"{blog.successor.title} | {blog.successor.url}" if blog.successor else "",
        **lead_fields.values_of(blog.lead),
    }


def copy_of(blog: Blog) -> dict[str, str]:
    """The form of a new blog that begins with another’s furniture, topics, bylines and settings, but with no
    entries and nothing of its end."""
    return values_of(blog) | {"slug": "", "status": "draft", "closing_summary": "", "successor": ""}


def body_of(form: Form, before: Blog | None = None) -> dict[str, Any]:
    """The form as the API's body. Raises Invalid."""
    links = [_link(line) for line in form.text("related").split("\n") if line.strip()]
    summary = form.text("closing_summary")
    if before is not None and summary.strip() == _summary(before):
        summary = before.closing_summary
    return {
        **{name: form.text(name) for name in PLAIN},
        "bylines": entry_form.names(form.text("byline")),
        "key_developments": _lines(form.text("key_developments")),
        **({"topics": _lines(form.text("topics"))} if "topics" in form.values else {}),
        "related": links,
        "closing_summary": summary,
        "successor": _link(form.text("successor")) if form.text("successor").strip() else None,
        "lead": lead_fields.read(form, before.lead if before else None),
    }


def furniture(body: BlogChanges, before: Blog | None = None) -> dict[str, Any]:
    """Fields of `newsroom.blogs.Furniture` that the form sets; those that it shows but in part only when they
    differ."""
    values = furniture_of(body, BODY | ({"topics"} & body.model_fields_set))
    if before is not None and line_of(values["bylines"]) == line_of(before.bylines):
        del values["bylines"]  # the field holds no more than the names
    return values


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _summary(blog: Blog) -> str:
    return entry_form.to_markdown([Text(blog.closing_summary)]).strip() if blog.closing_summary else ""


def _link(line: str) -> dict[str, str]:
    title, _, url = line.rpartition("|")
    return {"title": title.strip(), "url": url.strip()}
