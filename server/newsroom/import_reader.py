"""Reads a blog from the lines of its file, and writes it: all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain import blocks
from server.domain.errors import Conflict, FieldError, Invalid, NotFound, StopPressError
from server.domain.position import new_id
from server.media import images
from server.media.urls import file_name, rendition_name
from server.newsroom import export_format
from server.newsroom.desk import Desk
from server.newsroom.export_format import EntryLine, PictureLine
from server.store import blogs, entry_index, exported_rows, removed_pictures, row_mapping
from server.store.exported_rows import Values
from server.text import search

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """What was put in. `held`: entries that were to be published at a moment that has passed; they wait for an
    editor. `new_ids`: the blog's ids were in use here, so it has others."""

    slug: str
    entries: int
    revisions: int
    pictures: int
    held: int
    new_ids: bool


@dataclass(slots=True)
class Incoming:
    """What was read so far. Files of pictures are on disk before their rows are in the database; nothing else
    is written before the end was read."""

    desk: Desk
    slug: str | None
    max_pixels: int
    blog: Values = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)
    versions: list[Values] = field(default_factory=list)
    pictures: list[Values] = field(default_factory=list)
    entries: list[EntryLine] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    """Ids that are in use here, and those that stand for them."""
    known: set[str] = field(default_factory=set)
    """Ids of pictures in the file, as they are called there."""
    files: list[str] = field(default_factory=list)
    seen: dict[str, set[Any]] = field(default_factory=dict)

    async def read(self, source: Iterable[bytes]) -> None:
        kinds, number = list(export_format.KINDS), 0
        stage = -1
        for number, data in enumerate(source, 1):
            try:
                if kinds[stage] == "end" and stage > 0:
                    raise Invalid.field("line", "nothing comes after the end")
                kind, line = export_format.parse(data)
                stage = _next(kinds, stage, kind)
                await self._take(kind, line)
            except Invalid as error:
                placed = [FieldError(f"line {number}, {f.field}", f.message) for f in error.fields]
                # fields of the file, not of a form: they are named as they are written there
                raise Invalid(*placed, detail="; ".join(f"{f.field}: {f.message}" for f in placed)) from error
        if stage < 0 or kinds[stage] != "end":
            raise Invalid.field(f"line {number + 1}", "the file ends too early: the last line is of type “end”")

    async def _take(self, kind: str, line: Line) -> None:
        if kind == "blog":
            await self._take_blog(line)
        elif kind == "blog_revision":
            self.versions.append(export_format.blog_revision_line(line))
            self._once("blog_revision.revision", self.versions[-1]["revision"])
        elif kind == "picture":
            await self._take_picture(export_format.picture_line(line))
        elif kind == "entry":
            self._take_entry(export_format.entry_line(line))
        elif kind == "end":
            self._check_counts(line)
            self._check_lead()

    async def _take_blog(self, line: Line) -> None:
        self.blog, self.seqs = export_format.blog_line(line)
        if self.slug is not None:
            self.blog["slug"] = self.slug
        async with self.desk.database.read() as connection:
            try:
                await blogs.by_slug(connection, self.blog["slug"])
            except NotFound:
                pass
            else:
                taken = f"there is a blog “{self.blog['slug']}” already"
                raise Conflict(f"slug: {taken}; --slug gives this one another address.")
            self.seen["entry.public_seq"] = {self.blog["public_seq"]}
            self.seen["entry.newsroom_seq"] = {self.blog["newsroom_seq"]}
            if await exported_rows.taken(connection, "blog", [self.blog["id"]]):
                self.renamed[self.blog["id"]] = new_id()

    async def _take_picture(self, line: PictureLine) -> None:
        values = line.values
        self._once("picture.id", values["id"])
        self.known.add(values["id"])
        await self._check_files(line)
        async with self.desk.database.read() as connection:
            here = await exported_rows.pictures_named(connection, [values["id"]])
            await _check_not_removed(connection, values)
        if here and here[0]["sha256"] == values["sha256"]:
            return  # it is the same picture, and its files are there
        if here:
            self.renamed[values["id"]] = new_id()
        picture_id = self._named(values["id"])
        self.pictures.append(values | {"id": picture_id, "author_id": None, "words": _words_of(values)})
        sizes: list[int | None] = [None, *values["widths"]]
        for width in sizes:
            name = file_name(picture_id, width)
            self.files.append(name)
            await self.desk.media.put(name, line.files[rendition_name(width)])

    async def _check_files(self, line: PictureLine) -> None:
        values = line.values
        for name, body in line.files.items():
            try:
                mime, width, height = await images.inspect(body, max_pixels=self.max_pixels)
            except StopPressError as error:
                raise Invalid.field(f"files.{name}", error.detail) from error
            if name == rendition_name(None):
                told = (values["mime"], values["width"], values["height"], values["bytes"], values["sha256"])
                if told != (mime, width, height, len(body), hashlib.sha256(body).hexdigest()):
                    raise Invalid.field(f"files.{name}", "another picture than the one that is described")
            elif (mime, rendition_name(width)) != ("image/webp", name):
                raise Invalid.field(f"files.{name}", "a WebP picture of the width that its name says")

    def _take_entry(self, line: EntryLine) -> None:
        values = line.values
        for name in ("id", "number", "public_seq", "newsroom_seq"):
            if values[name] is not None:
                self._once(f"entry.{name}", values[name])
        limits = {
            "number": self.blog["published_count"], "public_seq": self.seqs["public"],
            "newsroom_seq": self.seqs["newsroom"],
        }
        for name, most in limits.items():
            if (values[name] or 0) > most:
                raise Invalid.field(f"entry.{name}", f"at most {most}, which the blog has counted to")
        missing = blocks.media_ids(line.content.blocks) - self.known
        if missing:
            raise Invalid.field("entry.content", f"the picture {min(missing)} is not in the file before it")
        self.entries.append(line)

    def _once(self, name: str, value: Any) -> None:
        seen = self.seen.setdefault(name, set())
        if value in seen:
            raise Invalid.field(name, f"{value} came before")
        seen.add(value)

    def _check_lead(self) -> None:
        lead = self.blog["lead"]
        missing = blocks.media_ids([blocks.from_json(lead)]) - self.known if lead else set()
        if missing:
            raise Invalid.field("blog.lead", f"the picture {min(missing)} is not in the file")

    def _check_counts(self, line: Line) -> None:
        found = {
            "blog_revisions": len(self.versions), "pictures": len(self.known), "entries": len(self.entries),
            "revisions": sum(len(e.revisions) for e in self.entries),
        }
        for name, count in found.items():
            if line[name] != count:
                raise Invalid.field(name, f"the file has {count}: it is not complete")

    async def write(self, connection: AsyncConnection) -> Imported:
        """All rows, in one transaction."""
        await self._rename_entries(connection)
        held = self._hold_what_is_overdue()
        names, blog_id = self.renamed, self._named(self.blog["id"])
        await exported_rows.insert(connection, "blog", [self._renamed(self.blog)])
        await exported_rows.insert_feeds(connection, blog_id, self.seqs)
        await exported_rows.insert(connection, "blog_revision", [
            self._renamed(v) | {"content": self._furniture(v["content"]), "blog_id": blog_id, "author_id": None}
            for v in self.versions
        ])
        await exported_rows.insert(connection, "picture", self.pictures)
        await exported_rows.insert(connection, "entry", [
            self._renamed(e.values) | {"blog_id": blog_id, "author_id": None} for e in self.entries
        ])
        await exported_rows.insert(connection, "revision", [
            self._renamed(r) | {"entry_id": self._named(e.values["id"]), "author_id": None}
            for e in self.entries for r in e.revisions
        ])
        await exported_rows.link_pictures(connection, [
            (self._named(e.values["id"]), self._named(m))
            for e in self.entries
            for m in sorted(self.known.intersection(exported_rows.ids_in(e.values["content"])))
        ])
        await self._index(connection, blog_id)
        named = exported_rows.ids_in([self.blog["bylines"], self.blog["lead"]])
        shown_by_blog = sorted(self.known.intersection(named))
        await exported_rows.link_blog_pictures(connection, blog_id, [self._named(m) for m in shown_by_blog])
        return Imported(
            self.blog["slug"], len(self.entries), sum(len(e.revisions) for e in self.entries),
            len(self.known), held, new_ids=bool(names),
        )

    async def _index(self, connection: AsyncConnection, blog_id: str) -> None:
        for line in self.entries:
            if line.values["status"] == "published":
                row = SimpleNamespace(**line.values, blog_id=blog_id, author_id=None, moved_to=None)
                row.id = self._named(row.id)
                words = search.searched(line.content)
                await entry_index.put(connection, row_mapping.entry(cast(Any, row)), words, new=True)

    async def _rename_entries(self, connection: AsyncConnection) -> None:
        """Where one id of the blog is in use here, all of it gets others: it is a copy."""
        ids = [e.values["id"] for e in self.entries]
        if self.blog["id"] in self.renamed or await exported_rows.taken(connection, "entry", ids):
            self.renamed |= {i: new_id() for i in (self.blog["id"], *ids)}

    def _hold_what_is_overdue(self) -> int:
        """An entry whose moment has passed meanwhile would be published by the import itself, which nobody
        asked for. It waits for an editor, as one whose blog was closed; how many do."""
        now = self.desk.now()
        late = [
            place for place, e in enumerate(self.entries)
            if e.values["status"] == "scheduled" and e.values["publish_at"] <= now
        ]
        for place in late:
            entry = self.entries[place]
            self.entries[place] = replace(entry, values=entry.values | {"status": "pending"})
        return len(late)

    def _named(self, id_: str) -> str:
        return self.renamed.get(id_, id_)

    def _renamed(self, values: Values) -> Values:
        """The same row with the ids that it has here."""
        if not self.renamed:
            return values
        renamed: Values = {name: exported_rows.renamed(value, self.renamed) for name, value in values.items()}
        return renamed

    def _furniture(self, content: Mapping[str, Any]) -> Values:
        """A version of the furniture under the id and slug that the blog has here."""
        names: Values = exported_rows.renamed(dict(content), self.renamed)
        return names | {"slug": self.blog["slug"]}

    async def remove_files(self) -> None:
        for name in self.files:
            await self.desk.media.delete(name)


def _words_of(picture: Values) -> str:
    return search.folded(" ".join(picture[name] for name in ("alt", "caption", "credit", "name")))


async def _check_not_removed(connection: AsyncConnection, picture: Values) -> None:
    """Raises Invalid for the file of a picture that was removed here and may not come back."""
    digests = {picture["sha256"], picture["source_sha256"]} - {""}
    if await removed_pictures.refused(connection, digests):
        raise Invalid.field("picture.sha256", "this picture was removed here; an editor can allow it again")


def _next(kinds: Sequence[str], stage: int, kind: str) -> int:
    """How far the file has come. Header, blog and end come once and in their places."""
    place = kinds.index(kind)
    among = kinds[2:-1]
    fits = place == stage + 1 if stage < 1 else kind in among or kind == "end"
    if not fits:
        wanted = kinds[stage + 1] if stage < 1 else ", ".join([*among, "end"])
        raise Invalid.field("type", f"“{wanted}” is expected here")
    return place
