#!/usr/bin/env bash
# fonts.sh: bring the typefaces from npm and cut them for pages. VENV (default .venv) holds Python with fontTools.
set -eu
export VENV=${VENV:-.venv}
tools/node.sh npm ci --prefix static --omit=dev --no-audit --no-fund
"$VENV/bin/python" tools/fonts.py
