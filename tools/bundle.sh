#!/usr/bin/env bash
# bundle.sh: bundle the reader's scripts, one file for each kind of page. Run after fonts.sh, which brings esbuild.
set -eu
export VENV=${VENV:-.venv}
rm -rf static/reader/dist
tools/node.sh npx esbuild static/reader/{main,frame,furniture,shared_connection,static_page}.js \
  --bundle --splitting --minify --format=esm --target=es2022 --sourcemap --outdir=static/reader/dist --log-level=warning
PYTHONPATH=. "$VENV/bin/python" tools/bundle.py
