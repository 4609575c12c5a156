#!/usr/bin/env bash
# bundle.sh: bundle the scripts of the reader's pages and of the console, and minify the style sheets. Run after
# fonts.sh, which brings esbuild and the libraries of the console.
set -eu
export VENV=${VENV:-.venv}

# bundle FOLDER SCRIPT OPTION…: into static/FOLDER/dist
bundle() {
  local folder=static/$1 scripts=$2
  shift 2
  tools/node.sh npx esbuild $(printf "$folder/%s " $scripts) --bundle --minify --target=es2022 --sourcemap \
    --outdir="$folder/dist" --log-level=warning "$@"
}

rm -rf static/{reader,console,css}/dist
bundle reader "main.js furniture.js shared_connection.js" --splitting --format=esm
# by themselves: parts that they shared with the blog's page would be files more for every reader
for page in entry_frame.js frame.js static_page.js; do bundle reader "$page" --format=esm; done
# one file that needs no type=module, for the pages of other sites
bundle reader web_component.js --format=iife
# file by file: the server joins them (server/web/render.py), and a theme adds its own
tools/node.sh npx esbuild static/css/*.css static/css/*/*.css --minify --target=es2022 --outdir=static/css/dist --outbase=static/css \
  --log-level=warning
bundle console main.js --splitting --format=esm
PYTHONPATH=. "$VENV/bin/python" tools/bundle.py
