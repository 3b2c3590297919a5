// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

/// One message between host and guest: a list of byte strings. On the wire: the length of the whole
/// as 32 bit little endian, then for each string its length and its bytes. Nothing needs escaping,
/// so a file's content travels as it is. The host's side is tests/lab/lab/wire.py.
using Message = std::vector<std::string>;

std::string encode(const Message& message);

/// Takes the first whole message off the front of `buffer`; nullopt while it is not all there yet.
std::optional<Message> take_message(std::string& buffer);

}  // namespace lab
