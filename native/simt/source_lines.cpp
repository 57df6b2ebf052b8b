#include "source_lines.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

namespace simt {

static std::string without_folder(const char* line) {
    std::string text = line;
    text.erase(text.find_last_not_of("\n") + 1);
    text.erase(0, text.find_last_of('/') + 1);
    return text.substr(0, text.find(" (discriminator"));
}

std::string source_line(const void* return_address) {
    Dl_info library;
    if (return_address == nullptr || dladdr(return_address, &library) == 0)
        return "";
    unsigned long offset = (unsigned long)((const char*)return_address - (const char*)library.dli_fbase);
    char command[4096], line[4096];
    snprintf(command, sizeof command, "addr2line -i -e '%s' 0x%lx 2>/dev/null", library.dli_fname, offset - 1);
    // addr2line goes from the innermost function out.
    std::string lines, previous;
    if (FILE* output = popen(command, "r")) {
        while (fgets(line, sizeof line, output) != nullptr) {
            std::string frame = without_folder(line);
            if (strchr(line, '?') != nullptr || strstr(line, "simt_device.h") != nullptr || frame == previous)
                continue;
            lines = lines.empty() ? frame : frame + ", " + lines;
            previous = frame;
        }
        pclose(output);
    }
    if (lines.empty()) {
        snprintf(line, sizeof line, "%s+0x%lx", library.dli_fname, offset - 1);
        lines = line;
    }
    return " (" + lines + ")";
}

}
