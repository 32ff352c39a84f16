#pragma once
/// What must hold of the frames of a world, whatever becomes of them: judged from the outside, by what each endpoint
/// was given and what it says.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "segment.h"
#include "witness.h"

namespace handsel::sim {

/// Sequence numbers received, as disjoint ranges of offsets.
class RangeSet {
 public:
  void add(std::int64_t begin, std::int64_t end);
  bool covers(std::int64_t begin, std::int64_t end) const;
  /// The first offset from `from` on that is not in it.
  std::int64_t end_of_run(std::int64_t from) const;

 private:
  std::map<std::int64_t, std::int64_t> ranges_;
};

/// One endpoint's side of one connection: what it was given bounds what it may say.
class Side {
 public:
  /// A segment that reached the endpoint.
  void delivered(const wire::TcpHeader& header, Bytes payload);
  /// One that somebody else made up and that reached it: a duplicate of it may be reported (RFC 2883).
  void delivered_forgery(const wire::TcpHeader& header, Bytes payload);
  /// A segment that it sent; what is wrong with it, empty when nothing is. `strict`: the peer does not lie.
  std::string sent(const wire::TcpHeader& header, Bytes payload, bool strict);

 private:
  struct PeerSyn {
    wire::SeqNum isn;
    std::uint16_t mss;
    std::uint16_t window;
    std::optional<std::uint8_t> scale;
  };
  struct OurSyn {
    wire::SeqNum isn;
    std::optional<wire::SeqNum> peer_isn;  // what a SYN-ACK answers
    std::optional<std::uint8_t> scale;
    bool operator==(const OurSyn&) const = default;
  };
  struct Pending {
    wire::TcpHeader header;
    std::size_t payload_bytes;
  };
  void take(const wire::TcpHeader& header, std::size_t payload_bytes);
  void sent_syn(const wire::TcpHeader& header);
  bool begins_another(const wire::TcpHeader& header) const;
  std::string fix(const wire::TcpHeader& header);
  std::string judge_ack(const wire::TcpHeader& header) const;
  std::string judge_data(const wire::TcpHeader& header, Bytes payload);
  std::string judge_window(const wire::TcpHeader& header);
  const OurSyn* our_syn(wire::SeqNum isn) const;
  std::uint8_t our_scale() const { return scaling() ? *ours_.scale : std::uint8_t{0}; }
  bool scaling() const { return ours_.scale && peer_.scale; }
  // A connection that has only acknowledged may be half-open, and can be forgotten without a word. One that was reset
  // is over: after that a copy of a liar's ACK may bring an old SYN cookie again.
  bool may_give_way() const { return (sent_.empty() && !fin_) || may_begin_anew_; }
  void forget();

  bool fixed_ = false;  // whose numbers count is known, for as long as this connection does not give way
  bool may_begin_anew_ = false;
  std::vector<PeerSyn> peer_syns_;  // that could be the peer's
  std::vector<OurSyn> our_syns_;    // that could be ours: with cookies, there are several
  std::vector<Pending> pending_;    // delivered while another connection may still take this one's place
  PeerSyn peer_{};
  OurSyn ours_{};
  RangeSet received_;                       // offsets from the peer's first byte; a FIN counts as one
  std::vector<std::uint8_t> sent_;          // from our first byte on
  std::optional<std::size_t> fin_;          // where ours stands
  std::int64_t window_end_ = 0;             // the furthest right edge that the peer ever offered, as an offset in ours
  std::optional<wire::SeqNum> right_edge_;  // that we offered
};

/// Watches all connections. Frames parse, have good checksums, fit the MTU and the peer's MSS; an acknowledgement and
/// a SACK block name only what arrived; bytes do not change when they are sent again, none is left out and none follows
/// the FIN; nobody sends beyond the window; a right window edge never moves left (RFC 9293 3.8.6).
class WireOracle final : public Witness {
 public:
  /// `server_mtu` bounds the server's frames. What the clients in `liars` say is not judged.
  explicit WireOracle(std::uint16_t server_mtu) : server_mtu_(server_mtu) {}
  void add_client(std::uint16_t id, std::uint16_t mtu, bool lies);

  void on_sent(const Passage& passage, Bytes frame) override;
  void on_delivered(const Passage& passage, Bytes frame) override;

 private:
  // The client's link, its address and port, and the server's port.
  using Key = std::tuple<std::uint16_t, wire::IpAddress, std::uint16_t, std::uint16_t>;
  struct Conversation {
    Side server;
    Side client;
  };
  struct Client {
    std::uint16_t mtu;
    bool lies;
  };
  void on_forgery(const wire::FrameView& frame);
  static Key key_of(const Passage& passage, const wire::FrameView& frame);

  std::uint16_t server_mtu_;
  std::map<std::uint16_t, Client> clients_;
  std::map<Key, Conversation> conversations_;
};

}  // namespace handsel::sim
