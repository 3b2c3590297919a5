// Journals made by systemd-journal-remote from text, as an administrator would make them.
#include "os/journal_reader.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "action/record.hpp"
#include "base/result.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

namespace fs = std::filesystem;
constexpr const char* kMaker = "/lib/systemd/systemd-journal-remote";
constexpr std::uint64_t kFirst = 0x6b07e5a300010001;
constexpr std::uint64_t kSecond = 0x6b07e5a300010002;

std::string entry(int second, const std::string& unit, const std::string& fields) {
    const std::string time = std::to_string(1'764'172'800'000'000 + second * 1'000'000LL);
    return "__REALTIME_TIMESTAMP=" + time + "\n__MONOTONIC_TIMESTAMP=" + std::to_string(second) +
           "000000\n_BOOT_ID=0123456789abcdef0123456789abcdef\n_PID=12\n_SYSTEMD_UNIT=" + unit +
           "\n" + fields + "\n\n";
}

std::string slotd(int second, const std::string& incident, const std::string& more = "") {
    return entry(second, "slotd.service",
                 "MESSAGE=line " + std::to_string(second) +
                     "\nPRIORITY=5\nSLOTD_KIND=phase-changed" +
                     (incident.empty() ? "" : "\nSLOTD_INCIDENT=" + incident) + more);
}

struct JournalReaderTest : testing::Test {
    void SetUp() override {
        if (!fs::exists(kMaker)) {
            GTEST_SKIP() << kMaker << " is not installed: apt install systemd-journal-remote";
        }
    }

    std::string made(const std::string& text) const {
        const std::string exported = folder.path("text");
        const std::string journal = folder.path("made.journal");
        std::ofstream(exported) << text;
        const std::string command =
            std::string(kMaker) + " -o " + journal + " " + exported + " >/dev/null 2>&1";
        EXPECT_EQ(std::system(command.c_str()), 0) << command;
        return journal;
    }

    JournalReader opened(const std::string& text) const {
        auto reader = JournalReader::open_path(made(text));
        EXPECT_TRUE(reader) << reader.error().message();
        return std::move(*reader);
    }

    fakes::TempDir folder;
};

std::vector<std::string> texts(const Result<std::vector<evidence::JournalLine>>& lines) {
    std::vector<std::string> all;
    for (const evidence::JournalLine& line : lines.value()) {
        all.push_back(line.record.text);
    }
    return all;
}

TEST_F(JournalReaderTest, GivesTheLinesOfOneIncidentOfSlotdsOwn) {
    JournalReader reader =
        opened(slotd(1, "6b07e5a300010001") + slotd(2, "6b07e5a300010002") + slotd(3, "") +
               entry(4, "other.service",
                     "MESSAGE=a lie\nSLOTD_KIND=phase-changed\nSLOTD_INCIDENT=6b07e5a300010001") +
               slotd(5, "6b07e5a300010001"));

    EXPECT_EQ(texts(reader.lines_of(kFirst)), (std::vector<std::string>{"line 1", "line 5"}));
    EXPECT_EQ(texts(reader.lines()),
              (std::vector<std::string>{"line 1", "line 2", "line 3", "line 5"}));
    EXPECT_EQ(reader.lines_of(kFirst)->front().wall_us, 1'764'172'801'000'000);
    EXPECT_EQ(reader.lines_of(kFirst)->front().run, "12");
    EXPECT_FALSE(reader.is_cut());
}

TEST_F(JournalReaderTest, FindsIncidentsByTheirBeginningAndTheLastOne) {
    JournalReader reader = opened(slotd(1, "6b07e5a300010001") + slotd(2, "6b07e5a300010002") +
                                  slotd(3, "6b07e5a300010001") + slotd(4, "") + slotd(5, "zz"));

    EXPECT_EQ(reader.incidents("6b07").value(), (std::vector<std::uint64_t>{kFirst, kSecond}));
    EXPECT_EQ(reader.incidents("6b07e5a300010002").value(), std::vector<std::uint64_t>{kSecond});
    EXPECT_EQ(reader.incidents("7").value(), std::vector<std::uint64_t>{});
    EXPECT_EQ(reader.last_incident().value(), kFirst);
}

TEST_F(JournalReaderTest, OfAJournalWithoutIncidentsHasNone) {
    JournalReader reader = opened(slotd(1, ""));

    EXPECT_EQ(reader.last_incident().value(), std::nullopt);
    EXPECT_EQ(texts(reader.lines_of(kFirst)), std::vector<std::string>{});
}

TEST_F(JournalReaderTest, ReadsADirectoryAsWell) {
    (void)made(slotd(1, "6b07e5a300010001"));

    auto reader = JournalReader::open_path(folder.path());

    ASSERT_TRUE(reader) << reader.error().message();
    EXPECT_EQ(texts(reader->lines()), std::vector<std::string>{"line 1"});
}

TEST_F(JournalReaderTest, OfHostileFieldsSaysWhatIsWrongAndCutsWhatIsTooLong) {
    JournalReader reader =
        opened(slotd(1, "6b07e5a300010001", "\nSLOTD_EVENT={\"v\":1,\"cause\":[") +
               slotd(2, "6b07e5a300010001", "\nSLOTD_SLOT=" + std::string(300'000, 'x')));

    const auto lines = reader.lines_of(kFirst).value();

    ASSERT_EQ(lines.size(), 2);
    EXPECT_TRUE(lines[0].problem.starts_with("failed to read SLOTD_EVENT")) << lines[0].problem;
    EXPECT_LE(lines[1].record.slot.size(), JournalReader::kFieldBytesMax);
}

TEST_F(JournalReaderTest, OfAFileCutOrBrokenAnywhereComesBack) {
    const std::string journal = made(slotd(1, "6b07e5a300010001") + slotd(2, "6b07e5a300010002"));
    std::ifstream file(journal, std::ios::binary);
    std::string bytes(64 * 1024, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto size = fs::file_size(journal);
    const std::string broken = folder.path("broken");
    fs::create_directory(broken);
    const std::string copy = broken + "/copy.journal";
    for (std::size_t at = 0; at < bytes.size(); at += 97) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(~changed[at]);
        std::ofstream(copy, std::ios::binary) << changed;
        fs::resize_file(copy, at % 2 == 0 ? size : at);
        auto reader = JournalReader::open_path(copy);
        if (reader) {
            (void)reader->last_incident();
            (void)reader->incidents("");
            (void)reader->lines();
        }
    }
}

TEST(JournalReader, OfWhatIsNoJournalSaysSo) {
    const fakes::TempDir folder;
    const std::string file = folder.path("x.journal");
    std::ofstream(file) << "no journal\n";

    EXPECT_EQ(JournalReader::open_path("/no/such.journal").error().kind, ErrorKind::NotFound);
    EXPECT_EQ(JournalReader::open_path(file).error().kind, ErrorKind::Malformed);
}

}  // namespace
}  // namespace slotd::os
