"""uvicorn's protocols, able to give their connections away.

uvicorn finishes the request in its own way, and then the endpoint takes the transport over: the protocols here
offer that as an extension of the ASGI scope. They use private parts of uvicorn 0.54 (see
tests/contracts/test_handover.py); under any other server the extension is absent and the portable path runs.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, cast

from httptools import HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.http11 import Request

from server.delivery.connections import Seat, SocketSeat
from server.delivery.framing import LEVEL
from server.serving.header_timeout import Patience

EXTENSION = "stoppress.handover"


class HandoverHttp(HttpToolsProtocol):
    """uvicorn's HTTP protocol, able to give its connection away."""

    patience: Patience
    piece = b""

    def data_received(self, data: bytes) -> None:
        self.piece = data
        super().data_received(data)
        self.piece = b""
        if self.parser_idles and not self.transport.is_closing() and self.transport.get_protocol() is self:
            self.patience.wait_for(self)  # bytes that begin no request, such as an empty line

    @property
    def parser_idles(self) -> bool:
        """Whether no request runs."""
        return self.cycle is None or self.cycle.response_complete

    def handle_websocket_upgrade(self) -> None:
        if self.scope["http_version"] != "1.1":  # RFC 6455 §4.2.1: at least 1.1
            self.send_400_response("A WebSocket begins with HTTP/1.1.")
            return
        # uvicorn calls this while it handles HttpParserUpgrade, which says where in the piece the request ends;
        # what follows is of the WebSocket, and uvicorn drops it
        error = sys.exc_info()[1]
        rest = self.piece[error.args[0] :] if isinstance(error, HttpParserUpgrade) else b""
        super().handle_websocket_upgrade()
        if rest and not self.transport.is_closing():
            cast(asyncio.Protocol, self.transport.get_protocol()).data_received(rest)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)["extensions"] = {EXTENSION: self.hand_over}
        self.patience.wait_for(self)

    def on_headers_complete(self) -> None:
        self.patience.enough(self)
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self.patience.enough(self)
        super().connection_lost(exc)

    def hand_over(self, seat: Seat) -> bool:
        """Give the connection to `seat`, after the response head was sent. False when it is closing."""
        if self.transport.is_closing() or self.cycle.disconnected:
            self.cycle.response_complete = True  # nobody is left to complete it for
            return False
        self.cycle.response_complete = True  # ends the ASGI cycle in peace
        self.cycle.keep_alive = False
        self.connections.discard(self)
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        self.transport.set_protocol(seat)
        seat.take(self.transport)
        return True


class HandoverWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, able to give its connection away, and with compression that can be
    shared: no context is kept, in either direction."""

    compress = True
    early = b""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn.available_extensions = (
            [
                ServerPerMessageDeflateFactory(
                    server_no_context_takeover=True,
                    client_no_context_takeover=True,
                    compress_settings={"level": LEVEL, "memLevel": 5},
                )
            ]
            if self.compress
            else []
        )

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated and not self.handshake_complete:
            # A client that does not wait for the answer: its pong must not come before the answer.
            self.early += data
            self.transport.pause_reading()
            return
        super().data_received(data)

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True  # refused in good order: uvicorn would log an error
        if self.early and self.handshake_complete and not self.transport.is_closing():
            data, self.early = self.early, b""
            self.transport.resume_reading()
            self.data_received(data)

    def handle_connect(self, event: Request) -> None:
        if event.headers.get_all("Sec-WebSocket-Version") not in ([], ["13"]):
            self._refuse_version()
            return
        super().handle_connect(event)
        if not self.close_sent:
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    def _refuse_version(self) -> None:
        """RFC 6455 §4.4; the library says 400."""
        response = self.conn.reject(426, "This server speaks version 13 of the WebSocket protocol.\n")
        response.headers["Upgrade"] = "websocket"
        response.headers["Sec-WebSocket-Version"] = "13"
        self.conn.send_response(response)
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    @property
    def deflates(self) -> bool:
        """Whether frames compressed for everybody suit this client: it takes the largest window."""
        return any(
            isinstance(x, PerMessageDeflate) and x.local_max_window_bits == 15 for x in self.conn.extensions
        )

    def hand_over(self, seat: SocketSeat) -> bool:
        """Give the connection to `seat`, after the handshake. False when it is closing."""
        if self.transport.is_closing() or self.disconnected or self.close_sent:
            return False
        self.stop_keepalive()
        self.connections.discard(self)
        self.close_timer = cast(Any, self)  # not None: uvicorn then leaves the transport open
        if self.read_paused:
            self.transport.resume_reading()
        seat.compressed = bool(self.conn.extensions)
        if self.conn.reader.buffer or self.frames:
            seat.parser = self.conn  # in the middle of a frame
        self.transport.set_protocol(seat)
        seat.take(self.transport)
        return True
