#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slotd::ctl {

/// Puts `text` where `path` is, as a whole or not at all: whoever reads the file at any moment sees
/// the old or the new one. Readable by everybody, whatever the umask. What was half written is
/// removed.
Status write_textfile(const std::string& path, std::string_view text);

}  // namespace slotd::ctl
