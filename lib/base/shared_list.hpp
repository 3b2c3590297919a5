#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace slotd {

/// A list that nobody changes once it is made, so its copies are one in memory: for what many keep
/// of the same thing. A value: equal is what holds the same.
template <class T>
class SharedList {
public:
    using value_type = T;

    SharedList() = default;

    // Implicit, so that it is written as a vector is.
    SharedList(std::vector<T> items)  // NOLINT
        : items_(items.empty() ? nullptr : std::make_shared<const std::vector<T>>(exact(items))) {}

    SharedList(std::initializer_list<T> items) : SharedList(std::vector<T>(items)) {}

    const T* begin() const { return items_ == nullptr ? nullptr : items_->data(); }

    const T* end() const { return begin() + size(); }

    const T* data() const { return begin(); }

    std::size_t size() const { return items_ == nullptr ? 0 : items_->size(); }

    bool empty() const { return size() == 0; }

    const T& front() const { return *begin(); }

    const T& operator[](std::size_t at) const { return begin()[at]; }

    bool operator==(const SharedList& other) const {
        return items_ == other.items_ || std::equal(begin(), end(), other.begin(), other.end());
    }

private:
    /// It will not grow: no room is kept for more.
    static std::vector<T> exact(std::vector<T>& items) {
        items.shrink_to_fit();
        return std::move(items);
    }

    std::shared_ptr<const std::vector<T>> items_;
};

}  // namespace slotd
