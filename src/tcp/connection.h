#pragma once
/// One TCP connection as a state machine without I/O (RFC 9293). Segments, time and bytes go in as values;
/// what to send, when to wake and what became of the connection come out as values.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/chunk_pool.h"
#include "base/drop.h"
#include "base/limits.h"
#include "base/time.h"
#include "tcp/byte_queue.h"
#include "tcp/congestion.h"
#include "tcp/reassembly.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "wire/tcp.h"

namespace handsel::tcp {

/// RFC 9293 3.3.2.
enum class State : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};
std::string_view name_of(State state);

/// What a connection is told once, when it is made. Nothing of it is referred to afterwards.
struct Config {
  std::uint16_t mss = 1460;       ///< largest payload we accept: MTU less IP and TCP headers (our MSS option)
  std::uint16_t path_mss = 1460;  ///< largest payload our own path carries
  std::size_t send_buffer_bytes = limits::kDefaultSendBufferBytes;
  std::size_t receive_buffer_bytes = limits::kDefaultReceiveBufferBytes;  ///< bound of the auto-tuned window
  bool nagle = false;
  bool timestamps = true;
  bool sack = true;
  bool window_scaling = true;
  bool ecn = true;    ///< RFC 3168: accept (server) or offer (client)
  bool ipv6 = false;  ///< the MSS assumed when the peer names none: 1220, not 536
  CongestionAlgorithm congestion = CongestionAlgorithm::cubic;
  bool pacing =
      false;  ///< spreads a window over its round trip; next_deadline() then says when the next segment leaves
  std::uint32_t timestamp_offset = 0;               ///< added to our TSval clock, by RFC 7323 5.4 random per connection
  Duration syn_timeout = std::chrono::seconds(30);  ///< half-open life
  Duration user_timeout = std::chrono::seconds(120);  ///< data unacknowledged for this long aborts (RFC 9293 3.8.3)
  Duration time_wait = std::chrono::seconds(60);      ///< 2 MSL
  Duration fin_wait_2 = std::chrono::seconds(60);     ///< after close(): how long the peer's FIN is waited for
  Duration keepalive_idle = Duration::zero();         ///< silence before the first probe; zero: no keepalive
  Duration keepalive_interval = std::chrono::seconds(75);
  std::uint8_t keepalive_probes = 9;
};

/// Why a connection is over.
enum class End : std::uint8_t { none, closed, reset_by_peer, aborted, timed_out, refused };

/// What a segment or a timer brought about.
struct Outcome {
  bool established = false;    ///< the handshake has just completed
  bool readable = false;       ///< readable() gives bytes
  bool peer_finished = false;  ///< the peer's FIN has just come into order
  bool acknowledged = false;   ///< SND.UNA moved: send_room() grew
  bool urgent = false;         ///< urgent_bytes() has grown (RFC 9293 3.8.5, MUST-31)
  bool wants_output = false;   ///< next_segment() has something to say
  End ended = End::none;  ///< the connection has just left the synchronised states (or entered time_wait: see state())
  bool refuse = false;    ///< answer this segment by reset_for(), as if there were no connection
  bool reopen = false;    ///< in time_wait: this SYN may begin a new incarnation (RFC 6191); give it to a listener
  std::optional<Drop> dropped;  ///< why (part of) the segment was not taken
};

/// A segment to be sent. Ports are the caller's business and left zero.
struct OutSegment {
  wire::TcpHeader header;
  std::uint32_t payload_offset = 0;  ///< from SND.UNA's byte in the send queue
  std::uint32_t payload_bytes = 0;
  bool retransmission = false;
  std::uint8_t ip_ecn = 0;  ///< the IP header's ECN field (RFC 3168): 2 is ECT(0)
};

/// The window scale that connections with this configuration announce, and the window of their SYN or SYN-ACK.
std::uint8_t receive_wscale_for(const Config& config);
std::uint16_t first_window(const Config& config);

/// One connection, either side. Belongs to one thread. Events (on_segment, on_timer, write, consume, shutdown_write …)
/// only change state; what is to be sent is then asked for with next_segment() until it says nothing more.
class Connection {
 public:
  /// Passive open: `syn` has just arrived at a listener; data on it is left for the peer to send again.
  Connection(const Config& config, ChunkPool& pool, const wire::TcpHeader& syn, wire::SeqNum iss, Instant now);
  /// Active open: next_segment() gives the SYN.
  Connection(const Config& config, ChunkPool& pool, wire::SeqNum iss, Instant now);
  /// Passive open from a SYN cookie (cookies.h): the SYN-ACK has gone long ago; give the ACK to on_segment() next.
  struct FromCookie {};
  Connection(const Config& config, ChunkPool& pool, const wire::TcpHeader& syn, wire::SeqNum iss, Instant now,
             FromCookie);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// RFC 9293 3.10.7. `payload` may be borrowed by readable() until detach_segment(); `ip_ecn` are the two low bits of
  /// the traffic class. What was readable from the segment before must have been detached.
  Outcome on_segment(const wire::TcpHeader& header, Bytes payload, std::uint8_t ip_ecn, Instant now);
  /// To be called once `now` >= next_deadline(); harmless when early.
  Outcome on_timer(Instant now);
  /// A packet of ours was too big for the path (RFC 1191, RFC 8201): `mss` is the largest payload the next hop takes by
  /// its own word, `quoted` the sequence number in the quoted header. Believed only when that is in flight, only
  /// downwards and not below a floor (RFC 5927 7.2); what is in flight is then cut anew.
  Outcome on_packet_too_big(std::uint16_t mss, wire::SeqNum quoted, Instant now);
  /// An ICMP error other than that, quoting `quoted`. `hard`: it will not pass (RFC 9293 3.9.2.2). Ends an opening
  /// connection when it is; a soft one is a hint to the caller, a synchronised connection ignores both (RFC 5927 5.2):
  /// Drop::icmp_ignored.
  Outcome on_unreachable(wire::SeqNum quoted, bool hard);
  /// kNever when no timer runs.
  Instant next_deadline() const {
    const Instant next = std::min({retransmit_at_, ack_at_, life_at_});
    return pacing_ ? std::min(next, pacing_deadline()) : next;
  }
  /// What to send now; nullopt when there is nothing, for now. Ask until then, or until the port is full.
  std::optional<OutSegment> next_segment(Instant now);
  /// Cheap and never wrong in saying no: false means that next_segment() has nothing.
  bool wants_output() const;
  /// The payload of a segment, right after next_segment() gave it; `out` holds payload_bytes.
  void copy_payload(const OutSegment& segment, MutableBytes out) const;

  /// The first contiguous piece of what has come in order and was not consumed: borrowed from the segment just given to
  /// on_segment, or from the queue.
  Bytes readable() const { return borrowed_.empty() ? receive_queue_.front(*pool_) : borrowed_; }
  /// All in-order bytes not yet consumed.
  std::size_t readable_bytes() const { return borrowed_.size() + receive_queue_.size(); }
  /// How many bytes from the next one to be consumed the peer calls urgent; they stay in line (RFC 6093). Zero: none.
  std::uint32_t urgent_bytes() const;
  /// Copies in-order bytes from `offset` without consuming them; returns how many.
  std::size_t peek(std::size_t offset, MutableBytes out) const;
  /// Takes `count` <= readable_bytes() bytes away and so opens the window.
  void consume(std::size_t count);
  /// Must be called before the memory of the segment last given is used again: keeps what was borrowed.
  void detach_segment();

  /// Bytes that write() would take now.
  std::size_t send_room() const;
  /// Copies into the send queue; returns how many bytes were taken.
  std::size_t write(Bytes bytes);
  /// The same for what ends a stream and must not be lost, such as an alert, at most kLastWords bytes: also beyond
  /// send_room(), which shrinks when chunks run short, as long as there is a chunk at all. All or nothing.
  bool write_last_words(Bytes bytes);
  static constexpr std::size_t kLastWords = 64;
  /// FIN after all that was written (half-close: reading goes on).
  void shutdown_write();
  /// shutdown_write(), and nobody reads any more: unread or further data is answered by RST (RFC 9293 3.6.1, RFC 2525
  /// 2.17), and the peer's FIN is waited for at most Config::fin_wait_2.
  void close();
  /// RST, given by next_segment(); the state is closed at once.
  void abort();

  State state() const { return state_; }
  bool write_shut() const { return has(kFinQueued); }

  // For displays such as `ss -ti` and for the invariants of tests.
  wire::SeqNum iss() const { return iss_; }
  wire::SeqNum irs() const { return irs_; }
  wire::SeqNum snd_una() const { return snd_una_; }
  wire::SeqNum snd_nxt() const { return snd_nxt_; }
  std::uint32_t snd_wnd() const { return snd_wnd_; }
  wire::SeqNum rcv_nxt() const { return rcv_nxt_; }
  std::uint32_t rcv_wnd() const { return static_cast<std::uint32_t>(rcv_adv_ - rcv_nxt_); }
  std::uint16_t send_mss() const { return send_mss_; }  ///< without the room that options take
  std::uint8_t send_wscale() const { return snd_wscale_; }
  std::uint8_t receive_wscale() const { return has(kScaling) ? rcv_wscale_ : std::uint8_t{0}; }
  std::uint32_t ts_recent() const { return ts_recent_; }
  std::uint32_t timestamp_offset() const { return ts_offset_; }
  bool timestamps_on() const { return has(kTimestamps); }
  bool sack_on() const { return has(kSack); }
  bool ecn_on() const { return has(kEcn); }
  std::uint32_t cwnd() const { return congestion_.cwnd; }
  std::uint32_t ssthresh() const { return congestion_.ssthresh; }
  Recovery recovery() const { return recovery_; }
  const RttEstimator& rtt() const { return rtt_; }
  std::uint32_t unsent_bytes() const;
  std::uint32_t queued_bytes() const { return send_queue_.size(); }  ///< written and not yet acknowledged
  std::uint32_t bytes_in_flight() const { return static_cast<std::uint32_t>(snd_nxt_ - snd_una_); }
  std::uint64_t bytes_received() const { return bytes_received_; }
  std::uint64_t bytes_acknowledged() const { return bytes_acknowledged_; }
  std::uint32_t retransmits() const { return retransmits_; }
  std::uint16_t undone() const { return undone_; }  ///< reductions of the window that were taken back
  std::uint32_t reassembly_bytes() const { return reassembly_.bytes(*pool_); }

 private:
  enum Flag : std::uint32_t {
    kTimestamps = 1u << 0,  // negotiated
    kSack = 1u << 1,        // negotiated
    kEcn = 1u << 2,         // negotiated
    kNagle = 1u << 3,
    kActive = 1u << 4,       // we opened
    kSynDue = 1u << 5,       // SYN or SYN-ACK to be sent
    kSynRepeated = 1u << 6,  // sent more than once: no RTT from it
    kAckNow = 1u << 7,       // an ACK is owed at once
    kRstDue = 1u << 8,
    kFinQueued = 1u << 9,  // shutdown_write() was called
    kFinSent = 1u << 10,
    kFinAcked = 1u << 11,
    kPeerFinSeen = 1u << 12,      // fin_seq_ is valid
    kReaderGone = 1u << 13,       // close() was called
    kForceRetransmit = 1u << 14,  // the next lost segment goes out whatever cwnd says
    kProbeDue = 1u << 15,         // window probe
    kTailProbeDue = 1u << 16,     // RFC 8985 7
    kKeepaliveDue = 1u << 17,
    kDsackDue = 1u << 18,
    kUrgent = 1u << 19,           // rcv_up_ is valid
    kCwndLimited = 1u << 20,      // cwnd, not the application, held the sender back
    kReorderingSeen = 1u << 21,   // RFC 8985 6.2 step 3
    kEceDue = 1u << 22,           // receiver: echo congestion until CWR comes
    kCwrDue = 1u << 23,           // sender: the window was reduced, say so once
    kOfferTimestamps = 1u << 24,  // what an active open offers
    kOfferSack = 1u << 25,
    kOfferScaling = 1u << 26,
    kOfferEcn = 1u << 27,
    kIpv6 = 1u << 28,
    kScaling = 1u << 29,          // negotiated
    kTailProbe = 1u << 30,        // a tail-loss probe is out
    kTailProbeRepeat = 1u << 31,  // and it was a retransmission
  };
  // A pool that runs low must not stop itself: what is queued to be sent, and islands out of order, leave chunks for
  // data in order (five for a jumbo segment); and that leaves some for the scoreboards, without which nothing drains.
  static constexpr std::uint32_t kReserveForReceiving = 8;
  static constexpr std::size_t kShareOfPool = 8;  // a send queue may take an eighth of what is free
  static constexpr std::size_t kLeastSendBuffer = 20 * 1'024;
  static constexpr std::uint32_t kReserveForSending = 2;
  static constexpr std::uint8_t kChallengesPerSecond = 10;  // RFC 5961 7, per connection (CVE-2016-5696)
  enum class Timer : std::uint8_t { none, retransmit, tail_probe, reorder, persist, keepalive };
  struct Arrival;

  bool has(Flag flag) const { return (flags_ & flag) != 0; }
  void set(Flag flag) { flags_ |= flag; }
  void unset(Flag flag) { flags_ &= ~static_cast<std::uint32_t>(flag); }
  static std::uint32_t us(Instant at) { return static_cast<std::uint32_t>(at.time_since_epoch().count() / 1'000); }
  static std::uint32_t ms(Instant at) { return static_cast<std::uint32_t>(at.time_since_epoch().count() / 1'000'000); }

  // connection.cc
  void take(const Config& config);
  void end(Outcome& outcome, End why);
  void release_buffers();
  void enter_time_wait(Instant now);
  bool synchronised() const { return state_ >= State::established; }
  bool may_receive() const {
    return state_ == State::established || state_ == State::fin_wait_1 || state_ == State::fin_wait_2;
  }
  // handshake.cc
  void adopt_syn_options(const wire::TcpHeader& syn, Instant now);
  void arrive_in_syn_sent(Arrival& arrival);
  void establish(Arrival& arrival);
  OutSegment syn_segment(Instant now);
  // arrival.cc
  void arrive(Arrival& arrival);
  void arrive_in_time_wait(Arrival& arrival);
  bool timestamp_passes(Arrival& arrival);
  bool acceptable(Arrival& arrival);
  void arrive_reset(Arrival& arrival);
  void arrive_syn(Arrival& arrival);
  void challenge(Arrival& arrival, Drop reason);
  // arrival_ack.cc
  bool arrive_ack(Arrival& arrival);
  void update_send_window(Arrival& arrival);
  void acknowledge(Arrival& arrival);
  bool first_is_dsack(const Arrival& arrival) const;
  void measure(const Arrival& arrival, const AckSample& sample, bool advanced);
  // receive.cc
  void arrive_payload(Arrival& arrival);
  void take_in_order(Arrival& arrival);
  void take_out_of_order(Arrival& arrival);
  void arrive_fin(Arrival& arrival);
  void track_urgent(Arrival& arrival);
  // window.cc
  std::uint32_t receive_room() const;
  std::uint16_t advertise();
  bool window_update_due() const;
  void tune_receive_buffer(Instant now);
  // recovery.cc
  void on_sample(Arrival& arrival, const AckSample& sample, bool advanced);
  void enter_fast_recovery();
  void on_duplicate_ack();
  void prr(std::uint32_t delivered, bool advanced);
  std::uint32_t pipe() const;
  void on_retransmission_timeout(Instant now);
  void grow_window(const AckSample& sample, Instant now);
  // pacing.cc
  bool held_by_pacing(Instant now);
  void pace(std::uint32_t length, Instant now);
  Instant pacing_deadline() const;
  void on_pacing_timer(Instant now);
  // undo.cc
  void arm_undo();
  void note_retransmission(Instant now);
  bool reduction_was_needless(const Arrival& arrival, const AckSample& sample, bool advanced, bool dsack);
  void undo_if_needless(const Arrival& arrival, AckSample& sample, bool advanced, bool dsack);
  // rack.cc
  void rack_update(const Arrival& arrival, const AckSample& sample);
  std::uint32_t reorder_window_us() const;
  void rack_detect_losses(Instant now);
  void arm_for_flight(Instant now);
  void adapt_reorder_window();
  // tail_probe.cc
  Duration tail_probe_timeout() const;
  bool tail_probe_wanted() const;
  std::optional<OutSegment> tail_probe(Instant now);
  void judge_tail_probe(const Arrival& arrival, bool dsack, bool advanced);
  // ecn.cc
  void note_received_ecn(const Arrival& arrival);
  void on_congestion_echo();
  // path.cc
  void use_mss(std::uint16_t mss, Instant now);
  void suspect_black_hole(Instant now);
  // timers.cc
  void arm(Timer timer, Instant at);
  void arm_retransmit(Instant now) { arm(Timer::retransmit, now + rtt_.rto(backoff_)); }
  void on_life_timer(Outcome& outcome);
  Duration user_timeout() const { return std::chrono::milliseconds(100 * user_timeout_ds_); }
  Duration time_wait() const { return std::chrono::milliseconds(100 * time_wait_ds_); }
  Duration fin_wait_2() const { return std::chrono::milliseconds(100 * fin_wait_2_ds_); }
  Duration keepalive_idle() const { return std::chrono::seconds(keepalive_idle_s_); }
  void refresh_user_timeout(Instant now);
  void on_keepalive_timer(Outcome& outcome, Instant now);
  void arm_idle_timers(Instant now);
  bool timer_free() const { return timer_ == Timer::none || timer_ == Timer::keepalive; }
  // output.cc
  std::optional<OutSegment> retransmission(Instant now);
  std::optional<OutSegment> new_data(Instant now);
  std::optional<OutSegment> probe(Instant now);
  void validate_window(Instant now);
  OutSegment bare(std::uint8_t flags, Instant now);
  void acknowledged_by(const wire::TcpHeader& header);
  OutSegment send_new(std::uint32_t length, bool with_fin, Instant now);
  OutSegment data_segment(wire::SeqNum begin, std::uint32_t length, Instant now);
  void add_options(wire::TcpHeader& header, Instant now);
  std::uint32_t payload_limit() const;
  wire::SeqNum consumed() const { return rcv_nxt_ - static_cast<std::uint32_t>(readable_bytes()); }
  wire::SeqNum queue_base() const { return snd_una_ == iss_ ? iss_ + 1 : snd_una_; }
  wire::SeqNum fin_sequence() const { return queue_base() + send_queue_.size(); }

  ChunkPool* pool_;
  Instant retransmit_at_ = kNever;  // whatever timer_ says
  Instant ack_at_ = kNever;         // delayed acknowledgement
  Instant life_at_ = kNever;        // half-open, user timeout, FIN-WAIT-2 or TIME-WAIT, by state
  Bytes borrowed_;                  // in-order data still in the packet; the receive queue is empty then

  State state_;
  Timer timer_ = Timer::none;
  Recovery recovery_ = Recovery::open;
  CongestionAlgorithm algorithm_;
  std::uint32_t flags_ = 0;

  wire::SeqNum iss_;
  wire::SeqNum snd_una_;
  wire::SeqNum snd_nxt_;
  wire::SeqNum snd_wl1_;
  wire::SeqNum snd_wl2_;
  std::uint32_t snd_wnd_ = 0;
  std::uint32_t max_snd_wnd_ = 0;
  wire::SeqNum recovery_point_;  // RFC 6582's recover
  wire::SeqNum irs_;
  wire::SeqNum rcv_nxt_;
  wire::SeqNum rcv_adv_;  // right edge of the window as advertised
  wire::SeqNum rcv_up_;
  wire::SeqNum fin_seq_;  // the peer's FIN
  wire::SackBlock dsack_;
  wire::SeqNum tail_probe_end_;
  wire::SeqNum tune_from_;            // receive buffer tuning: what had been consumed when the round began
  std::uint32_t round_since_us_ = 0;  // when the SYN left (0: a cookie did); later when the tuning round began

  std::uint32_t ts_recent_ = 0;
  std::uint32_t ts_recent_ms_ = 0;
  std::uint32_t ts_offset_ = 0;
  wire::SeqNum last_ack_sent_;
  std::uint32_t reorder_wait_us_ = 0;  // until the segment RACK waits for counts as lost; 0: none
  std::uint32_t last_heard_ms_ = 0;    // for keepalive
  std::uint32_t last_sent_ms_ = 0;     // for window validation

  std::uint16_t our_mss_;
  std::uint16_t path_mss_;
  std::uint16_t send_mss_;
  std::uint8_t snd_wscale_ = 0;
  std::uint8_t rcv_wscale_ = 0;
  std::uint8_t backoff_ = 0;
  std::uint8_t unacked_segments_ = 0;  // received and not acknowledged
  std::uint8_t duplicate_acks_owed_ = 0;
  std::uint8_t keepalive_sent_ = 0;
  std::uint8_t reorder_quarters_ = 1;  // RFC 8985 RACK.reo_wnd_mult
  std::uint8_t reorder_persist_ = 0;   // recoveries for which that holds
  std::uint16_t undone_ = 0;

  RttEstimator rtt_;
  CongestionState congestion_;
  Reassembly reassembly_;
  Scoreboard board_;
  ByteQueue send_queue_;
  ByteQueue receive_queue_;

  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_acknowledged_ = 0;
  std::uint32_t retransmits_ = 0;

  std::uint32_t send_buffer_;
  std::uint32_t receive_buffer_;  // what is granted now
  std::uint32_t receive_buffer_max_;
  // Durations in tenths of a second, keepalive's in seconds.
  std::uint16_t user_timeout_ds_;
  std::uint16_t time_wait_ds_;
  std::uint16_t fin_wait_2_ds_;
  std::uint16_t keepalive_idle_s_;
  std::uint16_t keepalive_interval_s_;
  std::uint16_t challenge_second_ = 0;  // of the clock, for which the budget holds
  std::uint8_t keepalive_probes_;
  std::uint8_t challenge_budget_ = kChallengesPerSecond;  // refilled each second
  bool pacing_;
};

}  // namespace handsel::tcp
