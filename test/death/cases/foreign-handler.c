// A library with a fault handler of its own, as crash reporters are: loading it installs the handler. Which
// one says the environment: FOREIGN_HANDLER = one-shot, exit or chain.

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sigaction previous;

static void say(const char* text) {
  if (write(1, text, strlen(text)) < 0) _exit(9);
}

static void one_shot(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info, (void)context;
  say("one-shot\n");
}

static void leave(int signal) {
  (void)signal;
  say("leave\n");
  _exit(7);
}

static void chain(int signal, siginfo_t* info, void* context) {
  say("chain\n");
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
  } else {
    sigaction(signal, &previous, NULL);
  }
}

__attribute__((constructor)) static void install(void) {
  const char* const kind = getenv("FOREIGN_HANDLER");
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  if (strcmp(kind, "one-shot") == 0) {
    action.sa_sigaction = one_shot;
    action.sa_flags = SA_SIGINFO | (int)SA_RESETHAND;
  } else if (strcmp(kind, "exit") == 0) {
    action.sa_handler = leave;
  } else {
    action.sa_sigaction = chain;
    action.sa_flags = SA_SIGINFO;
  }
  sigaction(SIGSEGV, &action, &previous);
  sigaction(SIGBUS, &action, NULL);
}
