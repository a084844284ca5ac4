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
# Pure tests and those of farms run where Blender cannot be imported: in processes of their own, beside that of the others.
status=0
apart_log=$(mktemp)
trap 'kill "$apart" 2>/dev/null || true; rm -f "$apart_log"' EXIT
apart() {
  local status=0
  "$PYTHON" -m pytest tests/pure || status=$?
  "$PYTHON" -m pytest tests/farm || status=$?
  return "$status"
}
apart >"$apart_log" 2>&1 &
apart=$!
"$PYTHON" -m pytest tests/blender tests/golden || status=$?
wait "$apart" || status=$?
cat "$apart_log"
exit "$status"
