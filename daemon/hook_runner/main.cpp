#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "daemon/hook_runner/options.hpp"
#include "daemon/hook_runner/serve.hpp"
#include "os/unique_fd.hpp"

namespace {

int complain(const std::string& what) {
    (void)std::fprintf(stderr, "<3>slotd-run-hooks: %s: %s\n", what.c_str(), std::strerror(errno));
    return 1;
}

int serve_socket(const std::string& path, const std::vector<std::string>& directories) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        (void)std::fprintf(stderr, "<3>slotd-run-hooks: the socket's path has 1 to 107 bytes\n");
        return 2;
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    const slotd::os::UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    (void)::unlink(path.c_str());
    // Only root asks root's programs; slotd's group, where it has one, is given by systemd's
    // socket.
    const mode_t before = ::umask(0077);
    const bool bound =
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    (void)::umask(before);
    if (!bound || ::listen(socket.get(), 16) != 0) {
        return complain("listen on " + path);
    }
    for (;;) {
        const slotd::os::UniqueFd connection{
            ::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (connection) {
            (void)slotd::hook_runner::serve(connection.get(), directories);
        }
    }
}

int run(const slotd::hook_runner::Options& options) {
    if (options.listen) {
        return serve_socket(*options.listen, options.directories);
    }
    if (::isatty(STDIN_FILENO) != 0) {
        (void)std::fprintf(stderr,
                           "slotd-run-hooks: standard input is no connection; see --help\n");
        return 2;
    }
    return slotd::hook_runner::serve(STDIN_FILENO, options.directories) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const auto options = slotd::hook_runner::parse_options(argc, argv);
        return options ? run(*options) : options.error();
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "<3>slotd-run-hooks: %s\n", error.what());
        return 1;
    }
}
