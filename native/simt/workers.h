// The library's threads that run blocks.
#pragma once

#include "engine.h"

namespace simt {

// Runs a launch to its end, or to its first fault; called by one thread at a time, which takes part.
void run(Launch& launch);

}
