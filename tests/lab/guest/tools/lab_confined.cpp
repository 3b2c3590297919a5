// SPDX-License-Identifier: GPL-2.0-or-later
//
// lab-confined PROFILE|unconfined read|write PATH...
//
// Becomes what an AppArmor profile confines, opens each path for that, does nothing with it, and
// prints errno of each, 0 where it was opened. It is root, so what keeps it out is the profile
// alone.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fputs("usage: lab-confined PROFILE|unconfined read|write PATH...\n", stderr);
        return 2;
    }
    if (std::strcmp(argv[1], "unconfined") != 0) {
        const std::string words = std::string("changeprofile ") + argv[1];
        const int self = ::open("/proc/self/attr/current", O_WRONLY);
        if (self < 0 || ::write(self, words.data(), words.size()) < 0) {
            std::perror("lab-confined");
            return 1;
        }
        ::close(self);
    }
    const bool reading = std::strcmp(argv[2], "read") == 0;
    for (int at = 3; at < argc; ++at) {
        const int fd = ::open(argv[at], (reading ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
        std::printf("%d\n", fd < 0 ? errno : 0);
    }
    return 0;
}
