#include "tests/model/explore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/phase.hpp"
#include "tests/model/fingerprint.hpp"
#include "tests/model/moves.hpp"
#include "tests/model/state.hpp"
#include "tests/model/visited.hpp"
#include "tests/proof/violation.hpp"
#include "tests/proof/witness.hpp"

namespace slotd::model {

namespace {

constexpr std::size_t kStatesMax = 50'000'000;

/// Visited, its successors not yet.
struct Open {
    std::uint32_t index;
    std::unique_ptr<State> state;
};

class Explorer {
public:
    Explorer(const Setup& setup, const std::set<int>& ignored, Progress progress)
        : setup_(setup),
          progress_(std::move(progress)),
          ignored_(ignored),
          start_(setup, small_limits()),
          successor_(start_) {}

    Exploration run() {
        add(start_, 0, Move{});
        for (; !next_.empty(); result_.depth += 1) {
            std::vector<Open> level = std::exchange(next_, {});
            if (progress_) {
                progress_(result_.depth, level.size(), visited_.size());
            }
            for (Open& open : level) {
                expand(open.index, *open.state);
                if (!result_.violations.empty()) {
                    return finished();
                }
                spare_.push_back(std::move(open.state));
            }
            if (visited_.size() > kStatesMax) {
                result_.violations.push_back({0, "more states than there is memory for"});
                return finished();
            }
        }
        result_.depth -= 1;  // the last level had no successors
        follow_fair_finishes();
        return finished();
    }

    std::vector<std::string> way_to_here() const {
        std::vector<std::string> lines;
        const State state = retrace(way_to(here_), lines);
        lines.push_back(describe(move_, state, setup_));
        return lines;
    }

private:
    std::uint32_t add(const State& state, std::uint32_t parent, const Move& move) {
        const Visited::Place place = visited_.insert(fingerprint_of(state));
        if (place.is_new) {
            visited_[place.index].parent = parent;
            visited_[place.index].move = move;
            visited_[place.index].fair = place.index;
            next_.push_back({place.index, copy_of(state)});
        }
        return place.index;
    }

    /// Takes the place of a state that is done with: its memory is as good as new, and much faster.
    std::unique_ptr<State> copy_of(const State& state) {
        if (spare_.empty()) {
            return std::make_unique<State>(state);
        }
        std::unique_ptr<State> copy = std::move(spare_.back());
        spare_.pop_back();
        *copy = state;
        return copy;
    }

    proof::Violations judged(proof::Violations violations) const {
        std::erase_if(violations, [&](const proof::Violation& one) {
            return ignored_.contains(one.invariant);
        });
        return violations;
    }

    void expand(std::uint32_t index, const State& state) {
        const std::vector<Move> moves = moves_of(state, setup_);
        visited_[index].rests =
            state.witness.at_the_end(state.world.truth(state.now), state.slotd).empty();
        bool fair = true;
        for (const Move& move : moves) {
            // Most successors are known already: a copy into the same place allocates next to
            // nothing.
            successor_ = state;
            here_ = index;
            move_ = move;
            proof::Violations violations = judged(play(successor_, move, setup_));
            const std::uint32_t next = add(successor_, index, move);
            result_.transitions += 1;
            if (!violations.empty()) {
                result_.violations = std::move(violations);
                std::vector<Move> way = way_to(index);
                way.push_back(move);
                (void)retrace(way, result_.trace);
                return;
            }
            if (std::exchange(fair, false) && happens_by_itself(move)) {
                visited_[index].fair = next;
            }
        }
    }

    /// From every state there is one fair way: the first move that happens by itself, again and
    /// again. It ends in a state where nothing happens or in a circle (level exclusive samples its
    /// slots for ever); there, every state has to be one that an end may be. So invariant 9 is
    /// checked for every state, not for a sample.
    void follow_fair_finishes() {
        constexpr std::uint32_t kUnknown = 0xffffffff;
        constexpr std::uint32_t kOnTheWay = 0xfffffffe;
        std::vector<std::uint32_t> moves_to_rest(visited_.size(), kUnknown);
        std::vector<std::uint32_t> way;
        for (std::uint32_t start = 0; start < visited_.size(); ++start) {
            std::uint32_t at = start;
            while (moves_to_rest[at] == kUnknown) {
                moves_to_rest[at] = kOnTheWay;
                way.push_back(at);
                at = visited_[at].fair;
            }
            if (moves_to_rest[at] == kOnTheWay) {  // a circle, or a state that stays
                for (std::uint32_t in = at; moves_to_rest[in] == kOnTheWay;
                     in = visited_[in].fair) {
                    moves_to_rest[in] = 0;
                    if (!visited_[in].rests) {
                        return never_rests(in);
                    }
                }
            }
            for (; !way.empty(); way.pop_back()) {
                std::uint32_t& moves = moves_to_rest[way.back()];
                if (moves == kOnTheWay) {
                    moves = moves_to_rest[visited_[way.back()].fair] + 1;
                    result_.fair_moves = std::max<std::size_t>(result_.fair_moves, moves);
                }
            }
        }
    }

    void never_rests(std::uint32_t index) {
        const State state = retrace(way_to(index), result_.trace);
        result_.violations =
            judged(state.witness.at_the_end(state.world.truth(state.now), state.slotd));
    }

    std::vector<Move> way_to(std::uint32_t index) const {
        std::vector<Move> moves;
        for (; index != 0; index = visited_[index].parent) {
            moves.push_back(visited_[index].move);
        }
        std::ranges::reverse(moves);
        return moves;
    }

    /// Plays moves again and writes down what happens.
    State retrace(const std::vector<Move>& moves, std::vector<std::string>& lines) const {
        State state = start_;
        for (const Move& move : moves) {
            std::string line = describe(move, state, setup_);
            (void)play(state, move, setup_);
            for (const auto& [port, slot] : state.slotd.slots()) {
                line +=
                    fmt::format("  [{} {}]", port.to_string(), coordinator::name_of(slot.phase));
            }
            lines.push_back(std::move(line));
        }
        return state;
    }

    Exploration finished() {
        result_.states = visited_.size();
        return std::move(result_);
    }

    const Setup& setup_;
    const Progress progress_;
    const std::set<int> ignored_;
    const State start_;
    State successor_;
    std::uint32_t here_ = 0;  // and the move that is being played there
    Move move_;
    Visited visited_;
    std::vector<Open> next_;
    std::vector<std::unique_ptr<State>> spare_;
    Exploration result_;
};

thread_local const Explorer* exploring = nullptr;

}  // namespace

Exploration explore(const Setup& setup, const std::set<int>& ignored, const Progress& progress) {
    Explorer explorer(setup, ignored, progress);
    exploring = &explorer;
    Exploration found = explorer.run();
    exploring = nullptr;
    return found;
}

std::vector<std::string> way_to_here() {
    return exploring == nullptr ? std::vector<std::string>{} : exploring->way_to_here();
}

}  // namespace slotd::model
