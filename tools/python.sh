#!/usr/bin/env bash
# python.sh PYTHON VENV REQUIREMENT…: create a virtual environment and install requirements in their pinned versions.
set -eu
python=$1 venv=$2
shift 2
command -v "$python" >/dev/null || tools/apt.sh python3
if [ ! -x "$venv/bin/pip" ]; then
  rm -rf "$venv"
  # on Debian venv has no pip until python3-venv is installed
  "$python" -m venv "$venv" || { rm -rf "$venv"; tools/apt.sh python3-venv; "$python" -m venv "$venv"; }
fi
"$venv/bin/pip" install --disable-pip-version-check -c constraints.txt "$@"
