// The two signal handlers of the addon. Each acts only on what is its own and hands everything else on:
//
//   SIGSEGV, SIGBUS   sent by someone? -> hand on
//                     a native accessor of this thread is running -> jump back into it
//                     a guard page of a registered range -> fault_policy.h
//                     else -> hand on
//   SIGTRAP           this thread stepped over a hit -> close its pages again; else -> hand on

#ifndef NATIVE_FAULT_HANDLER_H_
#define NATIVE_FAULT_HANDLER_H_

#include <csignal>

void OnFault(int signal, siginfo_t* info, void* context);
void OnTrap(int signal, siginfo_t* info, void* context);

#endif  // NATIVE_FAULT_HANDLER_H_
