// What the driver functions ask about a stream; with the machine's lock held.
#pragma once

#include "machine.h"

// Whether something may be queued there: the stream is one of the current context, and its capture, if any, is still good.
CUresult check_stream(Stream* stream);

// For calls that some captures forbid: an error, which spoils those captures. `waits`: the call waits for what the capturing thread
// has not queued, which no capture of this thread permits.
CUresult refuse_in_capture(bool waits = false);
