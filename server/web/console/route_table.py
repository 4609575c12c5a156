"""Every address of the console, in one table."""

from __future__ import annotations

from starlette.routing import Route

from server.web.console import (
    audience,
    audit_log,
    blog_page,
    blogs,
    bylines,
    closing,
    drafts,
    entry_actions,
    entry_pages,
    media,
    moves,
    notes,
    people,
    picture_pages,
    presence,
    preview,
    revisions,
    session,
)

BOTH = ["GET", "POST"]
ENTRY = "/console/blogs/{slug}/entries/{id}"


def routes() -> list[Route]:
    return [
        Route("/console/login", session.log_in, methods=BOTH),
        Route("/console/logout", session.log_out, methods=["POST"]),
        Route("/console/language", session.language, methods=["POST"]),
        Route("/console/password", session.password, methods=BOTH),
        Route("/console", blogs.index),
        Route("/console/drafts", drafts.index, methods=BOTH),
        Route("/console/blogs/new", blogs.new, methods=BOTH),
        Route("/console/blogs/{slug}", entry_pages.index, methods=BOTH),
        Route("/console/blogs/{slug}/list", blog_page.lists),
        Route("/console/blogs/{slug}/audience", audience.show),
        Route("/console/blogs/{slug}/presence", presence.beat, methods=["POST"]),
        Route("/console/blogs/{slug}/preview", preview.show, methods=["POST"]),
        Route("/console/blogs/{slug}/link", preview.link, methods=["POST"]),
        Route("/console/blogs/{slug}/furniture", blogs.furniture, methods=BOTH),
        Route("/console/blogs/{slug}/address", blogs.address, methods=BOTH),
        Route("/console/blogs/{slug}/close", closing.show, methods=BOTH),
        Route("/console/blogs/{slug}/handover", notes.hand_over, methods=BOTH),
        Route("/console/blogs/{slug}/entries/{id}", entry_pages.edit, methods=BOTH),
        Route("/console/blogs/{slug}/entries/{id}/mark", entry_actions.mark, methods=["POST"]),
        Route("/console/blogs/{slug}/entries/{id}/retract", entry_actions.retract, methods=BOTH),
        Route("/console/blogs/{slug}/entries/{id}/send-back", entry_actions.send_back, methods=BOTH),
        Route("/console/blogs/{slug}/entries/{id}/revisions", revisions.index),
        Route(f"{ENTRY}/revisions/{{revision}}/restore", revisions.restore, methods=BOTH),
        Route(f"{ENTRY}/revisions/{{revision}}/correction", revisions.correction, methods=BOTH),
        Route("/console/blogs/{slug}/entries/{id}/notes", notes.of_entry, methods=BOTH),
        Route(f"{ENTRY}/time", moves.retime, methods=BOTH),
        Route(f"{ENTRY}/move", moves.send, methods=BOTH),
        Route("/console/pictures", media.index, methods=BOTH),
        Route("/console/pictures/{id}", picture_pages.edit, methods=BOTH),
        Route("/console/pictures/{id}/removal", picture_pages.removal, methods=BOTH),
        Route("/console/pictures/{id}/allow", picture_pages.allow, methods=["POST"]),
        Route("/console/bylines", bylines.index, methods=BOTH),
        Route("/console/bylines/{id}", bylines.edit, methods=BOTH),
        Route("/console/bylines/{id}/remove", bylines.remove, methods=["POST"]),
        Route("/console/log", audit_log.show),
        Route("/console/users", people.users, methods=BOTH),
        Route("/console/users/{id}", people.user, methods=BOTH),
        Route("/console/users/{id}/password", people.reset_password, methods=["POST"]),
        Route("/console/tokens", people.tokens, methods=BOTH),
        Route("/console/tokens/{id}/revoke", people.revoke, methods=["POST"]),
    ]
