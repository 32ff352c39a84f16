#pragma once
/// All that one core owns: its flows, their sessions, the crypto stage, timers and counters. No I/O, no clock.

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/chunk_pool.h"
#include "base/entropy.h"
#include "base/slab.h"
#include "base/timer_wheel.h"
#include "crypto/aead.h"
#include "crypto/stage.h"
#include "flow/flow.h"
#include "flow/flow_table.h"
#include "flow/fragments.h"
#include "flow/frame_sink.h"
#include "flow/handshake_budget.h"
#include "flow/listener.h"
#include "flow/neighbours.h"
#include "flow/responder.h"
#include "flow/routes.h"
#include "flow/statistics.h"
#include "flow/target.h"
#include "flow/trace.h"
#include "tcp/cookies.h"
#include "tcp/ports.h"
#include "tcp/time_wait.h"
#include "tls/server_sessions.h"
#include "tls/session.h"
#include "tls/session_cache.h"
#include "tls/worker_context.h"
#include "wire/frame.h"

namespace handsel::flow {

/// When a SYN is answered by a cookie and nothing is stored (RFC 4987): with half of the half-open bound in use, for
/// every SYN, or not at all.
enum class CookieMode : std::uint8_t { adaptive, always, never };

/// Bounds of one shard; each has a counter for what is turned away at it.
struct ShardLimits {
  std::uint32_t flows = 65'536;
  std::uint32_t half_open = 16'384;  ///< connections that a peer is opening
  std::uint32_t opening = 16'384;    ///< connections that we are opening
  std::uint32_t chunks = limits::kDefaultChunks;
  std::uint32_t handshakes = 4'096;         ///< TLS handshakes in progress
  std::uint32_t handshakes_per_second = 0;  ///< that we begin as servers; 0: as many as come
  std::uint32_t time_wait = 65'536;  ///< connections remembered in TIME-WAIT, 48 bytes each; the oldest gives way
  std::uint32_t replay_guard = limits::kReplayGuardEntries;  ///< hellos with early data remembered, 8 bytes each
  std::uint32_t exporters = 0;  ///< TLS sessions that can export keying material, where their configuration says so
  std::uint32_t session_ids = 4'096;  ///< TLS 1.2 sessions remembered for clients without tickets; 0: none
  std::uint32_t trace_records = 32;
  Duration handshake_timeout = std::chrono::seconds(10);  ///< TLS, from the end of the TCP handshake
  Duration idle_timeout =
      std::chrono::seconds(60);  ///< no progress: nothing received, nothing of ours taken, or no whole request
  Duration close_timeout = std::chrono::seconds(10);  ///< after our close, for the peer's
};

struct ShardConfig {
  std::uint16_t id = 0;
  wire::MacAddress mac;
  std::optional<std::uint16_t> vlan;
  std::uint16_t mtu = 1500;
  std::vector<wire::IpPrefix> addresses;
  std::vector<wire::IpAddress> gateways;  ///< for connect(): at most one a family
  std::vector<Listener> listeners;
  bool opens_tls = false;  ///< connect() will be given TLS; with no such listener either, sessions have no memory
  tls::SessionCache::Sizes client_sessions;  ///< with opens_tls: kept to be resumed
  ShardLimits limits;
  CookieMode cookies = CookieMode::adaptive;
  tcp::Config tcp;                  ///< what every connection starts from; MSS follows from the MTU
  wire::ChecksumOffload offload{};  ///< what the port computes for us
  crypto::StageConfig stage;
};

/// What the shard needs from outside, made for its worker alone.
struct ShardResources {
  crypto::KernelTable kernels;
  crypto::Aead* aead = nullptr;
  Entropy* entropy = nullptr;
  crypto::Stage::CycleCounter cycles = nullptr;
  std::uint64_t unix_at_zero_ms = 0;  ///< the wall clock's milliseconds at Instant zero, for tickets
  /// What computes public-key operations in place of the shard's own stage; null: that one.
  crypto::Processor* processor = nullptr;
};

/// A frame as it came off the port; its memory is writable (a record is decrypted from it) and lives until on_burst
/// returns.
struct ReceivedFrame {
  MutableBytes bytes;
  bool checksums_good = false;
};

/// Worker thread only, but for statistics() and tracer()'s control side.
class Shard {
 public:
  Shard(const ShardConfig& config, const ShardResources& resources, Instant now);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// Takes a burst of frames (at most limits::kBurst). Answers that need no flow leave at once through `sink`.
  void on_burst(std::span<const ReceivedFrame> frames, Instant now, FrameSink& sink);
  /// After each burst, and when there was none (`idle`: then the crypto stage does not wait for full lanes):
  /// crypto, timers, output. True when there was anything to do.
  bool run(Instant now, bool idle, FrameSink& sink);
  /// For a pass that had nothing to do, when all is sent: computes one batch of key pairs or nonces ahead. False when
  /// enough are there, or nobody is to come any more.
  bool fill_banks() { return accepting_ && stage_.fill_banks(); }
  /// The worker ends: wipes what was computed ahead.
  void wipe_banks() { stage_.wipe_banks(); }
  /// run() has something to do at the latest at this instant; kNever when nothing is pending.
  Instant next_deadline() const;

  /// Gratuitous ARP and unsolicited neighbour advertisements for our addresses (RFC 5227 3, RFC 4861 7.2.6).
  void announce(FrameSink& sink);
  /// New SYNs, and connect(), are refused from now on; what is open goes on.
  void stop_accepting() { accepting_ = false; }
  /// Keeps nothing of ticket keys that are in force no more.
  void forget(const tls::TicketKeys& former);

  /// Begins to open a connection. Its SYN leaves with the next run(), or once the next hop has told its link address.
  /// Exactly one call to the service follows, later: on_open() or on_open_failed(). May be called from within a
  /// service. Errors, each counted: open_draining, open_bad_target, open_bad_source, open_no_route, open_no_port,
  /// open_port_taken, flow_opening_full, flow_table_full.
  std::expected<Handle, Drop> connect(const Target& target, Instant now);
  /// Lets a service act on a connection that nothing has happened on: calls on_writable(), as long as it is open. Not
  /// from within a call to that connection's service. False when `flow` is no more, or not ready.
  bool wake(Handle flow, Instant now);
  /// The link address of the way to `to`. nullopt: there is none, or it is asked for, and known later if anybody
  /// answers.
  std::optional<wire::MacAddress> link_address(const wire::IpAddress& to, Instant now);
  /// Gives a connection up: RST to the peer, where it knows of us. Its service hears of it. Not from within a call to
  /// that connection's service, which has Stream::abort(). False when `flow` is no more.
  bool cut(Handle flow, Instant now);

  ShardStatistics& statistics() { return statistics_; }
  const ShardStatistics& statistics() const { return statistics_; }
  const tls::Statistics& tls_statistics() const { return tls_statistics_; }
  const AdmissionStatistics& admission_statistics() const { return budget_.statistics(); }
  std::size_t operations_waiting() const { return processor_.waiting(); }
  /// Does nothing where another processor computes.
  const crypto::Stage& stage() const { return stage_; }
  Tracer& tracer() { return tracer_; }
  std::uint32_t flows() const { return flows_.size(); }
  /// Every flow there is, in no order that means anything: looks at all slots, so never on the data path.
  template <class Visit>
  void for_each_flow(Visit&& visit) const {
    for (std::uint32_t i = 0; i < flows_.capacity(); ++i)
      if (const Flow* flow = flows_.at(i)) visit(*flow);
  }
  std::uint32_t handshakes_in_progress() const { return frames_.blocks_taken(); }
  std::uint32_t chunks_available() const { return chunks_.available(); }
  Neighbours& neighbours() { return neighbours_; }
  const ShardConfig& config() const { return config_; }

 private:
  friend class FlowStream;
  class TlsObserver;
  class TlsAdmission;

  // What the first pass found out about a frame.
  struct Arrived {
    wire::FrameView frame;
    wire::TcpHeader header;
    Bytes payload;
    FlowKey key;
    std::uint64_t hash = 0;
  };

  // shard.cc: the passes over a burst
  bool parse(const ReceivedFrame& frame, Instant now, FrameSink& sink, Arrived& arrived);
  MutableBytes reassemble(const ReceivedFrame& frame, Instant now);
  std::uint32_t find(const FlowKey& key, std::uint64_t hash);
  void act(const Arrived& arrived, Instant now, FrameSink& sink);
  bool on_segment(Flow& flow, const Arrived& arrived, Instant now, FrameSink& sink);
  void refresh_deadline(Flow& flow, const tcp::Outcome& outcome, Instant now);

  // shard_admission.cc: segments that belong to no flow
  const Listener* listener_for(const FlowKey& key) const;
  void admit(const Arrived& arrived, Instant now, FrameSink& sink);
  bool take_time_wait(const Arrived& arrived, Instant now, FrameSink& sink, std::optional<wire::SeqNum>& iss_above);
  bool take_cookie(const Arrived& arrived, const Listener& listener, Instant now, FrameSink& sink);
  void refuse(const Arrived& arrived, Drop reason, FrameSink& sink);
  bool answer(const Arrived& arrived, const wire::TcpHeader& header, FrameSink& sink);
  bool under_pressure() const;
  bool cookies_live(Instant now) const;
  void rotate_cookie_secret(Instant now);
  tcp::Config connection_config(const FlowKey& key, const tcp::TupleNumbers& numbers) const;
  bool on_icmp_error(const wire::FrameView& frame, Instant now);

  // shard_active.cc: connections that we open
  std::optional<std::uint16_t> source_port(FlowKey key, Instant now, std::optional<wire::SeqNum>& iss_above);
  bool port_free(const FlowKey& key, Instant now, std::optional<wire::SeqNum>& iss_above);
  static OpenFailure open_failure(const Flow& flow);
  void count_open_failure(OpenFailure why);
  void fail_open(Flow& flow, OpenFailure why, Instant now);

  // shard_neighbours.cc: link addresses, learnt and asked for
  bool learn(const wire::FrameView& frame, Instant now, FrameSink& sink);
  bool learn_from_arp(const wire::FrameView& frame, Instant now, FrameSink& sink);
  bool learn_from_nd(const wire::FrameView& frame, Instant now, FrameSink& sink);
  void take_claim(const Neighbours::Claim& claim, Instant now);
  void note_conflict(Instant now, FrameSink& sink);
  bool advance_neighbours(Instant now, FrameSink& sink);
  bool send_query(const Neighbours::Query& query, FrameSink& sink);
  bool link_known(Flow& flow, Instant now);
  void wait_for(Flow& flow, std::uint32_t entry);
  void stop_waiting(Flow& flow);

  // shard_flows.cc: the life of a flow
  void open_flow(const Arrived& arrived, const Listener& listener, std::optional<wire::SeqNum> iss_above, Instant now);
  Flow* add_flow(Handle handle, std::uint64_t hash, Instant now);
  void retire(Flow& flow, Instant now);
  void on_outcome(Flow& flow, const tcp::Outcome& outcome, Instant now);
  void on_established(Flow& flow, Instant now);
  void begin_session(Flow& flow, Instant now);
  void open_service(Flow& flow, Instant now);
  void close_service(Flow& flow, tcp::End end, Instant now);
  void count_end(const Flow& flow, tcp::End end);
  void end_upper_half(Flow& flow, tcp::End end, Instant now);
  void abort(Flow& flow, Instant now);
  void remove(Flow& flow);
  void on_timer(Flow& flow, Instant now);
  void reschedule(Flow& flow);
  bool handshaking(const Flow& flow);

  // shard_input.cc: from TCP's bytes to the service
  void pump(Flow& flow, Instant now);
  bool pump_plain(Flow& flow, Instant now);
  bool pump_tls(Flow& flow, tls::Session& session, Instant now);
  void after_session(Flow& flow, tls::Session& session, const tls::Received& received, Instant now);
  void offer_early_room(Flow& flow, Instant now);
  void deliver(Flow& flow, Bytes plaintext, Instant now);
  bool deliver_unread(Flow& flow, Instant now);
  void tell_peer_closed(Flow& flow, Instant now);
  void on_room(Flow& flow, Instant now);
  void watch_for_room(Flow& flow, Instant now);
  void resume_completed(Instant now);

  // shard_output.cc: from connections to frames
  void queue_output(Flow& flow);
  bool send_queued(Instant now, FrameSink& sink);
  enum class Said : std::uint8_t { all, more, no_room };
  Said send_segments(Flow& flow, Instant now, FrameSink& sink);
  void forget_stale_output();
  void emit(Flow& flow, tcp::OutSegment& segment, Instant now, MutableBytes buffer, FrameSink& sink);
  void count_sent(std::size_t bytes);
  void trace_segment(Flow& flow, const wire::TcpHeader& header, std::size_t payload, Instant now,
                     std::optional<Drop> dropped);
  void finish_traces();

  ShardConfig config_;
  ShardStatistics statistics_;
  tls::Statistics tls_statistics_;
  Entropy& entropy_;
  SipKey table_key_{};
  SipKey isn_key_{};
  tcp::CookieSecrets cookie_secrets_;
  tcp::TimeWaitTable time_wait_;
  ChunkPool chunks_;
  Slab<Flow> flows_;
  std::unique_ptr<tls::SessionCache> client_sessions_;  // null when connect() is given no TLS
  std::unique_ptr<tls::ReplayGuard> replay_guard_;      // null when no listener takes early data
  Slab<tls::Exporter> exporters_;
  std::unique_ptr<tls::ServerSessions> server_sessions_;  // null when no listener speaks TLS 1.2
  Slab<tls::Session> sessions_;
  FlowTable table_;
  TimerWheel timers_;
  crypto::Stage stage_;
  crypto::Processor& processor_;
  tls::FramePool frames_;
  HandshakeBudget budget_;
  std::unique_ptr<TlsAdmission> admission_;
  tls::WorkerContext tls_context_;
  Responder responder_;
  Routes routes_;
  Neighbours neighbours_;
  tcp::EphemeralPorts ports_;
  Fragments fragments_{statistics_};
  Tracer tracer_;
  std::unique_ptr<TlsObserver> observer_;
  std::vector<std::uint32_t> output_;       // flows with something to say, oldest first; reserved once
  std::unique_ptr<std::uint8_t[]> record_;  // one whole record, gathered
  std::unique_ptr<Arrived[]> arrived_;      // a burst's segments; not on the stack, where each burst would clear it
  Instant last_cookie_{};                   // when the last one was sent; they are taken for a while after it
  Instant cookie_secret_made_{};
  Instant defended_{};  // when our address was last defended (RFC 5227 2.4)
  bool cookies_sent_ = false;
  bool accepting_ = true;
};

}  // namespace handsel::flow
