"""What an operator finds in the log after a bad day: who added people, changed roles and tokens, and who tried
to log in. Nothing of it is a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from tests.support.app import running

pytestmark = pytest.mark.anyio

PASSWORD, WRONG = "correct horse battery", "wrong horse battery"


async def test_people_roles_tokens_and_log_ins_leave_a_line(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        with structlog.testing.capture_logs() as lines:
            body = {"username": "olga", "name": "Olga", "password": PASSWORD, "role": "editor"}
            user = (await server.http.post("/api/v1/users", json=body)).json()
            path = f"/api/v1/users/{user['id']}"
            log_in = {"username": "olga", "password": PASSWORD}
            assert (await server.anonymous.post("/api/v1/session", json=log_in)).is_success
            for wrong in (log_in | {"password": WRONG}, {"username": WRONG, "password": PASSWORD}):
                assert (await server.anonymous.post("/api/v1/session", json=wrong)).status_code == 401
            assert (await server.http.patch(path, json={"role": "contributor"})).is_success
            assert (await server.http.put(f"{path}/password", json={"password": WRONG})).is_success
            assert (await server.http.patch(path, json={"active": False})).is_success
            token = (await server.http.post("/api/v1/tokens", json={"name": "wire", "role": "editor"})).json()
            assert (await server.http.delete(f"/api/v1/tokens/{token['id']}")).is_success
            server.site.throttle.__init__(by_name=0, by_address=0)  # type: ignore[misc]
            assert (await server.anonymous.post("/api/v1/session", json=log_in)).status_code == 429
        said = [line for line in lines if line["event"].startswith("audit.")]
        assert [line["event"].removeprefix("audit.") for line in said] == [
            "user_added", "logged_in", "log_in_failed", "log_in_failed", "user_changed", "password_changed",
            "user_changed", "token_added", "token_revoked", "log_in_throttled",
        ]
        added, _, failed, unknown, lowered, _, removed, *_ = said
        assert (added["username"], added["role"], added["by_name"][:5]) == ("olga", "editor", "tests")
        assert (failed["username"], unknown["username"]) == ("olga", None)
        assert (lowered["role"], removed["active"]) == ("contributor", False)
        assert not [secret for secret in (PASSWORD, WRONG, token["token"]) if secret in str(said)]
