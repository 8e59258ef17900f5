// The report of a fault that ends the process, written without JavaScript and without allocating: text to
// standard error, and one line of JSON to the file descriptor that CHUNKYARD_REPORT_FD names.

#ifndef NATIVE_FAULT_REPORT_H_
#define NATIVE_FAULT_REPORT_H_

#include "fault_ring.h"

// Writes it, once for the process: a second call does nothing.
void ReportFault(const Fault& fault);

// Reads the environment; before the first fault, because a signal handler may not.
void PrepareFaultReport();

#endif  // NATIVE_FAULT_REPORT_H_
