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
        "native/access_calls.cc",
        "native/addon.cc",
        "native/code_place.cc",
        "native/constants.cc",
        "native/crossing.cc",
        "native/cycle_counter.cc",
        "native/describe_fault.cc",
        "native/engine.cc",
        "native/fault_calls.cc",
        "native/fault_context.cc",
        "native/fault_events.cc",
        "native/fault_handler.cc",
        "native/fault_json.cc",
        "native/fault_listeners.cc",
        "native/fault_policy.cc",
        "native/fault_report.cc",
        "native/fault_ring.cc",
        "native/file_pages.cc",
        "native/function_table.cc",
        "native/guard_calls.cc",
        "native/guard_pages.cc",
        "native/parked_pages.cc",
        "native/guard_table.cc",
        "native/guarded_access.cc",
        "native/handler_hold.cc",
        "native/js_thread.cc",
        "native/map_constants.cc",
        "native/mapping.cc",
        "native/native_heap.cc",
        "native/pace.cc",
        "native/page_calls.cc",
        "native/processors.cc",
        "native/program_break.cc",
        "native/range_handle.cc",
        "native/range_sharing.cc",
        "native/readable.cc",
        "native/region.cc",
        "native/shared_file.cc",
        "native/signal_chain.cc",
        "native/stack_key.cc",
        "native/stay_loaded.cc",
        "native/syscall_timer.cc",
        "native/timed_advice.cc",
        "native/timed_basic.cc",
        "native/timed_break.cc",
        "native/timed_cases.cc",
        "native/timed_company.cc",
        "native/timed_guard.cc",
        "native/timed_malloc.cc",
        "native/timed_map.cc",
        "native/timed_place.cc",
        "native/timed_protect.cc",
        "native/timed_second.cc",
        "native/timed_touch.cc",
        "native/uncounted_buffer.cc"
      ],
      "include_dirs": [
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "<!(node -p \"require('node-api-headers').include_dir\")"
      ],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
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
