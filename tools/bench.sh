#!/usr/bin/env bash
# bench.sh VENV: what the benchmark compares with (nchan), and what draws the plots.
set -eu
[ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] || tools/apt.sh nginx libnginx-mod-nchan
command -v redis-server >/dev/null || tools/apt.sh redis-server
command -v cc >/dev/null || tools/apt.sh gcc libc6-dev
"$1/bin/pip" install --disable-pip-version-check -c constraints.txt matplotlib
