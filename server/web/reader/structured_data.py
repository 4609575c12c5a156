"""Structured data of pages: schema.org LiveBlogPosting as JSON-LD, and Open Graph. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.domain import blocks
from server.domain.blog import Blog
from server.domain.byline import Byline
from server.domain.entry import Entry
from server.domain.times import to_text
from server.media.urls import image_url, poster_of, source
from server.text.excerpt import excerpt
from server.text.title import TITLE_CHARACTERS, title_of, words_of
from server.web.languages import with_territory

DESCRIPTION_CHARACTERS = 200


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

    def picture(self, byline: Byline) -> str:
        """The address of the byline's picture, or an empty string."""
        return self.base + image_url(byline.picture) if byline.picture else ""


def live_blog(
    publication: Publication, blog: Blog, shown: Sequence[Entry], *, modified: str
) -> dict[str, Any]:
    """A `LiveBlogPosting`. `shown` are the entries on the page; only published ones are included."""
    public = [e for e in shown if e.public]
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
        "author": _authors(publication, blog.bylines),
        "publisher": _publisher(publication),
        "liveBlogUpdate": [posting(publication, blog, e) for e in public],
    }
    if blog.closed_at is not None:
        data["coverageEndTime"] = to_text(blog.closed_at)
    image = lead_of(blog) or next((i for e in public if (i := image_of(e))), None)
    if image is not None:
        data["image"] = [publication.base + source(image)]
    return data


def posting(publication: Publication, blog: Blog, entry: Entry) -> dict[str, Any]:
    """One published entry as a `BlogPosting`."""
    data: dict[str, Any] = {
        "@type": "BlogPosting",
        "headline": excerpt(title_of(entry.content.title, entry.content.blocks), TITLE_CHARACTERS),
        "url": publication.entry_url(blog, entry),
        "datePublished": to_text(entry.published_at),
        "dateModified": to_text(entry.edited_at or entry.published_at),
        "articleBody": words_of(entry.content.blocks),
        "author": _authors(publication, entry.content.bylines or blog.bylines),
        "publisher": _publisher(publication),
        "inLanguage": language_of(blog, entry),
    }
    places = [{"@type": "Place", "name": b.place} for b in entry.content.bylines if b.place]
    if places:
        data["locationCreated"] = places
    if entry.corrections:
        data["correction"] = [
            {"@type": "CorrectionComment", "text": c.note, "datePublished": c.at} for c in entry.corrections
        ]
    if (image := image_of(entry)) is not None:
        data["image"] = [publication.base + source(image)]
    return data


def open_graph(
    publication: Publication,
    title: str,
    images: Sequence[Entry],
    *,
    lead: blocks.Image | None = None,
    language: str,
    published: str | None,
    modified: str,
) -> dict[str, Any]:
    """Values for templates/reader/open_graph.html; the image is the `lead`, or the first one in the entries."""
    image = lead or next((i for e in images if e.public and (i := image_of(e))), None)
    return {
        "title": title,
        "locale": with_territory(language),
        "published": published,
        "modified": modified,
        "image": None if image is None else {
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
    return next((i for i in blocks.images_of(among) if not i.decorative and not i.sensitive), None)


def language_of(blog: Blog, entry: Entry) -> str:
    """The language that the entry is written in."""
    return entry.content.language or blog.language


def _authors(publication: Publication, bylines: Sequence[Byline]) -> list[dict[str, str]]:
    """A `Person` for each byline; without one the publication is the author, since schema.org asks for one."""
    if bylines:
        return [_person(publication, b) for b in bylines]
    return [{"@type": "Organization", "name": publication.name, "url": publication.base + "/"}]


def _person(publication: Publication, byline: Byline) -> dict[str, str]:
    parts = {"jobTitle": byline.role, "url": byline.url, "image": publication.picture(byline)}
    return {"@type": "Person", "name": byline.name} | {name: part for name, part in parts.items() if part}


def _publisher(publication: Publication) -> dict[str, Any]:
    return {
        "@type": "Organization",
        "name": publication.name,
        "url": publication.base + "/",
        "logo": {
            "@type": "ImageObject", "url": publication.base + publication.logo, "width": 512, "height": 512,
        },
    }
