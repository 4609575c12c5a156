"""What may be sent: one model for each kind of body, with every limit. Forms of the console use them too.

Unknown fields are refused and types are strict. In words, what cannot be shown is repaired or dropped
(text/characters.py); names and addresses with control characters are refused: what passes here can be put in a
header, a feed or an event without further thought.
"""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    WithJsonSchema,
)
from typing_extensions import TypeAliasType

from server.domain import blocks, blog, byline, permissions
from server.domain.blog import MAX_SLUG, SLUG
from server.domain.errors import FieldError, Invalid
from server.domain.text_limits import (
    MAX_BLOCKS,
    MAX_BODY,
    MAX_DEVELOPMENTS,
    MAX_LINE,
    MAX_PASSWORD,
    MAX_RELATED,
    MAX_TEXT,
    MAX_TOPIC,
    MAX_TOPICS,
    MAX_URL,
    MIN_PASSWORD,
)
from server.text.characters import half_character, repair, repair_line, trimmed

MAX_ERRORS = 50
"""Fields that one answer names. A body of a megabyte can have a hundred thousand that are wrong."""

# C0 and C1 controls, and the separators that JavaScript and event streams treat as line ends
_CONTROL = r"\u0000-\u001F\u007F-\u009F\u2028\u2029"
LINE = rf"^[^{_CONTROL}]*$"
WITH_WORDS = r"\S"
_UNION_TAGS = frozenset({"text", "quote", "image", "video", "embed", "as_name", "as_parts"})
URL = (
    r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:([0-9]{1,4}|[1-5][0-9]{4}))?"
    r"([/?#][^\s\u0000-\u0020\u007F-\u00A0\"<>\\^`{|}]*)?$"
)
HTTPS = f"^({URL[1:-1].replace('https?', 'https', 1)})?$"
MEDIA_ID = r"^[a-z2-7]{16}$"
# BCP 47 without grandfathered tags: language, script, region, variants, extensions, private use
LANGUAGE = (
    r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(-[A-WYZa-wyz0-9](-[A-Za-z0-9]{2,8})+)*(-x(-[A-Za-z0-9]{1,8})+)?$"
)
ZONES = sorted(z for z in zoneinfo.available_timezones() if z not in ("localtime", "posixrules", "Factory"))
ZONE = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"
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
        raise ValueError("must be an IANA time zone, for example Europe/Lisbon")
    return text


def _instant(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


_no_control = _matching(LINE, "must not contain line breaks or control characters")


def _one_line(text: str) -> str:
    return trimmed(repair_line(text))


def _some_words(text: str) -> str:
    words = _one_line(text)
    if not words:
        raise ValueError("needs some text")
    return words


Line = Annotated[str, Field(max_length=MAX_LINE), AfterValidator(_one_line)]
"""One line of plain text; may be empty."""
Words = Annotated[
    str, Field(min_length=1, max_length=MAX_LINE), _pattern(WITH_WORDS), AfterValidator(_some_words)
]
"""One line of plain text with something to see in it."""
Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(lambda text: trimmed(repair(text)))]
"""Plain text that may have line breaks."""
Long = Annotated[str, Field(max_length=MAX_BODY), AfterValidator(repair)]
"""Markdown or HTML."""
Url = Annotated[
    str, Field(max_length=MAX_URL), _pattern(URL),
    _matching(URL, "must be a URL that starts with http:// or https://"),
]
HttpsOrNone = Annotated[
    str, Field(max_length=MAX_URL), _pattern(HTTPS),
    _matching(HTTPS, "an address that starts with https://, or empty"),
]
Topic = Annotated[
    str, Field(min_length=1, max_length=MAX_TOPIC), _pattern(WITH_WORDS), AfterValidator(_some_words)
]
Slug = Annotated[
    str, Field(max_length=MAX_SLUG), _pattern(SLUG),
    _matching(SLUG, "may contain a-z, 0-9 and single hyphens between them"),
]
Language = Annotated[
    str, Field(max_length=35), _pattern(LANGUAGE),
    _matching(LANGUAGE, "must be a BCP 47 language tag, for example en-GB"),
]
# a string, not an enumeration: generators of clients stop at 600 names, and the list changes every year
TimeZone = TypeAliasType(
    "TimeZone",
    Annotated[
        str, AfterValidator(_zone),
        WithJsonSchema({
            "type": "string", "pattern": ZONE, "maxLength": max(map(len, ZONES)),
            "description": "An IANA time zone.", "examples": ["Europe/Lisbon"],
        }),
    ],
)
MediaIdOrNone = Annotated[
    str, _pattern(rf"^({MEDIA_ID[1:-1]})?$"), _matching(rf"^({MEDIA_ID[1:-1]})?$", "an id, or empty")
]
MediaId = Annotated[str, _pattern(MEDIA_ID), _matching(MEDIA_ID, "must be the id of an uploaded picture")]
Instant = Annotated[AwareDatetime, AfterValidator(_instant)]
Role: TypeAlias = permissions.Role
WantedStatus: TypeAlias = Literal["draft", "pending", "scheduled", "published"]
"""Statuses that a client can set; DELETE sets `retracted`."""


Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RelatedBody(Body):
    title: Words
    url: Url


class BylineBody(Body):
    """Who wrote, chosen by `id` or by `name`. `role` and `place` are of this entry or blog; left out, they stay
    or are the byline's. A new name is kept as a byline, with `picture` and `url`. With an `id`, name, `picture`
    and `url` are not looked at, so that sending back what was read is no error."""

    id: MediaIdOrNone = ""
    name: Line = ""
    role: Line | None = None
    place: Line | None = None
    picture: MediaIdOrNone | None = None
    url: HttpsOrNone | None = None


def _form_of_byline(value: Any) -> str:
    return "as_name" if isinstance(value, str) else "as_parts"


Bylines: TypeAlias = Annotated[
    list[
        Annotated[
            Annotated[BylineBody, Tag("as_parts")] | Annotated[Words, Tag("as_name")],
            Discriminator(_form_of_byline),
        ]
    ],
    Field(max_length=byline.MAX_BYLINES),
]
"""Who wrote, in order: an object, or just a name."""


class BlogChanges(Body):
    """Changes to a blog; omitted fields stay unchanged. The slug cannot be changed."""

    headline: Words = ""
    standfirst: Text = ""
    key_developments: Annotated[list[Words], Field(max_length=MAX_DEVELOPMENTS)] = []
    status: blog.BlogStatus = "draft"
    bylines: Bylines = []
    byline: Line = ""
    language: Language = "en"
    time_zone: TimeZone = "UTC"
    topics: Annotated[list[Topic], Field(max_length=MAX_TOPICS)] = []
    related: Annotated[list[RelatedBody], Field(max_length=MAX_RELATED)] = []


class BlogBody(BlogChanges):
    """A new blog."""

    slug: Slug
    headline: Words


class TextBody(Body):
    """Text as `html`, or as `markdown` if `html` is omitted."""

    type: Literal["text"]
    html: Long = ""
    markdown: Long = ""


class QuoteBody(Body):
    type: Literal["quote"]
    html: Long
    cite: Line = ""


class ImageBody(Body):
    """An uploaded picture. `width`, `height`, `widths` and `mime` are accepted, so that a block can be sent
    back as it was read, and replaced by those of the upload."""

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
    """A new entry. `body` is Markdown, and comes before `blocks` when both are given. `byline` is one name as
    plain text; `bylines` hold when both are given. `language` is null where it is the blog's."""

    title: Line = ""
    body: Long = ""
    blocks: Annotated[list[BlockBody], Field(max_length=MAX_BLOCKS)] = []
    bylines: Bylines = []
    byline: Line = ""
    topics: Annotated[list[Topic], Field(max_length=MAX_TOPICS)] = []
    language: Language | None = None
    key: bool = False
    pinned: bool = False
    breaking: bool = False
    status: WantedStatus = "published"
    publish_at: Instant | None = None


class EntryChanges(EntryBody):
    """Changes of an entry: what is left out stays. `body` or `blocks` replace all blocks. `note` is the reason
    when an editor sends a contribution back (`status` `draft`)."""

    note: Text = ""


USERNAME = r"^[a-z0-9]([a-z0-9._@+-]{0,62}[a-z0-9])?$"
Password = Annotated[
    str, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD), _pattern(LINE), _no_control
]
Username = Annotated[
    str, Field(max_length=64), _pattern(USERNAME),
    _matching(USERNAME, "may contain a-z, 0-9 and ._@+-, and must start and end with a letter or digit"),
]
PersonName = Annotated[
    str, Field(min_length=1, max_length=100), _pattern(WITH_WORDS), AfterValidator(_some_words)
]


class UserBody(Body):
    """A new user; `blog_roles` gives roles for single blogs, by slug."""

    username: Username
    name: PersonName
    password: Password
    role: Role | None = None
    blog_roles: dict[Slug, Role] = {}


class UserChanges(Body):
    """Changes to a user; omitted fields stay unchanged."""

    name: PersonName = ""
    role: Role | None = None
    blog_roles: dict[Slug, Role] = {}
    active: bool = True


class PasswordBody(Body):
    """A new password; `current` is required to change one's own."""

    password: Password
    current: Annotated[str, Field(max_length=MAX_PASSWORD)] | None = None


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


class NewBylineBody(Body):
    """A new byline of the newsroom. `picture` is the id of an uploaded picture."""

    name: Words
    role: Line = ""
    place: Line = ""
    picture: MediaIdOrNone = ""
    url: HttpsOrNone = ""


class BylineChanges(Body):
    """Changes of a byline: what is left out stays."""

    name: Words = ""
    role: Line = ""
    place: Line = ""
    picture: MediaIdOrNone = ""
    url: HttpsOrNone = ""


def bylines_of(body: BlogChanges | EntryBody) -> tuple[byline.Byline, ...]:
    """The bylines that a body asks for: `bylines`, or where they are left out, `byline` as one name."""
    if "bylines" in body.model_fields_set:
        return tuple(_byline(b) for b in body.bylines)
    name = byline.cleaned(body.byline)
    return (byline.Byline.by_name(name),) if name else ()


def _byline(body: BylineBody | str) -> byline.Byline:
    if isinstance(body, str):
        return byline.Byline.by_name(body)
    return byline.Byline(body.name, body.role, body.place, body.picture, body.url, id=body.id)


def blocks_of(body: str, given: list[BlockBody]) -> tuple[blocks.Block, ...]:
    """The blocks that a body and a list of blocks ask for, the body's first, as they were sent:
    newsroom/content.py reads and cleans them."""
    made: list[blocks.Block] = [blocks.Text(html="", markdown=body)] if body else []
    return (*made, *(blocks.from_json(block.model_dump()) for block in given))


def as_sent(error: Invalid, body: str) -> Invalid:
    """An error about the blocks that `blocks_of` made, with the names of what was sent."""
    return Invalid(*(FieldError(_as_sent(f.field, bool(body)), f.message) for f in error.fields))


def _as_sent(field: str, body: bool) -> str:
    name, _, rest = field.partition(".")
    index, _, part = rest.partition(".")
    if name != "blocks" or not index.isdigit() or not body:
        return field
    return f"blocks.{int(index) - 1}.{part}" if int(index) else "body"


def checked(model: type[Model], data: dict[str, Any]) -> Model:
    """Values of a form or a command as the API would take them. Raises Invalid with all fields that cannot be
    taken."""
    for field, value in data.items():
        if isinstance(value, str) and (place := half_character(value)):
            raise Invalid.field(field, f"{place}: half of a character (an unpaired surrogate)")
    return validated(model, json.dumps(data).encode())


def validated(model: type[Model], data: bytes) -> Model:
    """JSON as `model`. Raises Invalid with all fields that cannot be taken."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False)[:MAX_ERRORS]
        raise Invalid(*(_field_error(e) for e in found)) from error


def _field_error(error: Mapping[str, Any]) -> FieldError:
    place = [str(p) for p in error["loc"] if p not in _UNION_TAGS or error["loc"].index(p) != 2]
    return FieldError(".".join(place)[:200] or "body", _said(error))


def _said(error: Mapping[str, Any]) -> str:
    """What is wrong, with the limit and what there is."""
    limits: Mapping[str, Any] = error.get("ctx", {})
    if error["type"] == "string_too_long":
        return f"at most {limits['max_length']:,} characters; this has {len(error['input']):,}"
    if error["type"] == "literal_error":
        return f"one of {limits['expected'].replace(' or ', ', ').replace(chr(39), '')}"
    if error["type"] == "string_too_short":
        return "needs some text"
    if error["type"] == "too_long":
        return f"at most {limits['max_length']:,}; these are {limits['actual_length']:,}"
    return str(error["msg"]).removeprefix("Value error, ")
