"""Permissions: which role may do what.

A role applies to all blogs or to one. `admin` manages the installation, `editor` publishes, `contributor`
writes entries that an editor approves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal, TypeAlias, get_args

from server.domain.errors import Forbidden, NotFound
from server.domain.message import N_, Message

Role: TypeAlias = Literal["contributor", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
_RANK: dict[Role, int] = {"contributor": 1, "editor": 2, "admin": 3}


class Action(Enum):
    """An action that needs permission: its description, the lowest role allowed, and whether a contributor may
    do it with an unpublished entry of their own."""

    BLOG_CREATE = (N_("create a blog"), "editor", False)
    BLOG_READ = (N_("see this blog in the newsroom"), "contributor", False)
    BLOG_EDIT = (N_("edit this blog's details"), "editor", False)
    ENTRY_CREATE = (N_("write an entry"), "contributor", False)
    ENTRY_PUBLISH = (N_("publish an entry"), "editor", False)
    ENTRY_EDIT = (N_("edit an entry"), "editor", True)
    ENTRY_RETRACT = (N_("retract an entry"), "editor", True)
    ENTRY_REVISIONS = (N_("see an entry's revisions"), "editor", True)
    AUDIT_READ = (N_("see the log"), "editor", False)
    MEDIA_UPLOAD = (N_("upload a picture"), "contributor", False)
    PICTURES_MANAGE = (N_("decide about removed pictures"), "editor", False)
    BYLINES_READ = (N_("see the newsroom’s bylines"), "contributor", False)
    BYLINES_MANAGE = (N_("change the newsroom’s bylines"), "editor", False)
    USERS_MANAGE = (N_("manage users"), "admin", False)
    TOKENS_MANAGE = (N_("manage API tokens"), "admin", False)

    def __init__(self, words: str, least: Role, own: bool) -> None:
        self.words, self.least, self.own = words, least, own


EVERYWHERE: frozenset[Action] = frozenset(
    {
        Action.BLOG_CREATE, Action.PICTURES_MANAGE, Action.BYLINES_MANAGE, Action.USERS_MANAGE,
        Action.TOKENS_MANAGE,
    }
)
"""Actions that need a role for all blogs; a role for one blog is not enough."""
ANYWHERE: frozenset[Action] = frozenset({Action.MEDIA_UPLOAD, Action.BYLINES_READ})
"""For these, asked of no single blog, a role for any blog is enough."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The user or API token that makes a request. `id` is unique across both (`user:…`, `token:…`, `system:…`);
    `role` applies to all blogs, `blog_roles` to single blogs, by blog id."""

    id: str
    name: str
    role: Role | None = None
    blog_roles: Mapping[str, Role] = field(default_factory=dict)

    def rank(self, blog_id: str | None) -> int:
        """0 for no role, up to 3 for an admin."""
        roles = [self.role, self.blog_roles.get(blog_id) if blog_id else None]
        return max((_RANK[r] for r in roles if r), default=0)


@dataclass(frozen=True, slots=True)
class Authority:
    """What a stream was permitted on: the caller as it was then, and the digest of the session that the request
    came with, if it came with one."""

    caller: Caller
    session: str | None = None


def at_most(caller: Caller, other: Caller) -> Caller:
    """`caller` with no more rights than `other` has, anywhere."""
    everywhere = min(caller.rank(None), other.rank(None))
    by_blog = {
        blog_id: min(caller.rank(blog_id), other.rank(blog_id))
        for blog_id in {*caller.blog_roles, *other.blog_roles}
    }
    return replace(
        caller,
        role=ROLES[everywhere - 1] if everywhere else None,
        blog_roles={blog_id: ROLES[rank - 1] for blog_id, rank in by_blog.items() if rank > everywhere},
    )


SYSTEM = Caller("system:stoppress", "Stop Press", "admin")
"""The server itself: scheduler, demo and command line."""


def may(caller: Caller | None, action: Action, blog_id: str | None = None, *, own: bool = False) -> bool:
    """Whether `caller` may do `action` in that blog. `own`: it is the caller's own unpublished entry."""
    if caller is None:
        return False
    if action in ANYWHERE and blog_id is None:
        return bool(caller.role or caller.blog_roles)
    rank = caller.rank(None if action in EVERYWHERE else blog_id)
    return rank >= (_RANK["contributor"] if own and action.own else _RANK[action.least])


def require(caller: Caller, action: Action, blog_id: str | None = None, *, own: bool = False) -> None:
    """Raise NotFound if the caller may not know that the blog exists, Forbidden if the role is too low."""
    if may(caller, action, blog_id, own=own):
        return
    if blog_id is not None and caller.rank(blog_id) == 0:
        raise NotFound("Blog not found.")  # in the words of one that is not there
    raise Forbidden(Message("Your role does not allow you to %(action)s.", action=Message(action.words)))
