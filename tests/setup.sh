#!/bin/sh
# Make sure that Chromium, PostgreSQL, Redis and espeak-ng are here: as installed, else through apt where
# that is allowed. What is still missing stops the tests under CI=true and is only said elsewhere.
# Usage: tests/setup.sh PYTHON
set -eu
cd "$(dirname "$0")/.."
python=$1

here() { "$python" -m "tests.$1" >/dev/null 2>&1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@" >/dev/null
}

wanted=
here browser_driver || wanted="$wanted chromium fonts-liberation"
here postgres || wanted="$wanted postgresql"
here redis_server || wanted="$wanted redis-server"
here speech || wanted="$wanted espeak-ng"

if [ -n "$wanted" ] && command -v apt-get >/dev/null && as_root true 2>/dev/null; then
  echo "Installing$wanted ..."
  # shellcheck disable=SC2086 # a list of words
  { apt update && apt install -y --no-install-recommends $wanted; } || echo "apt-get failed." >&2
fi

missing=
here browser_driver || missing="$missing Chromium"
here postgres || missing="$missing PostgreSQL"
here redis_server || missing="$missing Redis"
here speech || missing="$missing espeak-ng"
if [ -n "$missing" ]; then
  echo "Missing, and not installed by itself:$missing. Their tests are left out." >&2
  if [ "${CI:-}" = true ]; then
    echo "Under CI=true nothing may be left out." >&2
    exit 1
  fi
fi
