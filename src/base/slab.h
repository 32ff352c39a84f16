#pragma once
/// A fixed number of objects, allocated at start, handed out by index with a generation.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace handsel {

/// Names a slab entry. A handle to an entry that was since given back no longer resolves.
struct Handle {
  std::uint32_t index = ~0u;
  std::uint32_t generation = 0;
  explicit operator bool() const { return index != ~0u; }
  friend bool operator==(Handle, Handle) = default;
};

/// Capacity objects of T in one allocation made by the constructor. Owned by one thread.
template <class T>
class Slab {
 public:
  explicit Slab(std::uint32_t capacity)
      : capacity_(capacity), slots_(new Slot[capacity]), free_head_(capacity == 0 ? kNone : 0) {
    for (std::uint32_t i = 0; i < capacity; ++i) slots_[i].next_free = i + 1 < capacity ? i + 1 : kNone;
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for (std::uint32_t i = 0; i < capacity_; ++i)
      if (slots_[i].live) object(i)->~T();
  }

  /// Constructs an object, or returns an empty handle when all are taken.
  template <class... Args>
  Handle emplace(Args&&... args) {
    if (free_head_ == kNone) return {};
    const std::uint32_t index = free_head_;
    Slot& slot = slots_[index];
    free_head_ = slot.next_free;
    ::new (static_cast<void*>(slot.storage)) T(std::forward<Args>(args)...);
    slot.live = true;
    ++size_;
    return {index, slot.generation};
  }

  /// The object, or nullptr when the handle is stale.
  T* get(Handle handle) {
    if (handle.index >= capacity_) return nullptr;
    Slot& slot = slots_[handle.index];
    return slot.live && slot.generation == handle.generation ? object(handle.index) : nullptr;
  }
  /// The live object at an index, or nullptr.
  T* at(std::uint32_t index) { return index < capacity_ && slots_[index].live ? object(index) : nullptr; }
  const T* at(std::uint32_t index) const { return index < capacity_ && slots_[index].live ? object(index) : nullptr; }
  /// Asks for the lines of an object that may be live; it is not looked at.
  void prefetch(std::uint32_t index) const {
    constexpr std::size_t kLine = 64;
    const auto* const slot = reinterpret_cast<const char*>(&slots_[index]);
    for (std::size_t at = 0; at < sizeof(Slot); at += kLine) __builtin_prefetch(slot + at);
  }
  Handle handle_at(std::uint32_t index) const { return {index, slots_[index].generation}; }

  void erase(Handle handle) {
    T* victim = get(handle);
    assert(victim != nullptr);
    Slot& slot = slots_[handle.index];
    slot.live = false;
    ++slot.generation;
    victim->~T();
    slot.next_free = free_head_;
    free_head_ = handle.index;
    --size_;
  }

  std::uint32_t size() const { return size_; }
  std::uint32_t capacity() const { return capacity_; }
  bool full() const { return free_head_ == kNone; }

 private:
  static constexpr std::uint32_t kNone = ~0u;
  struct Slot {
    alignas(T) unsigned char storage[sizeof(T)];
    std::uint32_t generation = 0;
    std::uint32_t next_free = kNone;
    bool live = false;
  };
  T* object(std::uint32_t index) const { return std::launder(reinterpret_cast<T*>(slots_[index].storage)); }

  std::uint32_t capacity_;
  std::unique_ptr<Slot[]> slots_;
  std::uint32_t free_head_;
  std::uint32_t size_ = 0;
};

}  // namespace handsel
