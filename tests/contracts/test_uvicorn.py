"""What server/serving/uvicorn_server.py relies on in uvicorn. These are private parts: when one of these tests
fails after an upgrade, read that file before touching the pinned range."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.serving.uvicorn_server import Http, Server, WebSocket


def test_uvicorn_is_of_the_range_that_was_read() -> None:
    assert version("uvicorn").startswith("0.54.")


def test_the_http_protocol_has_what_is_used() -> None:
    source = inspect.getsource(HttpToolsProtocol)
    for name in ("self.cycle", "self.pipeline", "self.transport", "self.scope", "self.parser"):
        assert name in source
    assert "except httptools.HttpParserUpgrade:\n            if self._should_upgrade():\n" in source
    for method in ("on_message_begin", "on_header", "on_headers_complete", "handle_websocket_upgrade",
                   "send_400_response", "_unset_keepalive_if_required", "shutdown", "_start_asgi_task"):
        assert callable(getattr(HttpToolsProtocol, method))


def test_a_protocol_is_made_as_uvicorn_makes_it() -> None:
    source = inspect.getsource(uvicorn.Server.startup)
    for argument in ("config=config", "server_state=self.server_state", "app_state=self.lifespan.state"):
        assert argument in source


def test_a_server_starts_without_sockets_and_closes_what_it_has_for_servers() -> None:
    assert "for sock in sockets:" in inspect.getsource(uvicorn.Server.startup)
    server = uvicorn.Server
    ending = inspect.getsource(server.shutdown) + inspect.getsource(server._wait_tasks_to_complete)
    assert "for server in self.servers:\n            server.close()" in ending
    assert "await server.wait_closed()" in ending
    assert "default_headers" in inspect.getsource(uvicorn.Server.on_tick)
    loop = inspect.getsource(uvicorn.Server.main_loop)
    assert "await asyncio.sleep(0.1)\n            should_exit = await self.on_tick(counter)" in loop


def test_the_websocket_protocol_has_what_is_used() -> None:
    source = inspect.getsource(WebSocketsSansIOProtocol)
    for name in ("self.conn", "self.close_sent", "self.handshake_initiated", "self.handshake_complete"):
        assert name in source


def test_all_override_only_what_exists() -> None:
    added = {
        "with_first", "abort", "_idles", "_is_next_request", "_answer_kept", "_give_back", "_refuse_long_head",
        "_refuse_version", "_serve_http", "_date_lines", "_end_streams", "stop", "address",
        "unread", "finished",
    }
    for ours, theirs in (
        (Http, HttpToolsProtocol), (WebSocket, WebSocketsSansIOProtocol), (Server, uvicorn.Server)
    ):
        methods = {n for n, f in vars(ours).items() if inspect.isfunction(f) or isinstance(f, property)}
        assert all(hasattr(theirs, name) for name in methods - added), methods - added
