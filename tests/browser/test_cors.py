"""A script of another site in a real browser: what it may read and send, with a token and with a cookie."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.support.app import Running
from tests.support.browser import visit
from tests.support.other_site import other_site

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


async def test_script_of_another_site_reads_what_is_public(server: Running, browser: Browser) -> None:
    await server.blog("elsewhere")
    with other_site() as address:
        async with visit(browser) as context:
            page = await context.new_page()
            await page.goto(address)
            found = await page.evaluate(SCRIPT, [server.url, server.admin_token])
    assert found.pop("location").startswith("/api/v1/blogs/elsewhere/entries/")
    assert found == {
        "feed": 200, "etag": True, "missing": 404, "problem": True, "posted": 201, "withCookie": "hidden",
        "page": "hidden", "update": "reset",
    }
