"""What may be sent: one model for each kind of body, with every limit. Forms of the console use them too.

Unknown fields are refused, types are strict, and control characters are refused where they make no sense:
what passes here can be put in a header, a feed or an event without further thought.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypeAliasType

from server.auth import passwords
from server.domain import blocks, blog, permissions
from server.text import markdown

MAX_LINE = 300
MAX_TEXT = 2_000
MAX_BODY = 200_000
MAX_URL = 2_000
MAX_BLOCKS = 200
MAX_DEVELOPMENTS = 30
MAX_RELATED = 50

# C0 and C1 controls and the separators that JavaScript and event streams take for line ends
_CONTROL = r"\u0000-\u001F\u007F-\u009F\u2028\u2029"
LINE = rf"^[^{_CONTROL}]*$"
LINE_WITH_WORDS = rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"
TEXT = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*$"
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
URL = (
    r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:([0-9]{1,4}|[1-5][0-9]{4}))?"
    r"([/?#][^\s\u0000-\u0020\u007F-\u00A0\"<>\\^`{|}]*)?$"
)
MEDIA_ID = r"^[a-z2-7]{16}$"
# BCP 47 without grandfathered tags: language, script, region, variants, extensions, private use
LANGUAGE = (
    r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(-[A-WYZa-wyz0-9](-[A-Za-z0-9]{2,8})+)*(-x(-[A-Za-z0-9]{1,8})+)?$"
)
ZONES = sorted(z for z in zoneinfo.available_timezones() if z not in ("localtime", "posixrules", "Factory"))
_ZONES = frozenset(ZONES)


def _matching(pattern: str, message: str) -> AfterValidator:
    compiled = re.compile(pattern.removesuffix("$") + r"\Z")

    def check(text: str) -> str:
        if not compiled.match(text):
            raise ValueError(message)
        return text

    return AfterValidator(check)


def _pattern(pattern: str) -> Any:
    return Field(json_schema_extra={"pattern": pattern})


def _zone(text: str) -> str:
    if text not in _ZONES:
        raise ValueError("not an IANA time zone, for example Europe/Lisbon")
    return text


def _instant(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("too far away") from error


_no_control = _matching(LINE, "no line breaks or control characters")
_with_words = _matching(LINE_WITH_WORDS, "needs some text, and no line breaks or control characters")
_strip = AfterValidator(str.strip)

Line = Annotated[str, Field(max_length=MAX_LINE), _pattern(LINE), _no_control, _strip]
"""One line of plain text; may be empty."""
Words = Annotated[
    str, Field(min_length=1, max_length=MAX_LINE), _pattern(LINE_WITH_WORDS), _with_words, _strip
]
"""One line of plain text with something in it."""
Text = Annotated[
    str, Field(max_length=MAX_TEXT), _pattern(TEXT), _matching(TEXT, "no control characters"), _strip
]
"""Plain text that may have line breaks."""
Long = Annotated[str, Field(max_length=MAX_BODY), _pattern(TEXT), _matching(TEXT, "no control characters")]
"""Markdown or HTML."""
Url = Annotated[
    str, Field(max_length=MAX_URL), _pattern(URL),
    _matching(URL, "an address that starts with http:// or https://"),
]
Slug = Annotated[
    str, Field(max_length=100), _pattern(SLUG), _matching(SLUG, "a-z, 0-9 and single hyphens between them")
]
Language = Annotated[
    str, Field(max_length=35), _pattern(LANGUAGE), _matching(LANGUAGE, "a BCP 47 tag, for example en-GB")
]
TimeZone = TypeAliasType(
    "TimeZone", Annotated[str, AfterValidator(_zone), WithJsonSchema({"type": "string", "enum": ZONES})]
)
MediaId = Annotated[str, _pattern(MEDIA_ID), _matching(MEDIA_ID, "the id of an uploaded picture")]
Instant = Annotated[AwareDatetime, AfterValidator(_instant)]
Role: TypeAlias = permissions.Role
WantedStatus: TypeAlias = Literal["draft", "pending", "scheduled", "published"]
"""Retracted is what DELETE makes."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RelatedBody(Body):
    title: Words
    url: Url


class BlogChanges(Body):
    """Changes of a blog's furniture: what is left out stays. The slug is for ever."""

    headline: Words = ""
    standfirst: Text = ""
    key_developments: Annotated[list[Words], Field(max_length=MAX_DEVELOPMENTS)] = []
    status: blog.BlogStatus = "draft"
    byline: Line = ""
    language: Language = "en"
    time_zone: TimeZone = "UTC"
    related: Annotated[list[RelatedBody], Field(max_length=MAX_RELATED)] = []


class BlogBody(BlogChanges):
    """A new blog."""

    slug: Slug
    headline: Words


class TextBody(Body):
    """Running text as HTML, or as `markdown` when `html` is left out."""

    type: Literal["text"]
    html: Long = ""
    markdown: Long = ""


class QuoteBody(Body):
    type: Literal["quote"]
    html: Long
    cite: Line = ""


class ImageBody(Body):
    """An uploaded picture. Sizes and kind are the upload's; sending back what was read is no error."""

    type: Literal["image"]
    media_id: MediaId
    alt: Text = ""
    caption: Text = ""
    credit: Line = ""
    decorative: bool = False
    width: Annotated[int, Field(ge=0, le=100_000)] = 0
    height: Annotated[int, Field(ge=0, le=100_000)] = 0
    widths: Annotated[list[Annotated[int, Field(ge=0, le=100_000)]], Field(max_length=20)] = []
    mime: Annotated[str, Field(max_length=100)] = ""


class VideoBody(Body):
    type: Literal["video"]
    url: Url
    title: Line = ""
    byline: Line = ""
    caption: Text = ""
    poster: Literal[""] | MediaId = ""
    provider: Line = ""


class EmbedBody(Body):
    type: Literal["embed"]
    url: Url
    title: Line = ""
    provider: Line = ""


BlockBody: TypeAlias = Annotated[
    TextBody | QuoteBody | ImageBody | VideoBody | EmbedBody, Field(discriminator="type")
]


class EntryBody(Body):
    """A new entry. `body` is Markdown, and comes before `blocks` when both are given."""

    title: Line = ""
    body: Long = ""
    blocks: Annotated[list[BlockBody], Field(max_length=MAX_BLOCKS)] = []
    byline: Line = ""
    key: bool = False
    pinned: bool = False
    breaking: bool = False
    status: WantedStatus = "published"
    publish_at: Instant | None = None


class EntryChanges(EntryBody):
    """Changes of an entry: what is left out stays. `body` or `blocks` replace all blocks."""


USERNAME = r"^[a-z0-9]([a-z0-9._@+-]{0,62}[a-z0-9])?$"
Password = Annotated[
    str, Field(min_length=passwords.MIN_LENGTH, max_length=passwords.MAX_LENGTH), _pattern(LINE), _no_control
]
Username = Annotated[
    str, Field(max_length=64), _pattern(USERNAME),
    _matching(USERNAME, "a-z, 0-9 and ._@+-, a letter or digit at each end"),
]
PersonName = Annotated[
    str, Field(min_length=1, max_length=100), _pattern(LINE_WITH_WORDS), _with_words, _strip
]


class UserBody(Body):
    """A new user; `blog_roles` holds a role for single blogs, by slug."""

    username: Username
    name: PersonName
    password: Password
    role: Role | None = None
    blog_roles: dict[Slug, Role] = {}


class UserChanges(Body):
    """Changes of a user: what is left out stays."""

    name: PersonName = ""
    role: Role | None = None
    blog_roles: dict[Slug, Role] = {}
    active: bool = True


class PasswordBody(Body):
    """A new password; for one's own, with the `current` one."""

    password: Password
    current: Annotated[str, Field(max_length=passwords.MAX_LENGTH)] | None = None


class TokenBody(Body):
    """A new API token, for all blogs or for the one with the slug `blog`. It ends with who made it, unless
    `keep`."""

    name: PersonName
    role: Role
    blog: Slug | None = None
    keep: bool = False


class LogInBody(Body):
    username: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1_000)]


def blocks_of(body: str, given: list[BlockBody]) -> tuple[blocks.Block, ...]:
    """The blocks that a body and a list of blocks ask for, the body's first. Not sanitised yet."""
    made: list[blocks.Block] = list(markdown.to_blocks(body))
    for block in given:
        if isinstance(block, TextBody) and block.markdown and not block.html:
            made.append(blocks.Text(html=markdown.to_html(block.markdown), markdown=block.markdown))
        else:
            made.append(blocks.from_json(block.model_dump()))
    return tuple(made)
