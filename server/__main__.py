"""`python -m server` is the command `stoppress`."""

from server.cli import main

main()
