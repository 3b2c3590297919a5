#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace slotd {

/// A std::map of what seldom comes or goes and is looked up at every turn: the keys lie side by
/// side, so a search stays within a few cache lines, where a tree reads a value's node at each
/// step. Values stay where they are for as long as they are in it. A value: a copy has its own.
template <class Key, class Value>
class FlatMap {
public:
    using Entry = std::pair<const Key, Value>;

private:
    using Entries = std::vector<std::unique_ptr<Entry>>;

    template <class Seen, class At>
    class Walk {
    public:
        using value_type = Entry;
        using difference_type = std::ptrdiff_t;

        Walk() = default;

        explicit Walk(At at) : at_(at) {}

        Seen& operator*() const { return **at_; }

        Seen* operator->() const { return at_->get(); }

        Walk& operator++() {
            ++at_;
            return *this;
        }

        Walk operator++(int) { return Walk(at_++); }

        bool operator==(const Walk&) const = default;

    private:
        At at_{};
    };

public:
    using iterator = Walk<Entry, typename Entries::iterator>;
    using const_iterator = Walk<const Entry, typename Entries::const_iterator>;

    FlatMap() = default;

    FlatMap(const FlatMap& other) : keys_(other.keys_) {
        entries_.reserve(other.entries_.size());
        for (const auto& entry : other.entries_) {
            entries_.push_back(std::make_unique<Entry>(*entry));
        }
    }

    FlatMap(FlatMap&&) noexcept = default;

    FlatMap& operator=(const FlatMap& other) { return *this = FlatMap(other); }

    FlatMap& operator=(FlatMap&&) noexcept = default;
    ~FlatMap() = default;

    iterator begin() { return iterator(entries_.begin()); }

    iterator end() { return iterator(entries_.end()); }

    const_iterator begin() const { return const_iterator(entries_.begin()); }

    const_iterator end() const { return const_iterator(entries_.end()); }

    std::size_t size() const { return keys_.size(); }

    /// find() for who has an idea of the key's place among all: where it is right, nothing is
    /// searched.
    iterator find(const Key& key, std::size_t idea) {
        const auto place = static_cast<std::ptrdiff_t>(std::min(idea, keys_.size()));
        return is_at(place, key) ? iterator(entries_.begin() + place) : find(key);
    }

    bool contains(const Key& key) const { return find(key) != end(); }

    iterator find(const Key& key) { return iterator(entries_.begin() + place_if_there(key)); }

    const_iterator find(const Key& key) const {
        return const_iterator(entries_.begin() + place_if_there(key));
    }

    Value& at(const Key& key) {
        const auto found = find(key);
        SLOTD_ASSERT(found != end());
        return found->second;
    }

    const Value& at(const Key& key) const {
        const auto found = find(key);
        SLOTD_ASSERT(found != end());
        return found->second;
    }

    /// In place of the one that is there, if any.
    Value& put(const Key& key, Value value) {
        const std::ptrdiff_t place = place_of(key);
        if (is_at(place, key)) {
            return entries_[static_cast<std::size_t>(place)]->second = std::move(value);
        }
        keys_.insert(keys_.begin() + place, key);
        return (*entries_.insert(entries_.begin() + place,
                                 std::make_unique<Entry>(key, std::move(value))))
            ->second;
    }

    void erase(const Key& key) {
        if (const std::ptrdiff_t place = place_of(key); is_at(place, key)) {
            keys_.erase(keys_.begin() + place);
            entries_.erase(entries_.begin() + place);
        }
    }

private:
    std::ptrdiff_t place_of(const Key& key) const {
        return std::ranges::lower_bound(keys_, key) - keys_.begin();
    }

    bool is_at(std::ptrdiff_t place, const Key& key) const {
        return place != std::ssize(keys_) && keys_[static_cast<std::size_t>(place)] == key;
    }

    std::ptrdiff_t place_if_there(const Key& key) const {
        const std::ptrdiff_t place = place_of(key);
        return is_at(place, key) ? place : std::ssize(keys_);
    }

    std::vector<Key> keys_;  ///< sorted, each of the entry at its place
    Entries entries_;
};

}  // namespace slotd
