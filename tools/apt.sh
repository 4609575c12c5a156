#!/usr/bin/env bash
# apt.sh PACKAGE…: install Debian packages as root or with sudo; if neither works, print what to do.
set -eu
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "Please install: $* (needs root)" >&2; exit 1; }
  as_root=(sudo)
fi
command -v apt-get >/dev/null || { echo "Please install: $* (this machine has no apt-get)" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get install -y --no-install-recommends "$@" && exit 0
"${as_root[@]}" apt-get update
"${as_root[@]}" apt-get install -y --no-install-recommends "$@"
