"""What the hand-over relies on in uvicorn. These are private parts: when one of these tests fails after an
upgrade, read server/web/stream/handover.py before touching the pinned range."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.serving.handover import HandoverHttp, HandoverWebSocket


def test_uvicorn_is_of_the_range_that_was_read() -> None:
    assert version("uvicorn").startswith("0.54.")


def test_the_http_protocol_has_what_is_used() -> None:
    source = inspect.getsource(HttpToolsProtocol)
    for name in ("self.cycle", "self.flow", "self.connections", "self.transport", "self.scope", "self.url",
                 "self.headers", "self.parser", "self.client", "self.server_state"):
        assert name in source
    assert "except httptools.HttpParserUpgrade:\n            if self._should_upgrade():\n" in source
    for method in ("on_message_begin", "on_headers_complete", "on_body", "on_message_complete",
                   "handle_websocket_upgrade", "send_400_response", "_unset_keepalive_if_required", "shutdown"):
        assert callable(getattr(HttpToolsProtocol, method))
    assert "default_headers" in inspect.getsource(uvicorn.server.ServerState)


def test_a_cycle_that_says_it_is_complete_ends_in_peace() -> None:
    source = inspect.getsource(RequestResponseCycle.run_asgi)
    assert "elif not self.response_complete and not self.disconnected" in source


def test_the_websocket_protocol_has_what_is_used() -> None:
    source = inspect.getsource(WebSocketsSansIOProtocol)
    for name in ("self.conn", "self.connections", "self.close_timer", "self.read_paused", "self.frames",
                 "self.close_sent", "self.disconnected", "self.handshake_initiated", "self.handshake_complete"):
        assert name in source
    assert "if self.close_timer is None:\n            self.transport.close()" in inspect.getsource(
        WebSocketsSansIOProtocol.run_asgi
    )
    assert callable(WebSocketsSansIOProtocol.stop_keepalive)


def test_both_override_only_what_exists() -> None:
    for ours, theirs in ((HandoverHttp, HttpToolsProtocol), (HandoverWebSocket, WebSocketsSansIOProtocol)):
        added = {"hand_over", "parser_idles", "deflates", "_refuse_version"}
        methods = {n for n, f in vars(ours).items() if inspect.isfunction(f) or isinstance(f, property)}
        overridden = methods - added
        assert all(hasattr(theirs, name) for name in overridden), overridden
