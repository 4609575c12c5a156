"""A script of another site in a real browser: what it may read and send, with a token and with a cookie."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.support.app import Running
from tests.support.browser import visit

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SCRIPT = """async ([url, token]) => {
  const read = async (path, options) => {
    try {
      const answer = await fetch(url + path, options);
      return [answer.status, (await answer.text()).length > 0, answer.headers];
    } catch { return ["hidden", false, new Headers()]; }
  };
  const [feed, , told] = await read("/live/elsewhere/feed.json");
  const [missing, problem] = await read("/api/v1/blogs/nothing");
  const [posted, , made] = await read("/api/v1/blogs/elsewhere/entries", {
    method: "POST", body: JSON.stringify({body: "Rain"}),
    headers: {Authorization: `Bearer ${token}`, "Content-Type": "application/json", "Idempotency-Key": "one"},
  });
  const [withCookie] = await read("/api/v1/blogs", {credentials: "include"});
  const [page] = await read("/live/elsewhere");
  const update = await new Promise((resolve, reject) => {
    const source = new EventSource(url + "/live/elsewhere/stream?after=k.0");
    source.addEventListener("reset", () => { source.close(); resolve("reset"); });
    source.onerror = () => reject(new Error("the stream was refused"));
  });
  const location = made.get("location");
  return {feed, etag: told.has("etag"), missing, problem, posted, location, withCookie, page, update};
}"""


class _Blank(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def another_site() -> Iterator[str]:
    """The address of a site that is not ours."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Blank) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{site.server_port}/"
        finally:
            site.shutdown()
            thread.join()


async def test_script_of_another_site_reads_what_is_public(server: Running, browser: Browser) -> None:
    await server.blog("elsewhere")
    with another_site() as address:
        async with visit(browser) as context:
            page = await context.new_page()
            await page.goto(address)
            found = await page.evaluate(SCRIPT, [server.url, server.admin_token])
    assert found.pop("location").startswith("/api/v1/blogs/elsewhere/entries/")
    assert found == {
        "feed": 200, "etag": True, "missing": 404, "problem": True, "posted": 201, "withCookie": "hidden",
        "page": "hidden", "update": "reset",
    }
