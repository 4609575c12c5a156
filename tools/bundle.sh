#!/usr/bin/env bash
# bundle.sh: bundle the reader's scripts, one file for each kind of page. Run after fonts.sh, which brings esbuild.
set -eu
export VENV=${VENV:-.venv}
rm -rf static/reader/dist
bundle() {
  tools/node.sh npx esbuild "$@" --bundle --minify --target=es2022 --sourcemap --outdir=static/reader/dist --log-level=warning
}
bundle static/reader/{main,entry_frame,frame,furniture,shared_connection,static_page}.js --splitting --format=esm
# one file that needs no type=module, for the pages of other sites
bundle static/reader/web_component.js --format=iife
PYTHONPATH=. "$VENV/bin/python" tools/bundle.py
