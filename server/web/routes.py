"""Table of all routes."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route, WebSocketRoute

from server.web import static
from server.web.api import route_table as api
from server.web.console import route_table as console
from server.web.ops import health
from server.web.reader import (
    card,
    component,
    embedded,
    front_page,
    history,
    media,
    pages,
    syndication,
    well_known_files,
)
from server.web.stream import changes, sse, websocket


def table() -> list[BaseRoute]:
    return [
        # readers
        Route("/", front_page.index, name="index"),
        Route("/live/{slug}", pages.blog, name="blog"),
        Route("/live/{slug}/embed", embedded.frame, name="embed"),
        Route("/live/{slug}/component", component.content, name="component"),
        Route("/live/{slug}/entries/{id}", pages.entry, name="entry"),
        Route("/live/{slug}/entries/{id}/embed", embedded.entry_frame, name="entry_embed"),
        Route("/live/{slug}/entries/{id}/history", history.history, name="history"),
        Route("/live/{slug}/card.png", card.blog_card, name="card"),
        Route("/live/{slug}/entries/{id}/card.png", card.entry_card, name="entry_card"),
        Route("/live/{slug}/feed.rss", syndication.rss, name="rss"),
        Route("/live/{slug}/feed.atom", syndication.atom, name="atom"),
        Route("/live/{slug}/feed.json", syndication.json_feed, name="json_feed"),
        Route("/live/{slug}/stream", sse.stream, name="stream"),
        WebSocketRoute("/live/{slug}/ws", websocket.stream, name="ws"),
        Route("/live/{slug}/changes", changes.changes, name="changes"),
        # search engines and browsers, which look for these without being told
        Route("/robots.txt", well_known_files.robots, name="robots"),
        Route("/embed.js", component.script, name="embed_script"),
        Route("/oembed", embedded.oembed, name="oembed"),
        Route("/favicon.ico", well_known_files.favicon, name="favicon"),
        Route("/sitemap.xml", well_known_files.sitemap, name="sitemap"),
        # the newsroom
        *console.routes(),
        # API: the table is in web/api/route_table.py
        *api.routes(),
        # operators
        Route("/healthz", health.alive, name="healthz"),
        Route("/readyz", health.ready, name="readyz"),
        Route("/metrics", health.metrics, name="metrics"),
        # files
        Route("/media/{media_id}/{name}", media.picture, name="media"),
        Route("/static/{digest}/{name:path}", static.asset, name="static"),
    ]

