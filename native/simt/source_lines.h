// Which line of a kernel's source an instruction of this library comes from.
#pragma once

#include <string>

namespace simt {

// " (attend.cu:120)", with the functions inlined there from the outermost in; the place in the library where addr2line of the
// binutils is missing.
std::string source_line(const void* return_address);

}
