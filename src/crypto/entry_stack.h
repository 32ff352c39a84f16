#pragma once
/// Where a bank keeps its entries.

#include <cassert>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "base/secret.h"

namespace handsel::crypto {

/// A stack in memory of its owner's, because what was put there last is still in the cache. An entry is handed out
/// once, and wiped behind whoever took it. The number of entries stands in the same memory: where that turns into zeros
/// (in a forked child, see SecretPages), none are left.
template <class Entry>
class EntryStack {
  static_assert(std::is_trivially_copyable_v<Entry> && alignof(Entry) <= 64);

 public:
  static constexpr std::size_t bytes_for(std::size_t capacity) {
    return capacity == 0 ? 0 : (kHeaderBytes + capacity * sizeof(Entry) + 63) / 64 * 64;
  }

  /// `memory` holds zeros, bytes_for(capacity) of them, and starts at a multiple of 64.
  EntryStack(MutableBytes memory, std::size_t capacity) : capacity_(capacity) {
    assert(memory.size() >= bytes_for(capacity));
    if (capacity == 0) return;
    level_ = ::new (memory.data()) std::size_t(0);
    entries_ = reinterpret_cast<Entry*>(memory.data() + kHeaderBytes);
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t level() const { return level_ == nullptr ? 0 : *level_; }
  /// One more entry, for the caller to write.
  Entry& put() {
    assert(level() < capacity_);
    return entries_[(*level_)++];
  }
  /// Calls `use` with one entry, then wipes it. False when there is none.
  template <class Use>
  bool take(Use&& use) {
    if (level() == 0) return false;
    Entry& entry = entries_[--*level_];
    use(std::as_const(entry));
    secure_wipe(&entry, sizeof entry);
    return true;
  }
  void wipe() {
    if (level_ == nullptr) return;
    secure_wipe(entries_, capacity_ * sizeof(Entry));
    *level_ = 0;
  }

 private:
  static constexpr std::size_t kHeaderBytes = 64;

  std::size_t capacity_;
  std::size_t* level_ = nullptr;
  Entry* entries_ = nullptr;
};

}  // namespace handsel::crypto
