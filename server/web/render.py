"""Renders templates: the partials that pages and streams share (entry, key event, blog header), and whole
pages.

The same partial renders an entry on pages and in streams, from a `Change` and nothing else, so that a page plus
the changes after it equals the page rendered now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from server.domain.blocks import Image, Video, from_json, image_from_json
from server.domain.change import Change
from server.domain.providers import Providers, plays_in_place
from server.domain.topic import slug_of
from server.media import urls
from server.text import quotation, tables
from server.text.title import title_of
from server.web import template_language
from server.web import theme as themes
from server.web.assets import Assets
from server.web.compiled_templates import InMemory
from server.web.component_style import for_shadow_root
from server.web.console import form_labels, terms
from server.web.console.script_words import console_words
from server.web.languages import ENGLISH, Languages
from server.web.reader.page_cache import KeptPages, RenderedOnce
from server.web.reader.script_words import script_words

TEMPLATES = Path(__file__).parent / "templates"
_SHARED = ["fonts/faces.css", "css/layers.css", "css/tokens.css", "css/themes.css", "css/base.css"]
BUNDLES: dict[str, list[str]] = {
    "reader.css": [
        *_SHARED,
        *(
            f"css/{name}.css"
            for name in (
                "masthead", "page", "head", "toolbar", "filters", "entry", "quote", "media", "embed", "gallery",
                "focal", "key-events", "related", "pill", "more", "marks", "overlays", "blogs", "notice",
                "history", "slots", "arabic", "print",
            )
        ),
        "theme/theme.css",
    ],
    "console.css": [
        *_SHARED, "css/entry.css", "css/quote.css", "css/media.css", "css/embed.css",
        "css/gallery.css", "css/focal.css",
        *(f"css/console/{name}.css" for name in (
            "frame", "newsroom", "fields", "buttons", "notices", "rows", "composer", "placed",
            "log", "library", "audience", "dialog", "furnish", "versions",
        )),
    ],
    "component.css": [
        "css/layers.css", "css/tokens.css", "css/component-themes.css", "css/base.css",
        "css/component-base.css",
        *(
            f"css/{name}.css"
            for name in (
                "head", "toolbar", "entry", "quote", "media", "embed", "gallery", "focal", "pill", "more",
                "arabic", "component",
            )
        ),
    ],
}
"""Style sheets that pages load, and the files that they are built from."""
REWRITES = {"component.css": for_shadow_root}
CARDS = 64
"""Cards for link previews in memory, some 20 KB each."""
PARTS = ("flag", "head", "developments", "related", "topics")
"""Furniture of a blog that a change of the blog replaces on open pages; each has a template of its name."""
PRELOADED = ("newsreader-display", "newsreader-text", "public-sans")
PRELOADED_RIGHT_TO_LEFT = ("noto-naskh-arabic",)
"""Typefaces of what is above the fold."""
RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"}
RIGHT_TO_LEFT_SCRIPTS = {"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"}
SCRIPT_LETTERS = 4
CONSOLE = "console/"
"""Folder of the console's templates; without a language they are English."""


class Renderer:
    """Renders templates; autoescape is always on.

    Args:
        site_name: the name of the publication.
        public_url: the site's URL without a trailing slash; empty to use the URL of the request.
        language: BCP 47 tag for pages that belong to no blog.
        providers: the sites whose posts and videos can be shown.
        theme: the folder of a theme, whose templates go before ours; see theme.py.
        slot_every: entries between two slots.
    """

    def __init__(
        self,
        assets: Assets,
        *,
        site_name: str,
        public_url: str,
        language: str = ENGLISH,
        providers: Providers | None = None,
        theme: Path | None = None,
        slot_every: int = 10,
    ) -> None:
        self.assets = assets
        self.site_name = site_name
        self.public_url = public_url
        self.language = language
        self.languages = Languages()
        self.slots = themes.slots(theme)
        self.slot_every = slot_every if "between" in self.slots else 0
        """Entries between two slots; 0 for no slot."""
        self._template_folders = [*([theme / themes.TEMPLATES] if theme else []), TEMPLATES]
        self.environment = Environment(
            loader=FileSystemLoader(self._template_folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=InMemory(),
        )
        self.environment.globals |= {
            "asset": assets.url,
            "preloads": lambda direction: assets.fonts(
                *(PRELOADED_RIGHT_TO_LEFT if direction == "rtl" else PRELOADED)
            ),
            "site_name": site_name,
            "slots": self.slots,
            "image_url": urls.image_url,
            "source": lambda block: urls.source(image_of(block)),
            "script_words": script_words,
            "console_words": console_words,
            "quotation_marks": quotation.table,
            "srcset": lambda block: urls.srcset(image_of(block)),
            "largest": lambda block: urls.largest(image_of(block)),
            "focal": lambda block: urls.focal_classes(image_of(block)),
            "still_of": still_of,
            "poster_source": lambda block: urls.source(poster_of(block)),
            "poster_srcset": lambda block: urls.srcset(poster_of(block)),
        }
        self.environment.filters |= {
            "direction": direction,
            "topic_slug": slug_of,
            "own_language": own_language,
            "framed": tables.framed,
            "form_label": lambda name: form_labels.label(name, template_language.current()),
            "provider": (providers := providers or Providers()).name,
            "player": providers.player,
        }
        self.environment.tests["playable"] = plays_in_place
        template_language.install(self.environment)
        terms.install(self.environment)
        self._entry = self.environment.get_template("entry.html")
        self._tombstone = self.environment.get_template("tombstone.html")
        self._key_event = self.environment.get_template("key_event.html")
        self._parts = {name: self.environment.get_template(f"{name}.html") for name in PARTS}
        self.pages = KeptPages(public_url)
        self.embedded = KeptPages(public_url)
        """Pages for other sites, apart: whoever embeds a blog invents their addresses."""
        self.cards = RenderedOnce(CARDS)
        self.version = self._version()
        """Digest of templates, static files and settings shown on pages, for ETags."""

    def warm_up(self) -> None:
        """Compile all templates and read the site's languages, a third of a second in a thread of its own, so
        that the first request of each kind does not hold the event loop for it."""
        for name in self.environment.list_templates():
            self.environment.get_template(name)
        for tag in {ENGLISH, self.language}:
            self.languages.of(tag).digits("")

    def entry(self, change: Change) -> str:
        """The `<article>` of an entry, or its tombstone for a change of kind `gone`."""
        template = self._tombstone if change.kind == "gone" else self._entry
        with self._in(change.data["blog_language"]):
            return template.render(entry=change.data, change=change)

    def key_event(self, change: Change) -> str:
        """The `<li>` for the list of key events, or an empty string if the entry is not a key event."""
        data = change.data
        if change.kind != "entry" or not data["key"] or data["status"] != "published":
            return ""
        title = title_of(data["title"], [from_json(b) for b in data["blocks"]])
        with self._in(data["blog_language"]):
            return self._key_event.render(entry=data, title=title)

    def furniture(self, change: Change) -> str:
        """All `PARTS` of a page: one element for each `data-part`."""
        return "".join(self.parts(change).values())

    def parts(self, change: Change, *, current: str = "") -> dict[str, str]:
        """The same elements by name. `current` is the path of the page that they are for: one of the links to
        some of the entries."""
        with self._in(change.data["language"]):
            return {
                name: template.render(blog=change.data, current=current)
                for name, template in self._parts.items()
            }

    def template(self, name: str, *, language: str | None = None, **context: Any) -> str:
        """Render a template by file name.

        Args:
            name: the file.
            language: BCP 47 tag of what is shown: a blog's, or that of whoever works in the console; without
                it, the one for pages of no blog.
            context: the template's variables.

        Raises jinja2.UndefinedError for missing variables.
        """
        language = language or (ENGLISH if name.startswith(CONSOLE) else self.language)
        with self._in(language):
            return self.environment.get_template(name).render(context, language=language)

    def response(
        self,
        request: Request,
        name: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        language: str | None = None,
        **context: Any,
    ) -> Response:
        """An HTML response; not cacheable unless `headers` say otherwise."""
        page = self.template(name, language=language, path=request.scope["path"], status=status, **context)
        return Response(
            page,
            status_code=status,
            media_type="text/html",
            headers={"Cache-Control": "no-store"} | dict(headers or {}),
        )

    def _in(self, language: str) -> AbstractContextManager[None]:
        return template_language.rendered_in(self.languages.of(language))

    def _version(self) -> str:
        parts = (
            self.assets.digest, self.site_name, self.public_url, self.language, self.languages.digest,
            str(self.slot_every),
        )
        digest = hashlib.sha256(" ".join(parts).encode())
        for folder in self._template_folders:
            for path in sorted(folder.rglob("*.html")):
                digest.update(path.read_bytes())
        return digest.hexdigest()[:10]


def direction(language: str) -> str:
    """`rtl` for languages written from right to left, else `ltr`. A script in the tag decides: Azeri is
    written both ways, `az-Arab` and `az-Latn`."""
    name, _, rest = language.lower().partition("-")
    script = rest.partition("-")[0]
    if len(script) == SCRIPT_LETTERS and script.isalpha():
        return "rtl" if script in RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if name in RIGHT_TO_LEFT else "ltr"


def own_language(data: Mapping[str, Any]) -> Markup:
    """The attributes for the words of an entry: its language where it is another than its blog's, and its
    direction, which else follows from the words."""
    language = data["language"]
    if not language or language.lower() == data["blog_language"].lower():
        return Markup(' dir="auto"')
    return Markup(' lang="{}" dir="{}"').format(language, direction(language))


def image_of(data: Mapping[str, Any]) -> Image:
    """The picture from its JSON in a change: an image block, or one of a gallery's."""
    return image_from_json(data)


def still_of(lead: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the front page shows of a blog's lead: its picture, or the poster of its video. Nothing of a picture
    that is covered."""
    if lead is None or lead.get("sensitive") or (lead["type"] == "video" and not lead["poster"]):
        return None
    picture = image_of(lead) if lead["type"] == "image" else poster_of(lead)
    return {"src": urls.source(picture), "width": picture.width, "height": picture.height}


def poster_of(data: Mapping[str, Any]) -> Image:
    """The poster of a video block from its JSON."""
    block = from_json(data)
    assert isinstance(block, Video)
    return urls.poster_of(block)
