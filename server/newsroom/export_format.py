"""The file that a blog travels in: JSON Lines, one thing on each line, with a header that names the format's
version. Every line is checked here before anything is written; what is wrong is named by line and field.

    {"type": "header", "format": "stoppress.blog", "version": 1, "exported_at": …}
    {"type": "blog", "blog": {…}, "feeds": {"public": SEQ, "newsroom": SEQ}}
    {"type": "blog_revision", "blog_revision": {…}}
    {"type": "picture", "picture": {…}, "files": {"full": BASE64, "320.webp": BASE64, …}}
    {"type": "entry", "entry": {…}, "revisions": [{…}, …]}
    {"type": "end", "blog_revisions": N, "pictures": N, "entries": N, "revisions": N}

A picture comes before whatever shows it. A field that this version does not know is refused, so that nothing is
lost without a word. A column that a later migration adds either may be null or has a default in the database,
so that files of before can be read; for any other change of the format `VERSION` goes up.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar, cast, get_type_hints
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from server.domain import blog as blogs
from server.domain import entry as entries
from server.domain.blocks import Gallery, Image, Quote, Text
from server.domain.change import FEEDS
from server.domain.entry import Content
from server.domain.errors import FieldError, Invalid
from server.domain.position import MAX_SEQ
from server.domain.text_limits import MAX_GALLERY, MIN_GALLERY
from server.media.urls import rendition_name
from server.store import exported_rows, row_mapping
from server.store.exported_rows import Values
from server.text import sanitise

T = TypeVar("T")

FORMAT = "stoppress.blog"
VERSION = 1
KINDS: dict[str, tuple[str, ...]] = {
    "header": ("format", "version", "exported_at"),
    "blog": ("blog", "feeds"),
    "blog_revision": ("blog_revision",),
    "picture": ("picture", "files"),
    "entry": ("entry", "revisions"),
    "end": ("blog_revisions", "pictures", "entries", "revisions"),
}
"""The kinds of lines with their fields, in the order in which they may come."""
UNKNOWN = "no such field in this version"
MOST_LINE_BYTES = 256 * 1024 * 1024
_SLUG = re.compile(blogs.SLUG.removesuffix("$") + r"\Z")
_ID = re.compile(r"[a-z2-7]{16}", re.ASCII)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry with its versions, as the database takes them, and what it shows."""

    values: Values
    content: Content
    revisions: list[Values]


@dataclass(frozen=True, slots=True)
class PictureLine:
    """A picture and its files by the names of their sizes."""

    values: Values
    files: dict[str, bytes]


def parse(data: bytes) -> tuple[str, dict[str, Any]]:
    """What kind of line it is, and its fields. Raises Invalid."""
    if len(data) > MOST_LINE_BYTES:
        raise Invalid.field("line", f"at most {MOST_LINE_BYTES:,} bytes")
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid.field("line", f"not JSON in UTF-8: {error}") from error
    if not isinstance(found, dict):
        raise Invalid.field("line", "an object with a “type”")
    kind = found.pop("type", None)
    if kind not in KINDS:
        raise Invalid.field("type", f"one of {', '.join(KINDS)}")
    if kind == "header":  # a later version may have other fields: what it says of itself comes first
        _check_version(found)
    names = KINDS[kind]
    wrong = [FieldError(name[:100], UNKNOWN) for name in found if name not in names]
    wrong += [FieldError(name, "required") for name in names if name not in found]
    wrong += [FieldError(path, "no NUL and no half characters") for path in _not_text(found, "")]
    if wrong:
        raise Invalid(*wrong)
    return cast(str, kind), found


def _check_version(header: Mapping[str, Any]) -> None:
    if header.get("format") != FORMAT:
        raise Invalid.field("format", f"“{FORMAT}”: this is not an export of a blog")
    version = header.get("version")
    if type(version) is not int or version < 1:
        raise Invalid.field("version", "a whole number from 1")
    if version > VERSION:
        raise Invalid.field("version", f"at most {VERSION}: a newer Stop Press wrote this, so use that one")


def blog_line(data: Mapping[str, Any]) -> tuple[Values, dict[str, int]]:
    """The blog as the database takes it, and how far its feeds have counted."""
    values = exported_rows.typed("blog", _object(data["blog"], "blog"), path="blog")
    check_id(values["id"], "blog.id")
    check_slug(values["slug"], "blog.slug")
    _one_of(values["status"], blogs.STATUSES, "blog.status")
    values["closing_summary"] = _clean(values.get("closing_summary", ""))
    values |= {"handover": values.get("handover", ""), "handover_by": values.get("handover_by", "")}
    blog = _value(lambda v: row_mapping.blog(SimpleNamespace(**v)), values, "blog")
    _check_types(blog, "blog")
    for name in ("lead", "successor"):
        _nothing_lost(values[name], blog.to_json()[name], f"blog.{name}")
    seqs = _object(data["feeds"], "feeds")
    for name in FEEDS:
        seq = seqs.get(name)
        if type(seq) is not int or not 0 <= seq <= MAX_SEQ:
            raise Invalid.field(f"feeds.{name}", f"a whole number from 0 to {MAX_SEQ}")
        if values[f"{name}_seq"] > seq:
            raise Invalid.field(f"blog.{name}_seq", f"at most feeds.{name}, which is {seq}")
    return values, {name: seqs[name] for name in FEEDS}


def blog_revision_line(data: Mapping[str, Any]) -> Values:
    """One version of the blog's furniture."""
    name = "blog_revision"
    values = exported_rows.typed(name, _object(data[name], name), path=name)
    content = _object(values["content"], f"{name}.content")
    if isinstance(summary := content.get("closing_summary"), str):
        values["content"] = content | {"closing_summary": _clean(summary)}
    return values


def picture_line(data: Mapping[str, Any]) -> PictureLine:
    """A picture with its files; whether they are pictures is looked at by whoever keeps them."""
    values = exported_rows.typed("picture", _object(data["picture"], "picture"), path="picture")
    check_id(values["id"], "picture.id")
    widths = values["widths"]
    if not isinstance(widths, list) or not all(type(w) is int and 0 < w < 100_000 for w in widths):
        raise Invalid.field("picture.widths", "a list of whole numbers")
    given, wanted = _object(data["files"], "files"), [rendition_name(w) for w in (None, *widths)]
    if sorted(given) != sorted(wanted):
        raise Invalid.field("files", f"just {', '.join(wanted)}")
    return PictureLine(values, {name: _bytes(body, f"files.{name}") for name, body in given.items()})


def entry_line(data: Mapping[str, Any]) -> EntryLine:
    """An entry with its versions."""
    values = exported_rows.typed("entry", _object(data["entry"], "entry"), path="entry")
    check_id(values["id"], "entry.id")
    content = _check_version_of_entry(values, "entry")
    _check_status(values, content)
    _check_corrections(values)
    _check_notes(values)
    # the same flags once more, as columns: never another word than the content's
    values |= {"pinned": content.pinned, "key": content.key}
    if not isinstance(data["revisions"], list):
        raise Invalid.field("revisions", "a list")
    revisions = []
    for place, given in enumerate(data["revisions"]):
        path = f"revisions.{place}"
        revisions.append(exported_rows.typed("revision", _object(given, path), path=path))
        _check_version_of_entry(revisions[-1], path)
    numbers = [r["revision"] for r in revisions]
    if len(set(numbers)) != len(numbers):
        raise Invalid.field("revisions", "each revision once")
    return EntryLine(values, content, revisions)


def _check_version_of_entry(values: Values, path: str) -> Content:
    """Check status and content, and put clean content in its place."""
    _one_of(values["status"], entries.STATUSES, f"{path}.status")
    content = content_of(values["content"], f"{path}.content")
    values["content"] = content.to_json()
    return content


def _check_corrections(values: Values) -> None:
    given = values.get("corrections", [])
    good = isinstance(given, list) and all(
        isinstance(c, dict) and sorted(c) == ["at", "note"] and all(isinstance(v, str) for v in c.values())
        for c in given
    )
    if not good:
        raise Invalid.field("entry.corrections", "a list of objects with “at” and “note”")
    if given and values["status"] == "retracted":
        raise Invalid.field("entry.corrections", "empty: what was retracted is shown to nobody")


def _check_notes(values: Values) -> None:
    given = values.get("internal_notes", [])
    names = sorted(f.name for f in dataclasses.fields(entries.InternalNote))
    good = isinstance(given, list) and all(
        isinstance(n, dict) and sorted(n) == names and all(isinstance(v, str) for v in n.values())
        for n in given
    )
    if not good or len(given) > entries.MAX_INTERNAL_NOTES:
        wanted = f"a list of at most {entries.MAX_INTERNAL_NOTES} objects with {', '.join(names)}"
        raise Invalid.field("entry.internal_notes", wanted)
    values["internal_notes"] = given


def _check_status(values: Values, content: Content) -> None:
    status = values["status"]
    if status == "retracted" and content != Content():
        raise Invalid.field("entry.content", "empty: what was retracted is shown to nobody")
    if status == "scheduled" and values["publish_at"] is None:
        raise Invalid.field("entry.publish_at", "required when status is “scheduled”")
    wanted = {"published": ("number", "published_at", "public_seq"), "retracted": ("retracted_at",)}
    for name in wanted.get(status, ()):
        if values[name] is None:
            raise Invalid.field(f"entry.{name}", f"required when status is “{status}”")
    if (values["number"] is None) != (values["public_seq"] is None):
        raise Invalid.field("entry.number", "there is one just when there is a public_seq")


def content_of(data: Any, path: str) -> Content:
    """The content that `Content.to_json` wrote, its HTML sanitised again: a file may come from anywhere."""
    known = _object(data, path)
    content = _value(Content.from_json, known, path)
    _check_types(content, path)
    clean = dataclasses.replace(
        content,
        blocks=tuple(
            dataclasses.replace(b, html=_clean(b.html)) if isinstance(b, Text | Quote) else b
            for b in content.blocks
        ),
    )
    _nothing_lost(known, clean.to_json(), path)
    return clean


def _clean(html: str) -> str:
    return str(sanitise.html(html))


def _value(make: Callable[[Any], T], data: Values, path: str) -> T:
    """The value of the domain that the data stands for. Raises Invalid for data that stands for none."""
    try:
        return make(data)
    except KeyError as error:
        name = f"{path}.{error.args[0]}"[:200]
        raise Invalid.field(name, "required, or not known in this version") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid.field(path, f"not as an export writes it: {error}") from error


def _check_types(value: Any, path: str) -> None:
    """Each field of a dataclass of ours is of its type, and every address may be followed."""
    found = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    for name, adapter in _fields(type(value)).items():
        try:
            adapter.validate_python(found[name], strict=True)
        except ValidationError as error:
            raise Invalid(*(
                FieldError(".".join([path, name, *(str(p) for p in e["loc"])])[:200], str(e["msg"]))
                for e in error.errors(include_url=False, include_input=False)
            )) from error
    _check_pictures(value, path)
    for name, inner in found.items():
        if name == "url" and inner:
            _check_url(inner, f"{path}.url")
        for place, item in enumerate(inner if isinstance(inner, tuple) else (inner,)):
            if dataclasses.is_dataclass(item):
                _check_types(item, f"{path}.{name}.{place}" if isinstance(inner, tuple) else f"{path}.{name}")


def _check_pictures(value: Any, path: str) -> None:
    if isinstance(value, Image):
        for name in ("focal_x", "focal_y"):
            at = getattr(value, name)
            if at is not None and not 0 <= at <= 1:
                raise Invalid.field(f"{path}.{name}", "from 0 to 1")
    elif isinstance(value, Gallery) and not MIN_GALLERY <= len(value.images) <= MAX_GALLERY:
        raise Invalid.field(f"{path}.images", f"{MIN_GALLERY} to {MAX_GALLERY} pictures")


_adapters: dict[type, dict[str, TypeAdapter[Any]]] = {}


def _fields(kind: type) -> dict[str, TypeAdapter[Any]]:
    if kind not in _adapters:
        hints = get_type_hints(kind)
        _adapters[kind] = {f.name: TypeAdapter(hints[f.name]) for f in dataclasses.fields(kind)}
    return _adapters[kind]


def _nothing_lost(given: Any, kept: Any, path: str) -> None:
    """Every name in the JSON is one that this version keeps."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for name, inner in given.items():
            if name not in kept:
                raise Invalid.field(f"{path}.{name}"[:200], UNKNOWN)
            _nothing_lost(inner, kept[name], f"{path}.{name}")
    elif isinstance(given, list) and isinstance(kept, list):
        for place, (one, other) in enumerate(zip(given, kept, strict=False)):
            _nothing_lost(one, other, f"{path}.{place}")


def check_slug(slug: str, path: str) -> None:
    if len(slug) > blogs.MAX_SLUG or not _SLUG.match(slug):
        raise Invalid.field(path, f"at most {blogs.MAX_SLUG} of a-z, 0-9 and single hyphens between them")


def check_id(text: str, path: str) -> None:
    if not _ID.fullmatch(text):
        raise Invalid.field(path, "16 of a-z and 2-7")


def _one_of(value: str, known: tuple[str, ...], path: str) -> None:
    if value not in known:
        raise Invalid.field(path, f"one of {', '.join(known)}")


def _check_url(url: Any, path: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except (ValueError, AttributeError):
        good = False
    if not good:
        raise Invalid.field(path, "an address that starts with http:// or https://")


def _object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid.field(path, "an object")
    return value


def _bytes(text: Any, path: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise Invalid.field(path, "not base64") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _not_text(value: Any, path: str) -> list[str]:
    """Where a text stands that no database takes."""
    if isinstance(value, str):
        return [path[:200]] if _NO_TEXT.search(value) else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[str] = []
    for name, item in inner:
        below = f"{path}.{name}".lstrip(".")
        found += _not_text(item, below)
        if isinstance(name, str) and _NO_TEXT.search(name):
            found.append("name")
    return found
