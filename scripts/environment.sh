# Sourced by the other scripts: finds Python 3.13 or 3.11, and keeps a virtual environment for it in .venv-VERSION.
# A second run needs no network: what is installed is remembered together with pyproject.toml's checksum.

SYSTEM_PACKAGES="libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1 libegl1"

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

is_python() { # COMMAND VERSION
  "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$2')" >/dev/null 2>&1
}

find_python() { # VERSION: prints an interpreter of that version, or nothing
  local candidate
  for candidate in "${VARIEGATE_PYTHON:-}" "python$1" python3 python "/usr/bin/python$1" "/usr/local/bin/python$1" \
    "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/$1".*/bin/python "${HOME:-}/.local/share/uv/python/cpython-$1".*/bin/python; do
    if [ -n "$candidate" ] && is_python "$candidate" "$1"; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return 0
    fi
  done
  return 0
}

supported_versions() { # prints each supported version that is on this machine, best first
  local version
  for version in 3.13 3.11; do
    [ -z "$(find_python "$version")" ] || echo "$version"
  done
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
  say "installing with apt-get: $*"
  apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
}

make_venv() { # PYTHON FOLDER
  [ -x "$2/bin/python" ] && "$2/bin/python" -m pip --version >/dev/null 2>&1 && return 0
  rm -rf "$2"
  "$1" -m venv "$2" >/dev/null 2>&1 && return 0
  rm -rf "$2"
  local version
  version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if can_install; then apt_install "python$version-venv" || true; fi
  "$1" -m venv "$2" || stop "$1 cannot make virtual environments; on Debian or Ubuntu: apt-get install python$version-venv"
}

check_libraries() { # PYTHON: Blender's system libraries, which a bare server lacks
  command -v ldd >/dev/null || return 0
  local library missing
  library=$("$1" -c 'import importlib.util as u; s = u.find_spec("bpy"); print(s.origin if s else "")')
  [ -n "$library" ] || stop "the bpy package is not installed in $1"
  missing=$(ldd "$library" 2>/dev/null | awk '/not found/ {print $1}' | sort -u | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC2086
  if can_install && apt_install $SYSTEM_PACKAGES; then return 0; fi
  stop "Blender needs system libraries that are missing: $missing(on Debian or Ubuntu: apt-get install $SYSTEM_PACKAGES)"
}

prepare() { # EXTRAS [VERSION]: sets PYTHON to an environment with this project and its EXTRAS ("" or "dev") installed
  local extras=$1 version=${2:-} base folder stamp sum
  [ -n "$version" ] || version=$(supported_versions)
  version=${version%%[[:space:]]*} # the first is the best
  [ -n "$version" ] || stop "Variegate needs Python 3.13 or 3.11, and neither is here (set VARIEGATE_PYTHON to name one)"
  base=$(find_python "$version")
  [ -n "$base" ] || stop "there is no Python $version here"
  folder=.venv-$version
  make_venv "$base" "$folder"
  PYTHON=$PWD/$folder/bin/python
  stamp=$folder/.installed-${extras:-run}
  sum=$(cksum <pyproject.toml)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
    say "installing into $folder (Blender is a download of about 400 MB)"
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --editable ".${extras:+[$extras]}" ||
      stop "the packages could not be installed; is there a network?"
    printf '%s\n' "$sum" >"$stamp"
  fi
  check_libraries "$PYTHON"
}
