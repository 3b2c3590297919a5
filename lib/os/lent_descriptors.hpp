#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "control/loan.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// Descriptors that a client has sent over the control socket (unix(7), SCM_RIGHTS), close-on-exec.
class LentDescriptors final : public control::Loan {
public:
    LentDescriptors(std::vector<UniqueFd> descriptors, bool whole)
        : descriptors_(std::move(descriptors)),
          whole_(whole) {}

    std::size_t count() const override { return descriptors_.size(); }

    bool whole() const override { return whole_; }

    /// In the order in which they were sent; the caller's from then on.
    std::vector<UniqueFd> take() { return std::move(descriptors_); }

private:
    std::vector<UniqueFd> descriptors_;
    bool whole_;
};

/// What one recvmsg has brought. It reports the descriptors of one sendmsg at once and stops behind
/// the bytes that it has taken of that (unix_stream_read_generic): so `loan` came with the last
/// byte, and a reader that gets bytes of two calls knows which of them it belongs to.
struct Received {
    ssize_t length = 0;  ///< as recvmsg returns it, errno with it
    std::unique_ptr<control::Loan> loan;
};

Received receive_with_descriptors(int socket, std::span<char> buffer);

}  // namespace slotd::os
