{
  "variables": { "sanitize%": "" },
  "target_defaults": {
    "cflags": ["-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden"],
    "xcode_settings": {
      "OTHER_CFLAGS": ["-Wall", "-Wextra", "-Werror"],
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "CLANG_CXX_LIBRARY": "libc++",
      "MACOSX_DEPLOYMENT_TARGET": "11.0"
    },
    "conditions": [
      [
        "sanitize!=''",
        {
          "cflags": ["-fsanitize=<(sanitize)", "-fno-omit-frame-pointer", "-g"],
          "ldflags": ["-fsanitize=<(sanitize)"]
        }
      ]
    ]
  },
  "targets": [
    {
      "target_name": "chunkyard",
      "sources": [
        "native/addon.cc",
        "native/constants.cc",
        "native/map_constants.cc",
        "native/mapping.cc",
        "native/native_heap.cc",
        "native/page_calls.cc",
        "native/program_break.cc",
        "native/range_handle.cc",
        "native/shared_file.cc",
        "native/syscall_timer.cc",
        "native/timed_cases.cc",
        "native/uncounted_buffer.cc"
      ],
      "include_dirs": [
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "<!(node -p \"require('node-api-headers').include_dir\")"
      ],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions"]
    },
    {
      "target_name": "replayer",
      "type": "executable",
      "sources": [
        "native/tools/replayer.c",
        "native/tools/replayer/arena_generic.c",
        "native/tools/replayer/arena_glibc.c",
        "native/tools/replayer/child.c",
        "native/tools/replayer/image_glibc.c",
        "native/tools/replayer/landmarks_glibc.c",
        "native/tools/replayer/mode_syscalls.c",
        "native/tools/replayer/mode_time.c",
        "native/tools/replayer/mode_watched.c",
        "native/tools/replayer/program.c",
        "native/tools/replayer/relay.c",
        "native/tools/replayer/run_bare.c",
        "native/tools/replayer/run_damage.c",
        "native/tools/replayer/run_watched.c",
        "native/tools/replayer/text.c",
        "native/tools/replayer/timeline.c"
      ],
      "cflags": ["-std=gnu11"],
      "libraries": ["-lpthread"]
    },
    {
      "target_name": "recorder",
      "sources": [
        "native/tools/recorder.c",
        "native/tools/recorder/config.c",
        "native/tools/recorder/log.c",
        "native/tools/recorder/open.c",
        "native/tools/recorder/real.c",
        "native/tools/recorder/sites.c",
        "native/tools/recorder/thread.c"
      ],
      "type": "shared_library",
      "product_prefix": "",
      "product_dir": "<(PRODUCT_DIR)",
      "cflags": ["-std=gnu11", "-fno-builtin"],
      "conditions": [["OS!='mac'", { "libraries": ["-ldl", "-lpthread"] }]]
    }
  ]
}
