#!/usr/bin/env bash
# bench.sh PYTHON VENV: install what the benchmark compares with (nchan) and needs for plots.
# nchan comes from Debian's package, built with optimisation: PYTHON should be too, so that like is compared with like.
set -eu
python=$1 venv=$2
[ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] || tools/apt.sh nginx libnginx-mod-nchan
command -v redis-server >/dev/null || tools/apt.sh redis-server
command -v cc >/dev/null || tools/apt.sh gcc libc6-dev
tools/python.sh "$python" "$venv" -e . matplotlib
