"""People of the newsroom, their log-ins and the tokens of programs. Secrets are here only as digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from server.domain.permissions import Role
from server.domain.times import to_text


@dataclass(frozen=True, slots=True)
class User:
    """A person of the newsroom. `role` holds for all blogs, `blog_roles` (by blog id) for one each."""

    id: str
    username: str
    name: str
    password: str
    role: Role | None
    active: bool
    created_at: datetime
    blog_roles: Mapping[str, Role] = field(default_factory=dict)

    def to_json(self, slugs: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The user as the API serves it; `slugs` names blogs by id."""
        names = slugs or {}
        return {
            "id": self.id, "username": self.username, "name": self.name, "role": self.role,
            "blog_roles": {names.get(b, b): r for b, r in sorted(self.blog_roles.items())},
            "active": self.active, "created_at": to_text(self.created_at),
        }


@dataclass(frozen=True, slots=True)
class Token:
    """An API token: for all blogs, or for one. The token itself is shown once and not kept. It can do no more
    than who made it (`author_id`) and ends with them, unless `keep`."""

    id: str
    name: str
    digest: str
    role: Role
    blog_id: str | None
    author_id: str | None
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    keep: bool = False

    def to_json(self, slug: str | None = None, maker: str | None = None) -> dict[str, Any]:
        """The token as the API serves it; `maker` is the name of who made it."""
        return {
            "id": self.id, "name": self.name, "role": self.role, "blog": slug or self.blog_id,
            "made_by": maker, "keep": self.keep,
            "created_at": to_text(self.created_at), "used_at": to_text(self.used_at),
            "revoked_at": to_text(self.revoked_at),
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in that lives until it expires or is revoked."""

    digest: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    agent: str
