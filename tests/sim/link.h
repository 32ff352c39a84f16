#pragma once
/// One direction of a path: what it does to frames. All chance comes from the world's random numbers.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "segment.h"

namespace handsel::sim {

/// Kinds of segments that a link can be told to lose by number.
enum class Kind : std::uint8_t { syn, data, fin, pure_ack };
inline constexpr std::size_t kKinds = 4;

/// Of the segments of a kind, those numbered first … first + count − 1, counted from 1, are lost: the n-th data
/// segment, every SYN-ACK's first copy, the FIN, all pure ACKs for a while.
struct Chosen {
  Kind kind = Kind::data;
  std::uint32_t first = 1;
  std::uint32_t count = 1;
};

/// A link that is good and sometimes bad (Gilbert 1960, Elliott 1963). Probabilities per frame.
struct Bursts {
  double begin = 0;   ///< from good to bad; 0: there are no bursts
  double end = 0.3;   ///< from bad to good
  double loss = 0.8;  ///< while bad
};

/// What a link does to frames.
struct LinkConfig {
  Duration delay = std::chrono::milliseconds(1);
  Duration jitter{};  ///< added, uniform: more than the spacing of frames reorders them
  double loss = 0;    ///< probability, of each of these
  double duplicate = 0;
  double corrupt = 0;   ///< one bit flipped
  double truncate = 0;  ///< the frame ends early
  double reorder = 0;   ///< the frame is held back for `held_back`
  Duration held_back = std::chrono::milliseconds(4);
  Bursts bursts{};
  std::vector<Chosen> chosen{};
  std::uint16_t mtu = 0;                 ///< bytes of IP that pass; 0: all
  bool tells_mtu = true;                 ///< by ICMP; false: a black hole
  Instant dead_from = kNever;            ///< nothing passes from here
  Instant dead_until{};                  ///< … to here
  std::uint64_t bits_per_second = 0;     ///< 0: no limit
  std::size_t queue_bytes = 64 * 1'024;  ///< waiting for their turn; what finds no room is dropped (drop-tail)
  std::size_t mark_bytes = 0;            ///< more waiting than this marks CE what takes marks (RFC 3168); 0: never
};

/// What a link did.
struct LinkCounts {
  std::uint64_t carried = 0;
  std::uint64_t lost = 0;  ///< for whatever reason
  std::uint64_t duplicated = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t too_big = 0;
  std::uint64_t marked = 0;
};

/// What became of a frame.
struct Fate {
  struct Copy {
    Instant at;
    Frame frame;
  };
  const char* lost = nullptr;  ///< why; nullptr when it passes
  bool told_too_big = false;   ///< the sender is to hear LinkConfig::mtu from a router
  std::vector<Copy> copies;    ///< what arrives, and when
};

class Link {
 public:
  explicit Link(const LinkConfig& config) : config_(config) {}
  Fate pass(Frame frame, Instant now, Random& random);
  const LinkConfig& config() const { return config_; }
  const LinkCounts& counts() const { return counts_; }

 private:
  const char* reason_to_lose(Bytes frame, Instant now, Random& random);
  bool is_chosen(Bytes frame);
  bool burst_takes(Random& random);
  const char* wait_in_queue(Frame& frame, Instant now, Instant& leaves);

  LinkConfig config_;
  LinkCounts counts_;
  std::uint32_t seen_[kKinds] = {};
  bool bad_ = false;
  Instant busy_until_{};
};

/// The two directions of a client's path to the server.
struct PathConfig {
  LinkConfig up;    ///< to the server
  LinkConfig down;  ///< from it
};

}  // namespace handsel::sim
