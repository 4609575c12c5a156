"""`python -m server` is the command `stoppress`."""

from server.cli.main import main

main()
