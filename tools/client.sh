#!/usr/bin/env bash
# client.sh PYTHON VENV: a program that generates API clients, for tests. It has a virtual environment of its own,
# because it needs an older Typer than Stop Press does.
set -eu
python=$1 venv=$2
[ -x "$venv/bin/pip" ] || { rm -rf "$venv"; "$python" -m venv "$venv"; }
"$venv/bin/pip" install --disable-pip-version-check 'openapi-python-client==0.29.1'
