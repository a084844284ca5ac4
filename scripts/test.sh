#!/usr/bin/env bash
# Sets up, then runs every test. `scripts/test.sh --python 3.11` picks the Python, further arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

version=
if [ "${1:-}" = --python ]; then
  version=$2
  shift 2
fi
prepare dev "$version"

if [ $# -gt 0 ]; then
  exec "$PYTHON" -m pytest "$@"
fi
# Pure tests run where Blender cannot be imported, so they have a process of their own.
status=0
"$PYTHON" -m pytest tests/pure || status=$?
"$PYTHON" -m pytest tests/blender tests/golden || status=$?
exit "$status"
