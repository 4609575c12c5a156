"""A server that does not look by itself whose rights have ended: only a signal ends its streams."""

from __future__ import annotations

from server import app

app.RIGHTS_SECONDS = 3600.0

if __name__ == "__main__":
    from server.cli.main import main

    main()
