#!/usr/bin/env bash
# Runs the tests that reach the addon on a build with AddressSanitizer and UBSan. Fails when a test fails,
# when a sanitizer reported anything in any process, and when it was not the sanitized addon that was loaded.
set -euo pipefail
cd "$(dirname "$0")/.."

npx cmake-js compile -d native -O build-asan -T chunkyard --CDSANITIZE=address,undefined --log-level warn

CHUNKYARD_ADDON="$PWD/build-asan/Release/chunkyard.node"
reports="$(mktemp -d)"
trap 'rm -rf "$reports"' EXIT

nm -D "$CHUNKYARD_ADDON" | grep __asan_init > /dev/null || { echo 'the addon is not sanitized' >&2; exit 1; }

export CHUNKYARD_ADDON
export LD_PRELOAD="$(gcc -print-file-name=libasan.so)"
# Leaks: Node frees nothing at its exit. Signals: faults are what some tests are about, and V8 handles its
# own.
export ASAN_OPTIONS="detect_leaks=0:handle_segv=0:handle_sigbus=0:allow_user_segv_handler=1:log_path=$reports/asan"
export UBSAN_OPTIONS="print_stacktrace=1:log_path=$reports/ubsan"

# Asked of the process map, not of the loader: the sanitized addon is there, and no other.
node -e '
  require(process.env.CHUNKYARD_ADDON);
  const maps = require("node:fs").readFileSync("/proc/self/maps", "utf8");
  const addons = new Set(maps.match(/\/\S*chunkyard\.node/g));
  if (addons.size !== 1 || !addons.has(process.env.CHUNKYARD_ADDON) || !maps.includes("libasan.so")) process.exit(1);
' || { echo 'the sanitized addon could not be loaded' >&2; exit 1; }

# test/unit/posix/binding.test.ts repeats that check inside the test runner's own processes.
folders=()
for folder in test/unit/posix test/unit/pages test/unit/guarded test/death; do
  if compgen -G "$folder/*.test.ts" > /dev/null; then folders+=("$folder"); fi
done
status=0
npx vitest run "${folders[@]}" || status=$?

if compgen -G "$reports/*" > /dev/null; then
  cat "$reports"/* >&2
  echo 'a sanitizer reported errors' >&2
  status=1
fi
exit "$status"
