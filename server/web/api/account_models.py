"""Bodies about people: users, passwords, tokens, log-in."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from server.domain.message import N_
from server.domain.text_limits import MAX_PASSWORD, MIN_PASSWORD
from server.web.api.field_types import (
    LINE,
    WITH_WORDS,
    Role,
    Slug,
    matching,
    no_control,
    pattern_of,
    some_words,
)
from server.web.api.request_models import Body

USERNAME = r"^[a-z0-9]([a-z0-9._@+-]{0,62}[a-z0-9])?$"
Password = Annotated[
    str, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD), pattern_of(LINE), no_control
]
Username = Annotated[
    str, Field(max_length=64), pattern_of(USERNAME),
    matching(
        USERNAME,
        N_("may contain a-z, 0-9 and ._@+-, and must start and end with a letter or digit"),
    ),
]
PersonName = Annotated[
    str, Field(min_length=1, max_length=100), pattern_of(WITH_WORDS), AfterValidator(some_words)
]


class UserBody(Body):
    """A new user; `blog_roles` gives roles for single blogs, by slug."""

    username: Username
    name: PersonName
    password: Password
    role: Role | None = None
    blog_roles: dict[Slug, Role] = Field(default_factory=dict)


class UserChanges(Body):
    """Changes to a user; omitted fields stay unchanged."""

    name: PersonName = ""
    role: Role | None = None
    blog_roles: dict[Slug, Role] = Field(default_factory=dict)
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
