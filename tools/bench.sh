#!/usr/bin/env bash
# bench.sh PYTHON VENV: install what the benchmark compares with (nchan) and needs for plots.
# nchan comes from Debian's package, built with optimisation; so does Python where Debian has one that is new
# enough, so that like is compared with like. One that was built by hand may be a third slower.
set -eu
python=$1 venv=$2
[ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] || tools/apt.sh nginx libnginx-mod-nchan
command -v redis-server >/dev/null || tools/apt.sh redis-server
command -v cc >/dev/null || tools/apt.sh gcc libc6-dev
if /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=/usr/bin/python3; fi
tools/python.sh "$python" "$venv" -e . matplotlib
