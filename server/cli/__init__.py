"""The command `stoppress`, one module for each noun. `server/cli.py` puts them together."""
