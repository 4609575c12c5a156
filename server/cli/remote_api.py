"""Work on a server elsewhere, over its API. A request that got no answer is sent again with the same
`Idempotency-Key`, so that a retry posts once."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.domain import errors

if TYPE_CHECKING:
    import httpx2

Url = Annotated[str, typer.Option("--url", help="Address of a server; without it the own database is used.")]
ApiToken = Annotated[
    str, typer.Option("--token", envvar="STOPPRESS_TOKEN", help="API token for --url.", show_envvar=True)
]

TRIES = 6
FIRST_WAIT = 0.25
LONGEST_WAIT = 8.0
SECONDS, CONNECT_SECONDS = 30.0, 5.0

_KINDS: dict[str, type[errors.StopPressError]] = {
    kind.code: kind
    for kind in (
        errors.Unauthenticated, errors.Forbidden, errors.NotFound, errors.Gone, errors.Conflict,
        errors.KeyReused, errors.RevisionRequired, errors.TooLarge, errors.UnsupportedMedia,
        errors.Unavailable,
    )
}


def post(
    url: str,
    path: str,
    body: Mapping[str, Any],
    *,
    token: str,
    key: str = "",
    transport: httpx2.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Send one thing to `/api/v1{path}` of the server at `url`; what it answered.

    Args:
        token: an API token.
        key: the Idempotency-Key; a random one when empty.
        transport, sleep: for tests.

    Raises:
        StopPressError: the server refused; the kind follows the answer's `code`.
        Unavailable: no answer after `TRIES` tries.
    """
    import httpx2

    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or str(uuid.uuid4())}
    address = f"{url.rstrip('/')}/api/v1{path}"
    timeout = httpx2.Timeout(SECONDS, connect=CONNECT_SECONDS)
    with httpx2.Client(timeout=timeout, headers=headers, transport=transport) as client:
        for attempt in range(TRIES):
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2**attempt) * random.uniform(0.5, 1.0)  # noqa: S311 (jitter)
            try:
                answer = client.post(address, json=dict(body))
            except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
                raise errors.Invalid.field("--url", "an address: http://… or https://…") from error
            except httpx2.TransportError:
                if attempt + 1 == TRIES:
                    break
                sleep(wait)
                continue
            if answer.status_code in (429, 502, 503, 504) and attempt + 1 < TRIES:
                sleep(max(wait, min(LONGEST_WAIT, _retry_after(answer))))
                continue
            return _taken(answer)
    raise errors.Unavailable(f"{url} does not answer. Sending it again with the same --key posts once.")


def _retry_after(answer: httpx2.Response) -> float:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 0.0


def _taken(answer: httpx2.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    if answer.is_success:
        return said
    detail = str(said.get("detail") or f"The server answered {answer.status_code}.")
    code = str(said.get("code", ""))
    if code == errors.Invalid.code:
        fields = [e for e in said.get("errors", []) if isinstance(e, dict)]
        raise errors.Invalid(
            *(errors.FieldError(str(e.get("field")), str(e.get("message"))) for e in fields), detail=detail
        )
    if answer.status_code in (429, 502, 503, 504):
        raise errors.Unavailable(detail)
    raise _KINDS.get(code, errors.StopPressError)(detail)
