#include "visible_devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <algorithm>
#include <string>

CUuuid device_uuid(int index) {
    CUuuid id = {{0x4c, 0x6c, 0x61, 0x6d, 0x61, 0x45, 0x4e, 0x47, 0x80, 0x73, 0x69, 0x6d, 0x74, 0, 0, 0}};
    // The first byte differs, so that short prefixes tell devices apart.
    id.bytes[0] = (unsigned char)(id.bytes[0] + index);
    id.bytes[15] = (unsigned char)index;
    return id;
}

static std::string identifier(int index) {
    CUuuid id = device_uuid(index);
    std::string text = "GPU-";
    for (int i = 0; i < 16; i++) {
        char digits[4];
        snprintf(digits, sizeof digits, "%02x", id.bytes[i]);
        text += digits;
        if (i == 3 || i == 5 || i == 7 || i == 9)
            text += '-';
    }
    return text;
}

static int device_of(const std::string& entry, int count) {
    if (entry.rfind("GPU-", 0) == 0) {
        int found = -1;
        for (int i = 0; i < count; i++)
            if (strncasecmp(identifier(i).c_str(), entry.c_str(), entry.size()) == 0) {
                if (found >= 0)
                    return -1;
                found = i;
            }
        return found;
    }
    char* end;
    long index = strtol(entry.c_str(), &end, 10);
    return entry.empty() || *end != 0 || index < 0 || index >= count ? -1 : (int)index;
}

std::vector<int> visible_devices(int count, const char* list) {
    std::vector<int> result;
    if (list == nullptr) {
        for (int i = 0; i < count; i++)
            result.push_back(i);
        return result;
    }
    std::string text = list;
    for (size_t start = 0; start <= text.size();) {
        size_t comma = std::min(text.find(',', start), text.size());
        std::string entry = text.substr(start, comma - start);
        entry.erase(0, entry.find_first_not_of(" \t"));
        entry.erase(entry.find_last_not_of(" \t") + 1);
        int device = device_of(entry, count);
        if (device < 0)
            break;
        if (std::find(result.begin(), result.end(), device) != result.end())
            return {};
        result.push_back(device);
        start = comma + 1;
    }
    return result;
}
