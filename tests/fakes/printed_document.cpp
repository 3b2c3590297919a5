#include "tests/fakes/printed_document.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace slotd::fakes {

PrintedDocument printed_document(const std::string& path, std::string_view mark,
                                 const std::string& printed) {
    std::stringstream file;
    file << std::ifstream(path).rdbuf();
    const std::string by_hand = mark.empty() ? "" : file.str().substr(0, file.str().find(mark));
    const std::string wanted = by_hand + printed;
    if (std::getenv("SLOTD_WRITE_DOCS") != nullptr) {
        std::ofstream(path) << wanted;
        return {wanted, wanted};
    }
    return {file.str(), wanted};
}

}  // namespace slotd::fakes
