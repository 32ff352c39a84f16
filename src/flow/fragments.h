#pragma once
/// Fragmented IP packets put together again, within bounds. TCP's peers do not send such packets, but middleboxes and
/// tunnels may cut theirs.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/drop.h"
#include "base/limits.h"
#include "base/time.h"
#include "flow/statistics.h"
#include "wire/fragment.h"

namespace handsel::flow {

/// Worker thread only. All memory is taken when it is made: limits::kMaxFragmentedPackets frames of
/// limits::kMaxFrameBytes.
///
/// A packet is known by addresses and identification (over IPv4 by its protocol, too), and made whole only from pieces
/// that do not overlap: one that does ruins it, and what comes later of it is dropped (RFC 5722 3; RFC 791 would let
/// the later bytes win, which is how filters are deceived). A piece that came twice is ignored. What is not whole after
/// 60 seconds is given up (RFC 8200 4.5). When there is no room the oldest packet gives way, and one source has no more
/// than an eighth of all.
class Fragments {
 public:
  /// What is let go is counted in `statistics`, by reason and fragment.
  explicit Fragments(ShardStatistics& statistics);
  Fragments(const Fragments&) = delete;
  Fragments& operator=(const Fragments&) = delete;

  /// The whole packet as a frame when `fragment` was its last missing piece, else nothing. The frame has the first
  /// fragment's link and IP headers, without options, and CE if any piece had it (RFC 3168 5.3); it lives until
  /// release().
  MutableBytes take(const wire::FragmentView& fragment, Instant now);
  /// The memory of frames given by take() may be used again: to be called once they have been acted upon.
  void release();
  /// Gives up what is too old.
  void expire(Instant now);
  /// When expire() has something to do; kNever when nothing waits.
  Instant next_deadline() const;
  /// Packets of which pieces are held.
  std::size_t size() const { return used_; }

 private:
  struct Piece {
    std::uint16_t begin;
    std::uint16_t end;
  };
  struct Packet {
    enum class State : std::uint8_t { free, gathering, ruined, whole };
    State state = State::free;
    bool ipv4 = false;
    std::uint8_t protocol = 0;
    std::uint8_t traffic_class = 0;
    std::uint8_t ttl = 0;
    std::uint8_t count = 0;  // of pieces
    bool end_known = false;
    std::uint16_t end = 0;    // of the whole payload
    std::uint16_t bytes = 0;  // of it that have come
    std::uint32_t identification = 0;
    Instant started{};
    wire::IpAddress source;
    wire::IpAddress destination;
    wire::LinkHeader link;
    std::array<Piece, limits::kMaxFragments> pieces;
  };

  Packet* find(const wire::FragmentView& fragment);
  Packet& start(const wire::FragmentView& fragment, Instant now);
  std::optional<Drop> add(Packet& packet, const wire::FragmentView& fragment);
  MutableBytes frame_of(Packet& packet);
  std::uint8_t* buffer_of(const Packet& packet);
  void drop(Drop reason, std::uint32_t fragments);
  void free(Packet& packet);

  ShardStatistics& statistics_;
  std::vector<Packet> packets_;
  std::unique_ptr<std::uint8_t[]> buffers_;
  std::size_t used_ = 0;
  std::size_t whole_ = 0;
};

}  // namespace handsel::flow
