// Keeps this addon in the process for good, for what outlives its environments: deleters that the engine
// calls after a worker's end, signal handlers that others have saved to hand faults on to.

#ifndef NATIVE_STAY_LOADED_H_
#define NATIVE_STAY_LOADED_H_

// False if the loader refuses. Cheap after the first call.
bool StayLoaded();

#endif  // NATIVE_STAY_LOADED_H_
