#!/usr/bin/env bash
# Packs the package, installs it elsewhere without running any install script (as npm 12 does), and uses it there:
# the binaries in the tarball must be enough. Needs a build.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

tarball=$(npm pack --silent --pack-destination "$folder" | tail -n 1)
tar tzf "$folder/$tarball" >"$folder/files"
for file in package/binding.gyp package/native/addon.cc package/node_modules; do
  if grep -q "^$file" "$folder/files"; then echo "the tarball holds $file" >&2; exit 1; fi
done
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --ignore-scripts --no-audit --no-fund "./$tarball"
cat >use.mjs <<'JS'
import { ChunkList, Heap, memoryMap, mmap } from 'chunkyard';
const mapping = mmap({ length: 4096, name: 'packed' });
mapping.bytes[0] = 42;
// A range may hold neighbours that the kernel has merged with it.
const holds = ({ start, end }) => start <= mapping.address && mapping.address < end;
if (!memoryMap().some(holds)) throw new Error('the mapping is not in the map');
mapping.unmap();
for (const heap of [ChunkList.create(), Heap.create()]) {
  const pointer = heap.malloc(100);
  if (pointer === null || heap.check().length !== 0) throw new Error(`no sound ${heap.name}`);
  heap.destroy();
}
console.log(`package: ${process.version} maps and allocates from the tarball alone`);
JS
node use.mjs
npx --no-install chunkyard replay git-repack --on native --json >replay.json
# macOS inserts no library into its own programs.
if [ "$(uname)" = Linux ]; then
  npx --no-install chunkyard record -o sort.cytrace -- sort /dev/null
  npx --no-install chunkyard trace info sort.cytrace >/dev/null
fi
node -e 'const r = JSON.parse(require("fs").readFileSync("replay.json")); if (!(r.operations > 0)) process.exit(1)'
echo "package: $(wc -l <files) files, the command line works without any install script"
