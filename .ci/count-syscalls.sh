#!/usr/bin/env bash
# Proves that the calls are real: makes a known number of each through the public API under strace and counts the
# lines that carry the tell-tale length. Linux only; needs strace and a build (`npm run build`).
set -euo pipefail
cd "$(dirname "$0")/.."
command -v strace >/dev/null || { echo "strace is not installed: nothing was proven" >&2; exit 1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# malloc takes 64 MiB of break at once, early, and so leaves the break to us while we count.
export MALLOC_TOP_PAD_=67108864 MALLOC_TRIM_THRESHOLD_=1073741824
# Another thread's malloc can still move the break at the very moment we do: refused then (EBUSY), so once more.
for attempt in 1 2 3 4; do
  strace -f -o "$log" -e trace=mmap,munmap,mprotect,madvise,msync,mlock,munlock,mincore,mremap,brk \
    node .ci/make-calls.mjs >"$log.expected" && break
  [ "$attempt" -lt 4 ]
done
expected=$(cat "$log.expected")
rm -f "$log.expected"

node - "$log" "$expected" <<'JS'
const lines = require('node:fs').readFileSync(process.argv[2], 'utf8').split('\n');
const expected = JSON.parse(process.argv[3]);
const length = 291 * 4096;
const seen = {};
let lastBreak = 0n;
for (const line of lines) {
  const call = /^\d+ +(\w+)\((.*)/.exec(line);
  if (!call) continue;
  if (call[1] === 'brk') {
    const now = BigInt(/= (0x[0-9a-f]+)/.exec(line)?.[1] ?? 0);
    const step = now > lastBreak ? now - lastBreak : lastBreak - now;
    if (step === BigInt(length)) seen.brk = (seen.brk ?? 0) + 1;
    lastBreak = now;
  } else if (new RegExp(`\\b${length}\\b`).test(call[2])) seen[call[1]] = (seen[call[1]] ?? 0) + 1;
}
let bad = 0;
for (const [name, count] of Object.entries(expected)) {
  const ok = (seen[name] ?? 0) === count && count > 0;
  if (!ok) bad++;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(10)} made ${count}, strace saw ${seen[name] ?? 0}`);
}
process.exit(bad === 0 ? 0 : 1);
JS
