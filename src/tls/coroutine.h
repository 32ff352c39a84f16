#pragma once
/// Handshakes as coroutines: a Task runs until it awaits something, and is destroyed from outside when its session
/// goes.

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/secret.h"
#include "tls/alert.h"

namespace handsel::tls {

/// Memory for the coroutine frames of one handshake. They come and go like a stack's: a task that awaits another one
/// outlives it.
class FrameStack {
 public:
  /// nullptr when the frames together need more than limits::kMaxHandshakeFrameBytes.
  void* take(std::size_t bytes) noexcept {
    bytes = rounded(bytes);
    if (bytes > memory_.size() - used_) return nullptr;
    void* frame = memory_.data() + used_;
    used_ += bytes;
    return frame;
  }
  /// Frames hold key material: wiped.
  void give_back(void* frame, std::size_t bytes) noexcept {
    secure_wipe(frame, bytes);
    used_ -= rounded(bytes);
  }
  std::size_t used() const { return used_; }

 private:
  static std::size_t rounded(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }
  static constexpr std::size_t kAlignment = 16;
  // A frame is given back by its size and its address alone, so a frame knows its stack: see Task's operator new.
  alignas(kAlignment) std::array<std::uint8_t, limits::kMaxHandshakeFrameBytes> memory_;
  std::size_t used_ = 0;
};

/// Memory on top of the frames, for a local of the innermost coroutine that knows only then how much it needs. Goes,
/// wiped, with that local.
class FrameRoom {
 public:
  FrameRoom(FrameStack& frames, std::size_t bytes)
      : frames_(frames), memory_(static_cast<std::uint8_t*>(frames.take(bytes))), bytes_(memory_ ? bytes : 0) {}
  ~FrameRoom() {
    if (memory_ != nullptr) frames_.give_back(memory_, bytes_);
  }
  FrameRoom(const FrameRoom&) = delete;
  FrameRoom& operator=(const FrameRoom&) = delete;

  /// False when there was no room.
  explicit operator bool() const { return memory_ != nullptr; }
  MutableBytes view() const { return {memory_, bytes_}; }

 private:
  FrameStack& frames_;
  std::uint8_t* memory_;
  std::size_t bytes_;
};

/// A coroutine whose first parameter is (or derives from) FrameStack, and whose result is an Error. It starts when it
/// is resumed or awaited, never by itself.
class [[nodiscard]] Task {
 public:
  struct promise_type {
    template <class... Rest>
    static void* operator new(std::size_t bytes, FrameStack& frames, Rest&&...) noexcept {
      void* memory = frames.take(bytes + kOwnerBytes);
      if (memory == nullptr) return nullptr;
      *static_cast<FrameStack**>(memory) = &frames;
      return static_cast<std::uint8_t*>(memory) + kOwnerBytes;
    }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
      void* memory = static_cast<std::uint8_t*>(frame) - kOwnerBytes;
      FrameStack* frames = *static_cast<FrameStack**>(memory);
      frames->give_back(memory, bytes + kOwnerBytes);
    }
    static Task get_return_object_on_allocation_failure() noexcept { return Task(nullptr); }
    Task get_return_object() noexcept { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct Final {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) const noexcept {
        const std::coroutine_handle<> next = ended.promise().awaiting;
        return next ? next : std::noop_coroutine();
      }
      void await_resume() const noexcept {}
    };
    Final final_suspend() const noexcept { return {}; }
    void return_value(Error error) noexcept { result = error; }
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

    Error result = Error::none;
    std::coroutine_handle<> awaiting;

   private:
    static constexpr std::size_t kOwnerBytes = 16;
  };
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { destroy(); }

  /// False for a task that found no memory for its frame.
  explicit operator bool() const { return static_cast<bool>(handle_); }
  bool done() const { return handle_.done(); }
  Error result() const { return handle_.promise().result; }
  Handle handle() const { return handle_; }
  void destroy() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

  /// Awaiting a task runs it; the await ends with its result. One without a frame ends at once.
  bool await_ready() const noexcept { return !handle_; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().awaiting = awaiting;
    return handle_;
  }
  Error await_resume() const noexcept { return handle_ ? handle_.promise().result : Error::no_handshake_memory; }

 private:
  explicit Task(Handle handle) : handle_(handle) {}
  Handle handle_;
};

}  // namespace handsel::tls
