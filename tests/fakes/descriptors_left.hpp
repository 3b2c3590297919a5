#pragma once

#include <fcntl.h>
#include <sys/resource.h>

#include "os/unique_fd.hpp"

namespace slotd::fakes {

/// So many more descriptors may be opened while it lives.
class DescriptorsLeft {
public:
    explicit DescriptorsLeft(rlim_t count) {
        (void)::getrlimit(RLIMIT_NOFILE, &before_);
        const os::UniqueFd next{::open("/", O_PATH | O_CLOEXEC)};  // the lowest that is free
        const rlimit less{static_cast<rlim_t>(next.get()) + count, before_.rlim_max};
        (void)::setrlimit(RLIMIT_NOFILE, &less);
    }

    DescriptorsLeft(const DescriptorsLeft&) = delete;
    DescriptorsLeft& operator=(const DescriptorsLeft&) = delete;

    ~DescriptorsLeft() { (void)::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

}  // namespace slotd::fakes
