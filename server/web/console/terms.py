"""What the console calls states and roles, in the language of the page. Templates say
`{{ status | entry_status }}`, and give `named("role")` to a choice."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment

from server.domain.message import N_
from server.web.languages import Language
from server.web.template_language import current

TERMS: Mapping[str, Mapping[str, str]] = {
    "entry_status": {
        "draft": N_("Draft"), "pending": N_("Waiting for approval"), "scheduled": N_("Scheduled"),
        "published": N_("Published"), "retracted": N_("Retracted"),
    },
    "entries_by_status": {
        "draft": N_("Drafts"), "pending": N_("Waiting"), "scheduled": N_("Scheduled"),
        "published": N_("Published"), "retracted": N_("Retracted"),
    },
    "blog_status": {"draft": N_("Draft"), "live": N_("Live"), "closed": N_("Closed")},
    "role": {"contributor": N_("Contributor"), "editor": N_("Editor"), "admin": N_("Admin")},
    "media": {"image": N_("Picture"), "video": N_("Video"), "embed": N_("Embed")},
}


def term(language: Language, kind: str, value: str) -> str:
    """A value as people say it; the value itself where it is none of the kind."""
    english = TERMS[kind].get(value)
    return value if english is None else language.gettext(english)


def named(kind: str) -> dict[str, str]:
    """All values of a kind with what they are called, for a choice."""
    return {value: term(current(), kind, value) for value in TERMS[kind]}


def install(environment: Environment) -> None:
    """One filter for each kind, and `named`."""
    environment.globals["named"] = named
    for kind in TERMS:
        environment.filters[kind] = lambda value, kind=kind: term(current(), kind, value)
