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
# Pure tests run where Blender cannot be imported, so they have a process of their own, beside that of the others.
status=0
pure_log=$(mktemp)
trap 'kill "$pure" 2>/dev/null || true; rm -f "$pure_log"' EXIT
"$PYTHON" -m pytest tests/pure >"$pure_log" 2>&1 &
pure=$!
"$PYTHON" -m pytest tests/blender tests/golden || status=$?
wait "$pure" || status=$?
cat "$pure_log"
exit "$status"
