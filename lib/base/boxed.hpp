#pragma once

#include <memory>
#include <utility>

namespace slotd {

/// An optional that is as wide as a pointer while it is empty: for what few of many have. A value
/// all the same: a copy has its own, and equal is what holds the same. Moved from, it is empty.
template <class T>
class Boxed {
public:
    Boxed() = default;

    // Implicit, as std::optional's is.
    Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT

    Boxed(const Boxed& other)
        : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}

    Boxed(Boxed&&) noexcept = default;

    Boxed& operator=(const Boxed& other) { return *this = Boxed(other); }

    Boxed& operator=(Boxed&&) noexcept = default;
    ~Boxed() = default;

    explicit operator bool() const { return value_ != nullptr; }

    bool has_value() const { return value_ != nullptr; }

    T& operator*() { return *value_; }

    const T& operator*() const { return *value_; }

    T* operator->() { return value_.get(); }

    const T* operator->() const { return value_.get(); }

    void reset() { value_.reset(); }

    bool operator==(const Boxed& other) const {
        return has_value() == other.has_value() && (!has_value() || *value_ == *other.value_);
    }

private:
    std::unique_ptr<T> value_;
};

}  // namespace slotd
