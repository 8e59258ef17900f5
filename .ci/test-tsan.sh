#!/usr/bin/env bash
# Runs the tests with several threads on an addon with ThreadSanitizer. Fails when a test fails, when a data race was
# reported in any process, and when a race that is put in is not: the lock of region.cc, left out.
#
# Node itself has no ThreadSanitizer: what V8 and libuv do is not looked at, nor what they order. The recorder
# and the replayer are programs of their own and not part of this.
set -euo pipefail
cd "$(dirname "$0")/.."

build="$PWD/build-tsan"
npx cmake-js compile -d native -O "$build" -T chunkyard --CDSANITIZE=thread --log-level warn

reports="$(mktemp -d)"
trap 'rm -rf "$reports"' EXIT
# Faults are what some tests are about.
export TSAN_OPTIONS="ignore_noninstrumented_modules=1:report_signal_unsafe=0:handle_segv=0:handle_sigbus=0:allow_user_segv_handler=1:log_path=$reports/tsan"
runtime="$(gcc -print-file-name=libtsan.so)"

# The runtime cannot start where the kernel scatters mappings too far, and a shell cannot start under it.
fixed=()
if setarch -R true 2> /dev/null; then fixed=(setarch -R); fi
watched() { # watched ADDON ARGUMENT...: runs Node with this addon
  timeout --kill-after=5 "${limit:-900}" "${fixed[@]}" env CHUNKYARD_ADDON="$1" LD_PRELOAD="$runtime" node "${@:2}"
}

if ! watched "$build/Release/chunkyard.node" --version > /dev/null; then
  echo 'left out: the runtime of ThreadSanitizer does not start in Node on this machine'
  exit 0
fi

# test/unit/posix/binding.test.ts: it is this addon that tests run on.
tests=(
  test/unit/posix/{binding,worker}.test.ts test/unit/pages/{worker,guard}.test.ts test/unit/heap/share.test.ts
  test/death/{heap-threads,guard-policies}.test.ts
)
export CHUNKYARD_THREADS_SECONDS=1 CHUNKYARD_TERMINATIONS=4
status=0
watched "$build/Release/chunkyard.node" node_modules/vitest/vitest.mjs run "${tests[@]}" || status=$?
if compgen -G "$reports/*" > /dev/null; then
  cat "$reports"/* >&2
  echo 'ThreadSanitizer reported errors' >&2
  status=1
fi
[ "$status" = 0 ] || exit "$status"

planted="$build/planted"
mkdir -p "$planted"
lock='const std::lock_guard<std::mutex> hold(Lock());'
grep -qF "$lock" native/region.cc || { echo "native/region.cc has no '$lock' any more" >&2; exit 1; }
sed "s/$lock//" native/region.cc > "$planted/region.cc"
mapfile -t objects < <(find "$build/CMakeFiles/chunkyard.dir" -name '*.o' ! -name 'region.cc.o')
c++ -std=c++17 -g -O1 -fPIC -fno-exceptions -fsanitize=thread -fvisibility=hidden -Inative -shared \
  "$planted/region.cc" "${objects[@]}" -o "$planted/chunkyard.node"
# Its containers may break then: what it prints and how it ends, if it ends, does not matter.
limit=60 watched "$planted/chunkyard.node" test/death/cases/heap-threads.mjs 8 1 1 > /dev/null 2>&1 || true
grep -qs 'data race.*region' "$reports"/* || { echo 'a planted race was not reported' >&2; exit 1; }
echo 'no data race, and one that was put in was reported'
