"""Who may do what: the whole table, for each role, for all blogs and for one."""

from __future__ import annotations

import pytest

from server.domain.errors import Forbidden, NotFound
from server.domain.permissions import EVERYWHERE, ROLES, Action, Caller, Role, may, require

LEAST: dict[Action, Role] = {
    Action.BLOG_CREATE: "editor", Action.BLOG_READ: "contributor", Action.BLOG_EDIT: "editor",
    Action.ENTRY_CREATE: "contributor", Action.ENTRY_PUBLISH: "editor", Action.ENTRY_EDIT: "editor",
    Action.ENTRY_RETRACT: "editor", Action.ENTRY_REVISIONS: "editor", Action.MEDIA_UPLOAD: "contributor",
    Action.AUDIT_READ: "editor", Action.PICTURES_MANAGE: "editor",
    Action.BYLINES_READ: "contributor", Action.BYLINES_MANAGE: "editor",
    Action.USERS_MANAGE: "admin", Action.TOKENS_MANAGE: "admin",
}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_for_all_blogs(action: Action, role: Role) -> None:
    allowed = ROLES.index(role) >= ROLES.index(LEAST[action])
    assert may(Caller("user:1", "Ada", role), action, "b") is allowed


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_for_one_blog_counts_there_only(action: Action, role: Role) -> None:
    caller = Caller("user:1", "Ada", None, {"mine": role})
    reaches = ROLES.index(role) >= ROLES.index(LEAST[action]) and action not in EVERYWHERE
    assert may(caller, action, "mine") is reaches
    assert may(caller, action, "other") is False


@pytest.mark.parametrize("action", Action)
def test_a_reader_has_no_permissions(action: Action) -> None:
    assert not may(None, action, "b")
    assert not may(Caller("user:1", "Olga"), action, "b", own=True)


def test_a_contributor_may_edit_own_entries() -> None:
    caller = Caller("user:1", "Cem", "contributor")
    own = {action for action in Action if may(caller, action, "b", own=True)}
    assert own - {action for action in Action if may(caller, action, "b")} == {
        Action.ENTRY_EDIT, Action.ENTRY_RETRACT, Action.ENTRY_REVISIONS
    }


def test_an_outsider_is_not_told_that_a_blog_exists() -> None:
    with pytest.raises(NotFound):
        require(Caller("user:1", "Olga", None, {"other": "admin"}), Action.BLOG_EDIT, "b")
    with pytest.raises(Forbidden, match="edit this blog's details"):
        require(Caller("user:1", "Cem", "contributor"), Action.BLOG_EDIT, "b")


def test_any_role_may_upload() -> None:
    assert may(Caller("user:1", "Cem", None, {"b": "contributor"}), Action.MEDIA_UPLOAD)
    assert not may(Caller("user:1", "Olga"), Action.MEDIA_UPLOAD)


def test_anybody_of_the_newsroom_sees_its_bylines() -> None:
    caller = Caller("user:1", "Cem", None, {"b": "contributor"})
    assert may(caller, Action.BYLINES_READ) and not may(caller, Action.BYLINES_MANAGE)
    assert not may(Caller("user:1", "Olga"), Action.BYLINES_READ)
