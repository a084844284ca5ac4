#!/usr/bin/env bash
# Sets up, renders a small dataset of scenes/tabletop.yaml into out/demo and draws its contact sheet.
# `scripts/quickstart.sh --python 3.11` picks the Python.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
version=
[ "${1:-}" != --python ] || version=$2
prepare "" "$version"

"$PYTHON" -m pipeline render scenes/tabletop.yaml --out out/demo --frames 0-8 \
  --set render.quality=draft --set 'camera.resolution=[480, 360]'
"$PYTHON" -m pipeline preview out/demo/job.json --frames 0-8 --out out/demo/preview.png
echo "look at out/demo/preview.png; next: source .venv-*/bin/activate; variegate --help"
