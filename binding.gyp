{
  "variables": { "sanitize%": "" },
  "target_defaults": {
    "cflags": ["-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"],
    "xcode_settings": {
      "OTHER_CFLAGS": ["-Wall", "-Wextra", "-Werror"],
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "MACOSX_DEPLOYMENT_TARGET": "11.0"
    }
  },
  "targets": [
    {
      "target_name": "chunkyard",
      "sources": [
        "native/addon.cc",
        "native/constants.cc",
        "native/mapping.cc",
        "native/program_break.cc",
        "native/shared_file.cc",
        "native/syscall_timer.cc"
      ],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api"],
      "include_dirs": ["<!(node -p \"require('node-api-headers').include_dir\")"],
      "defines": ["NAPI_VERSION=8"],
      "cflags_cc": ["-std=c++17"]
    },
    {
      "target_name": "replayer",
      "type": "executable",
      "sources": ["native/tools/replayer.c"],
      "cflags": ["-std=gnu11"],
      "libraries": ["-lpthread"]
    }
  ]
}
