#pragma once
/// Clients that lie: a real client whose segments are altered, or have company, on their way out.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "endpoints.h"

namespace handsel::sim {

/// Somebody who can be told to be silent from now on.
class Stranger : public Endpoint {
 public:
  virtual void mute() = 0;
};

/// What a liar does. Up to kLastHarmless a lie hurts nobody who tells it: its own transfer must end well, too.
enum class Lie : std::uint8_t {
  ack_split,           ///< one acknowledgement becomes several (Savage 1999)
  ack_old,             ///< old acknowledgements come again
  ack_too_much,        ///< acknowledgements of what was never sent (RFC 5961 5.2)
  sack_bogus,          ///< SACK blocks from anywhere, mostly of what is in flight: then reneging (RFC 2018 8)
  old_bytes_other,     ///< what was acknowledged comes again, with other bytes
  one_byte_segments,   ///< silly windows' worth
  window_shrinks,      ///< a random part of the window, of every segment anew
  beyond_window,       ///< data far beyond the window
  reset_in_window,     ///< RST in the window but not at RCV.NXT (RFC 5961 3.2)
  syn_in_window,       ///< SYN in the window (RFC 5961 4.2)
  timestamps_regress,  ///< copies with timestamps of old and other bytes (RFC 7323 5.3)
  urgent,              ///< urgent pointers to anywhere (RFC 6093)
  after_fin,           ///< data behind the FIN
  tiny_mss,            ///< an MSS of a few bytes (CVE-2019-11479)
  ecn_always,          ///< ECE and CWR on everything
  icmp,                ///< too big, unreachable: about the connection, with any numbers (RFC 5927)
  options_garbage,     ///< flags that make no sense, bad header lengths, cut-off segments, beside the true ones
  ack_optimistic,      ///< acknowledges what is under way and has not come
  window_never,        ///< after a while the window is shut for ever
  new_bytes_other,     ///< overlaps what is under way with other bytes
  early_fin,           ///< a FIN in the middle
  storm,               ///< random segments round the right numbers
  silence,             ///< after a while says nothing any more
};
inline constexpr Lie kLastHarmless = Lie::options_garbage;
inline constexpr Lie kLastLie = Lie::silence;
inline bool harmless(Lie lie) { return lie <= kLastHarmless; }
std::string_view name_of(Lie lie);

/// What a liar knows of its connection from what passed.
struct LiarView {
  bool established = false;
  wire::SeqNum own_first;   ///< its first byte
  wire::SeqNum own_end;     ///< behind the last one it sent
  wire::SeqNum peer_first;  ///< the server's first byte
  wire::SeqNum peer_end;    ///< behind the last one that came
  wire::SeqNum peer_ack;    ///< what the server acknowledged last
  std::uint32_t segments = 0;
};

class Liar final : public Stranger {
 public:
  Liar(std::unique_ptr<ClientEndpoint> client, std::vector<Lie> lies, std::uint64_t seed);
  void receive(Frame frame, Instant now, flow::FrameSink& out) override;
  void run(Instant now, flow::FrameSink& out) override;
  Instant next_deadline() const override;
  void mute() override { muted_ = true; }
  const ClientEndpoint& client() const { return *client_; }

 private:
  class Sink;
  void pass(Bytes frame, flow::FrameSink& out);
  void note(const Segment& sent);
  void emit(const Frame& frame, flow::FrameSink& out);

  std::unique_ptr<ClientEndpoint> client_;
  std::vector<Lie> lies_;
  Random random_;
  LiarView view_;
  bool muted_ = false;
};

/// Applies one lie to what is about to be sent. `frames` takes what is no good segment.
void tell(Lie lie, const LiarView& view, Random& random, std::vector<Segment>& segments, std::vector<Frame>& frames);

}  // namespace handsel::sim
