#pragma once
/// Handshake messages out of the records that carry them: split over several, or several in one (RFC 8446 5.1).

#include <cstddef>
#include <expected>
#include <optional>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/frame_pool.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// A whole handshake message.
struct Message {
  HandshakeType type{};
  Bytes body;
  Bytes whole;  ///< with its header
};

/// One message type that may come next, or two.
struct HandshakeTypes {
  HandshakeTypes() = default;
  HandshakeTypes(HandshakeType only) : first(only), second(only) {}
  HandshakeTypes(HandshakeType one, HandshakeType other) : first(one), second(other) {}
  bool holds(std::uint8_t type) const {
    return type == static_cast<std::uint8_t>(first) || type == static_cast<std::uint8_t>(second);
  }

  HandshakeType first{};
  HandshakeType second{};
};

/// A message that lies whole in one record is read where it lies; only pieces are copied.
class Inbox {
 public:
  /// `memory` takes short pieces; longer ones take a long buffer from `pool`.
  Inbox(FramePool& pool, MutableBytes memory) : pool_(pool), memory_(memory), buffer_(memory) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox();

  /// A record's content. Its memory must last until settle().
  void offer(Bytes fragment) { fragment_ = fragment; }
  /// The next message, if all of it is there; its views last until the next call of next(), offer() or settle(). Its
  /// type is judged as soon as it is known, its length before anything is stored.
  std::expected<std::optional<Message>, Error> next(HandshakeTypes expected);
  /// Stores what is left of the fragment, because its memory goes.
  Error settle();
  /// True when there is no unread byte: the only state in which keys may change.
  bool empty() const { return begin_ == end_ && fragment_.empty(); }

 private:
  std::size_t stored() const { return end_ - begin_; }
  /// Moves bytes from the fragment until `wanted` are stored, or it is used up.
  Error store(std::size_t wanted);
  Error reserve(std::size_t bytes);

  FramePool& pool_;
  MutableBytes memory_;
  MutableBytes buffer_;  // memory_ or a long buffer
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t high_water_ = 0;
  Bytes fragment_;
};

}  // namespace handsel::tls
