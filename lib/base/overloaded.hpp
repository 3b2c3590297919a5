#pragma once

#include <concepts>
#include <type_traits>

namespace slotd {

/// One visitor made of lambdas. Use it with an arm for every alternative; an arm for several that
/// change nothing is `[](const OneOf<A, B> auto&) {...}`, never `auto`: a new alternative must fail
/// to compile until somebody decides.
template <class... Arms>
struct Overloaded : Arms... {
    using Arms::operator()...;
};

template <class T, class... Alternatives>
concept OneOf = (std::same_as<std::remove_cvref_t<T>, Alternatives> || ...);

}  // namespace slotd
