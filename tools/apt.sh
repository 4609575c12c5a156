#!/usr/bin/env bash
# apt.sh PACKAGE…: install Debian packages as root or with sudo; if neither works, print what to do. With
# NO_SERVICES=1 their services are not started.
set -eu
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "Please install: $* (needs root)" >&2; exit 1; }
  as_root=(sudo)
fi
command -v apt-get >/dev/null || { echo "Please install: $* (this machine has no apt-get)" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
if [ -n "${NO_SERVICES:-}" ] && [ ! -e /usr/sbin/policy-rc.d ]; then
  # what a package asks before it starts its service (invoke-rc.d); 101: do not
  trap '"${as_root[@]}" rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee /usr/sbin/policy-rc.d >/dev/null
  "${as_root[@]}" chmod 755 /usr/sbin/policy-rc.d
fi
"${as_root[@]}" apt-get install -y --no-install-recommends "$@" && exit 0
"${as_root[@]}" apt-get update
"${as_root[@]}" apt-get install -y --no-install-recommends "$@"
