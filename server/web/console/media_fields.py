"""What the form of an entry carries of each picture, video or embed beside the fields that a person sees.

It comes from the page that this server made, and may come from anybody: it is checked like any other input.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from server.domain.errors import Invalid
from server.web.api.field_types import Line, MediaId, Text

Size: TypeAlias = Annotated[int, Field(ge=0, le=100_000)]
Place: TypeAlias = Annotated[int, Field(ge=0, le=10_000)] | None


class Hidden(BaseModel):
    """`place`: where the block stood in the entry. What a person typed has fields of its own, so the rest is
    left out here."""

    model_config = ConfigDict(extra="ignore", strict=True)

    place: Place = None


class HiddenImage(Hidden):
    type: Literal["image"]
    media_id: MediaId
    width: Size = 0
    height: Size = 0
    widths: Annotated[list[Size], Field(max_length=20)] = []
    mime: Annotated[Line, Field(max_length=100)] = ""
    joined: bool = False


class HiddenVideo(Hidden):
    type: Literal["video"]
    poster: Literal[""] | MediaId = ""
    provider: Line = ""
    poster_width: Size = 0
    poster_height: Size = 0
    poster_widths: Annotated[list[Size], Field(max_length=20)] = []
    unavailable: bool = False


class HiddenEmbed(Hidden):
    type: Literal["embed"]
    provider: Line = ""
    author: Line = ""
    description: Text = ""
    thumbnail: Literal[""] | MediaId = ""
    width: Size = 0
    height: Size = 0
    unavailable: bool = False


_KINDS: TypeAdapter[HiddenImage | HiddenVideo | HiddenEmbed] = TypeAdapter(
    Annotated[HiddenImage | HiddenVideo | HiddenEmbed, Field(discriminator="type")]
)


def read(name: str, text: str) -> dict[str, Any]:
    """The block that the field `name` holds as JSON. Raises Invalid for anything that no page of ours sent."""
    try:
        return _KINDS.validate_json(text.encode()).model_dump()
    except (ValidationError, UnicodeEncodeError) as error:
        raise Invalid.field(name, "this part of the form cannot be read; load the page again") from error
