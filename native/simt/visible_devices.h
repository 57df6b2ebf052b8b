// Which devices a process sees.
#pragma once

#include <vector>
#include "cuda.h"

CUuuid device_uuid(int index);

// The indices of the devices, in order, that CUDA_VISIBLE_DEVICES leaves of `count`: a list of indices, or of identifiers
// "GPU-…", which may be cut short where that names one device. What is behind an entry that names none does not count; a device
// named twice leaves none at all. Null: all.
std::vector<int> visible_devices(int count, const char* list);
