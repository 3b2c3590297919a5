#include "daemon/ctl/textfile.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "daemon/ctl/terminal.hpp"
#include "os/unique_fd.hpp"

namespace slotd::ctl {

Status write_textfile(const std::string& path, std::string_view text) {
    // In the same directory, so that rename() can do it; without the ending that node_exporter
    // looks for.
    std::string fresh = path + ".XXXXXX";
    const os::UniqueFd file{::mkostemp(fresh.data(), O_CLOEXEC)};
    if (!file) {
        return failure(ErrorKind::Io, "make a file beside " + path, errno);
    }
    if (!write_all(file.get(), text) || ::fchmod(file.get(), 0644) != 0 ||
        ::rename(fresh.c_str(), path.c_str()) != 0) {
        const int error = errno;
        (void)::unlink(fresh.c_str());  // best effort: the error below is what matters
        return failure(ErrorKind::Io, "write " + path, error);
    }
    return {};
}

}  // namespace slotd::ctl
