#pragma once

#include <string>
#include <string_view>

namespace slotd::fakes {

/// A document of which a part, from `mark` to its end, is printed from the code: what the file
/// says, and what it ought to.
struct PrintedDocument {
    std::string says;
    std::string wanted;
};

/// `printed` begins with `mark`; without a mark it is all of the file. Where SLOTD_WRITE_DOCS is
/// set the file is written first: that is how a change is accepted.
PrintedDocument printed_document(const std::string& path, std::string_view mark,
                                 const std::string& printed);

}  // namespace slotd::fakes
