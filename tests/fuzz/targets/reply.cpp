// control::decode_reply and the readers of each method's parameters: what a server, or whoever
// stands in its place, answers to slotctl.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "control/doctor_call.hpp"
#include "control/fault.hpp"
#include "control/message.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

/// Reads, writes and reads again: from the second time on nothing changes any more (what a reader
/// does not know it has left out in the first).
template <class Reply>
void require_stable(std::string_view parameters, Result<Reply> (*decode)(std::string_view)) {
    const auto once = decode(parameters);
    if (!once) {
        require(is_printable(once.error().context), "what is wrong with a reply is printable");
        return;
    }
    const std::string sent = control::encode_reply(control::Reply(*once), false);
    const auto received = control::decode_reply(std::string_view(sent).substr(0, sent.size() - 1));
    require(received && !received->fault && !received->continues, "a reply is read as one");
    const auto twice = decode(received->parameters);
    require(twice && *twice == *once, "decode(encode(x)) is x");
}

void require_all_readers(std::string_view parameters) {
    require_stable<control::SlotsReply>(parameters, control::decode_slots);
    require_stable<control::SlotReply>(parameters, control::decode_slot);
    require_stable<control::ResetReply>(parameters, control::decode_reset);
    require_stable<control::PlanReply>(parameters, control::decode_plan);
    require_stable<control::DoneReply>(parameters, control::decode_done);
    require_stable<control::ReloadReply>(parameters, control::decode_reload);
    require_stable<control::ConfigReply>(parameters, control::decode_config);
    require_stable<control::HistoryReply>(parameters, control::decode_history);
    require_stable<control::DoctorReply>(parameters, control::decode_doctor);
    require_stable<control::RecordReply>(parameters, control::decode_record);
    require_stable<control::MetricsReply>(parameters, control::decode_metrics);
    require_stable<control::VersionReply>(parameters, control::decode_version);
}

}  // namespace

void fuzz_reply(std::span<const std::uint8_t> bytes) {
    const auto received = control::decode_reply(text_of(bytes));
    if (!received) {
        require(is_printable(received.error().context), "what is wrong with a reply is printable");
        return;
    }
    if (received->fault) {
        require(has_printable_lines(control::to_string(*received->fault)), "a fault is printable");
    }
    require_all_readers(received->parameters);
}

}  // namespace slotd::fuzz
