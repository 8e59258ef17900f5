// An ArrayBuffer over address space that is mostly not there, without telling the garbage collector that it
// keeps that much memory alive.
//
// The engine counts the whole length of an external ArrayBuffer as memory, and collects all garbage when the
// sum grows by 64 MiB: each opening of a 4 GiB reservation would cost a full collection, 5 ms in a small
// process. Node-API has no way around it. V8 has: a backing store with the empty deleter counts as nothing.
// So five of V8's functions are looked up at run time, by name, without any header; where one is missing, or
// this build allows no external ArrayBuffers, nothing is returned and the ordinary way must do. See
// docs/decisions/0003.

#ifndef NATIVE_UNCOUNTED_BUFFER_H_
#define NATIVE_UNCOUNTED_BUFFER_H_

#include <napi.h>

// Told when the last ArrayBuffer over the memory is gone, on whatever thread the collector works.
using UncountedFinalizer = void (*)(void* hint);

// Makes an ArrayBuffer over `length` > 0 bytes. Empty, and the finalizer is never called, where that is
// impossible.
Napi::Value NewUncountedBuffer(Napi::Env env, void* data, size_t length, UncountedFinalizer finalizer,
                               void* hint);

#endif  // NATIVE_UNCOUNTED_BUFFER_H_
