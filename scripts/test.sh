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
# Each part has a process of its own: pure tests and those of farms run where Blender cannot be imported. Two parts run at a
# time; how far they are is shown now and then, what each says when it ends. The order lets both cores end together.
parts="pure blender farm golden"
logs=$(mktemp -d)
declare -A running=()
set -m # each part with its children is a process group, so that all of it can be ended
unset PYTHONDONTWRITEBYTECODE # hundreds of tests start this program: it is compiled once

end_all() { # as Ctrl-C does, so that tests end what they have started; after ten seconds at once
  local part group tries=100
  for group in "${running[@]}"; do kill -INT -- "-$group" 2>/dev/null || true; done
  for part in "${!running[@]}"; do
    group=${running[$part]}
    while kill -0 "$group" 2>/dev/null && [ $((tries--)) -gt 0 ]; do sleep 0.1; done
    kill -KILL -- "-$group" 2>/dev/null || true
    cat "$logs/$part"
  done
  rm -rf "$logs"
}
trap end_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

show_ended() { # shows the parts that have ended, and takes them off the list
  local part code
  for part in "${!running[@]}"; do
    kill -0 "${running[$part]}" 2>/dev/null && continue
    code=0
    wait "${running[$part]}" || code=$?
    [ "$code" = 0 ] || status=$code
    cat "$logs/$part"
    unset "running[$part]"
  done
}

tell_every=60
tell_next=$tell_every
tell_progress() { # the share of its tests that each part has behind it, once a minute
  local part line=
  [ "$SECONDS" -ge "$tell_next" ] || return 0
  tell_next=$((SECONDS + tell_every))
  for part in "${!running[@]}"; do
    line+="  tests/$part $(grep -o '\[ *[0-9]*%\]' "$logs/$part" | tail -n 1 || true)"
  done
  echo "after $((SECONDS / 60)) min:$line"
}

wait_for_room() { # until fewer than so many parts run
  while [ ${#running[@]} -ge "$1" ]; do
    sleep 0.2
    show_ended
    tell_progress
  done
}

status=0
for part in $parts; do
  wait_for_room 2
  "$PYTHON" -m pytest "tests/$part" >"$logs/$part" 2>&1 &
  running[$part]=$!
done
wait_for_room 1
exit "$status"
