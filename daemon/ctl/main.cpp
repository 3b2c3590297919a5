#include <clocale>
#include <exception>
#include <variant>

#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"

namespace {

slotd::ctl::ExitCode run(int count, char** arguments) {
    using slotd::ctl::Answered;
    auto parsed =
        slotd::ctl::parse_command_line({arguments + (count > 0 ? 1 : 0), arguments + count});
    if (const auto* const answered = std::get_if<Answered>(&parsed)) {
        (void)slotd::ctl::print(answered->out);  // help that nobody reads
        if (!answered->error.empty()) {
            slotd::ctl::print_error(answered->error);
        }
        return answered->code;
    }
    return slotd::ctl::run(std::get<slotd::ctl::Invocation>(parsed));
}

}  // namespace

int main(int count, char** arguments) {
    // For the character set alone: numbers and messages stay as they are everywhere.
    (void)std::setlocale(LC_CTYPE, "");
    try {
        return static_cast<int>(run(count, arguments));
    } catch (const std::exception& failure) {
        slotd::ctl::complain(failure.what());
    }
    return static_cast<int>(slotd::ctl::ExitCode::OutcomeUnknown);
}
