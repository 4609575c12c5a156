#!/usr/bin/env bash
# quietly.sh TEXT COMMAND…: print TEXT and run COMMAND with its output in .make/log; show the output if it fails.
set -u
mkdir -p .make
words=$1
shift
printf '%s …\n' "$words"
printf '\n== %s: %s\n' "$(date -u +%FT%TZ)" "$*" >>.make/log
start=$(wc -c <.make/log)
if ! "$@" >>.make/log 2>&1; then
  code=$?
  tail -c "+$((start + 1))" .make/log | tail -n 60 >&2
  printf '%s failed; the whole of it is in .make/log\n' "$words" >&2
  exit 1
fi
