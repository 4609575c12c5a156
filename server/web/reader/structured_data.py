"""Structured data of pages: schema.org LiveBlogPosting as JSON-LD, and Open Graph. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from server.domain import blocks
from server.domain.blog import Blog
from server.domain.byline import Byline
from server.domain.entry import Entry
from server.domain.times import to_text
from server.media.card import HEIGHT as CARD_HEIGHT
from server.media.card import WIDTH as CARD_WIDTH
from server.media.urls import image_url, poster_of, source
from server.text.excerpt import excerpt
from server.text.title import TITLE_CHARACTERS, title_of, words_of
from server.web.languages import with_territory

DESCRIPTION_CHARACTERS = 200
MAX_UPDATES = 12
"""Updates in the data of a blog's page, the newest: their permalinks have the whole of each, older ones too."""
BODY_CHARACTERS = 160
"""Of each of them; the whole text stands in the page beside it."""


@dataclass(frozen=True, slots=True)
class Card:
    """The address of a card picture, and its size in pixels."""

    url: str
    width: int = CARD_WIDTH
    height: int = CARD_HEIGHT


@dataclass(frozen=True, slots=True)
class Publication:
    """The publication: name, logo, and `base`, the site's URL without a trailing slash."""

    name: str
    base: str
    logo: str

    def blog_url(self, blog: Blog) -> str:
        return f"{self.base}/live/{blog.slug}"

    def entry_url(self, blog: Blog, entry: Entry) -> str:
        return f"{self.base}/live/{blog.slug}/entries/{entry.id}"

    @property
    def id(self) -> str:
        """The `@id` of the publication in structured data."""
        return f"{self.base}/#publisher"

    def card(self, blog: Blog, entry: Entry | None = None) -> Card:
        """The picture that stands for a blog or an entry where it is shared and has none. The query is another
        one after each edit, for those who keep a picture for long."""
        path = f"{self.entry_url(blog, entry)}/card.png" if entry else f"{self.blog_url(blog)}/card.png"
        revision = f"{blog.revision}.{entry.revision}" if entry else str(blog.revision)
        return Card(f"{path}?v={revision}")

    def picture(self, byline: Byline) -> str:
        """The address of the byline's picture, or an empty string."""
        return self.base + image_url(byline.picture) if byline.picture else ""


def live_blog(
    publication: Publication, blog: Blog, shown: Sequence[Entry], *, modified: str
) -> dict[str, Any]:
    """A `LiveBlogPosting`. `shown` are the entries on the page; only published ones are included. The publisher
    and each author are described once; whoever comes again is named by `@id` (JSON-LD 1.1, section 3.3)."""
    public = sorted((e for e in shown if e.public), key=lambda e: e.number or 0, reverse=True)
    people = _People(publication)
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "headline": excerpt(blog.headline, TITLE_CHARACTERS),
        "description": blog.standfirst,
        "url": publication.blog_url(blog),
        "mainEntityOfPage": publication.blog_url(blog),
        "inLanguage": blog.language,
        "datePublished": to_text(blog.started_at or blog.created_at),
        "dateModified": modified,
        "coverageStartTime": to_text(blog.started_at or blog.created_at),
        "author": people.authors(blog.bylines),
        "publisher": _publisher(publication),
        "liveBlogUpdate": [_update(publication, blog, e, people) for e in public[:MAX_UPDATES]],
    }
    if blog.closed_at is not None:
        data["coverageEndTime"] = to_text(blog.closed_at)
    image = lead_of(blog) or next((i for e in public if (i := image_of(e))), None)
    data["image"] = [publication.base + source(image) if image else publication.card(blog).url]
    return data


def posting(publication: Publication, blog: Blog, entry: Entry) -> dict[str, Any]:
    """One published entry as a `BlogPosting`, for its permalink."""
    data = _posting(publication, blog, entry, _People(publication)) | {
        "articleBody": words_of(entry.content.blocks), "publisher": _publisher(publication),
        "isPartOf": {"@type": "LiveBlogPosting", "@id": publication.blog_url(blog), "headline": blog.headline},
        "inLanguage": language_of(blog, entry),
    }
    data.setdefault("image", [publication.card(blog, entry).url])
    return data


def _update(publication: Publication, blog: Blog, entry: Entry, people: _People) -> dict[str, Any]:
    """The same among the updates of its blog."""
    data = _posting(publication, blog, entry, people) | {
        "articleBody": excerpt(words_of(entry.content.blocks), BODY_CHARACTERS),
        "publisher": {"@id": publication.id},
    }
    return data | ({"inLanguage": entry.content.language} if entry.content.language else {})


def _posting(publication: Publication, blog: Blog, entry: Entry, people: _People) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@type": "BlogPosting",
        "headline": excerpt(title_of(entry.content.title, entry.content.blocks), TITLE_CHARACTERS),
        "url": publication.entry_url(blog, entry),
        "datePublished": to_text(entry.published_at),
        "dateModified": to_text(entry.edited_at or entry.published_at),
        "author": people.authors(entry.content.bylines or blog.bylines),
    }
    places = [{"@type": "Place", "name": b.place} for b in entry.content.bylines if b.place]
    if places:
        data["locationCreated"] = places
    if entry.corrections:
        data["correction"] = [
            {"@type": "CorrectionComment", "text": c.note, "datePublished": c.at} for c in entry.corrections
        ]
    if images := _all_shown(entry.content.blocks):
        data["image"] = [publication.base + source(image) for image in images]
    return data


def open_graph(
    publication: Publication,
    title: str,
    images: Sequence[Entry],
    *,
    lead: blocks.Image | None = None,
    card: Card,
    language: str,
    published: str | None,
    modified: str,
) -> dict[str, Any]:
    """Values for templates/reader/open_graph.html; the image is the `lead`, or the first one in
    the entries, or the `card`."""
    image = lead or next((i for e in images if e.public and (i := image_of(e))), None)
    return {
        "title": title,
        "locale": with_territory(language),
        "published": published,
        "modified": modified,
        "image": {"url": card.url, "width": card.width, "height": card.height, "alt": title}
        if image is None else {
            "url": publication.base + source(image), "width": image.width, "height": image.height,
            "alt": image.alt,
        },
    }


def image_of(entry: Entry) -> blocks.Image | None:
    """The first picture that others may show: not one that is decorative or covered."""
    return _shown(entry.content.blocks)


def lead_of(blog: Blog) -> blocks.Image | None:
    """The picture at the head of the blog, if others may show it; of a video its poster."""
    if isinstance(blog.lead, blocks.Video) and blog.lead.poster_width:
        return replace(poster_of(blog.lead), alt=blog.lead.title)
    return _shown([blog.lead] if blog.lead else [])


def _shown(among: Sequence[blocks.Block]) -> blocks.Image | None:
    return next(iter(_all_shown(among)), None)


def _all_shown(among: Sequence[blocks.Block]) -> list[blocks.Image]:
    return [image for image in blocks.images_of(among) if not image.decorative and not image.sensitive]


def language_of(blog: Blog, entry: Entry) -> str:
    """The language that the entry is written in."""
    return entry.content.language or blog.language


@dataclass(slots=True)
class _People:
    """Who was described in these data so far."""

    publication: Publication
    _known: dict[str, dict[str, str]] = field(default_factory=dict)

    def authors(self, bylines: Sequence[Byline]) -> list[dict[str, str]]:
        """A `Person` for each byline; without one the publication, since schema.org asks for an author."""
        if bylines:
            return [self._person(byline) for byline in bylines]
        return [{"@id": self.publication.id}]

    def _person(self, byline: Byline) -> dict[str, str]:
        parts = {"jobTitle": byline.role, "url": byline.url, "image": self.publication.picture(byline)}
        person = {"@type": "Person", "name": byline.name} | {name: part for name, part in parts.items() if part}
        if not byline.id:
            return person
        person["@id"] = f"{self.publication.base}/#person-{byline.id}"
        known = self._known.setdefault(byline.id, person)
        # the same person in another role is described again, and so gets no name that says it is the same
        if known is person:
            return person
        if known == person:
            return {"@id": person["@id"]}
        return {name: part for name, part in person.items() if name != "@id"}


def _publisher(publication: Publication) -> dict[str, Any]:
    return {
        "@type": "NewsMediaOrganization",
        "@id": publication.id,
        "name": publication.name,
        "url": publication.base + "/",
        "logo": {"@type": "ImageObject", "url": publication.base + publication.logo},
    }
