"""The feeds on the wire: SSE, WebSocket and JSON, all from the same changes and the same positions."""
