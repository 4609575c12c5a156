"""The application for another ASGI server: `hypercorn server.asgi:app`. Settings come from the environment.

Streams are served by the portable path. `stoppress serve` holds more listeners, and drains them before it ends.
"""

from __future__ import annotations

from server.app import create_app
from server.cli import logs
from server.settings import load

_settings = load()
logs.set_up(level=_settings.log_level, as_json=_settings.log_json)
app = create_app(_settings, demo=_settings.demo)
