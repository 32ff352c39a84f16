#pragma once
/// The handshake recorder: for flows that an operator asks to see, every segment and TLS message in order.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/drop.h"
#include "base/limits.h"
#include "base/slab.h"
#include "base/spsc_ring.h"
#include "base/time.h"
#include "flow/flow_key.h"
#include "tls/session.h"
#include "wire/tcp.h"

namespace handsel::flow {

/// One segment as it passed.
struct TraceEvent {
  static constexpr std::size_t kMaxMessages = 8;
  /// A TLS message that this segment completed (received) or began (sent).
  struct Message {
    std::uint8_t content_type = 0;
    std::uint8_t message_type = 0;
  };

  Instant at{};
  bool sent = false;
  bool retransmission = false;
  wire::TcpHeader header;
  std::uint32_t payload_bytes = 0;
  std::optional<Drop> dropped;
  std::array<Message, kMaxMessages> messages{};
  std::uint8_t message_count = 0;
};

/// One flow from its SYN on.
struct TraceRecord {
  FlowKey key;
  std::uint16_t worker = 0;
  Instant started{};
  Instant established{};  ///< TCP; zero while it is not
  Instant connected{};    ///< TLS; zero while it is not
  tls::Info tls;
  std::array<char, 64> server_name{};  ///< what the client asked for, cut to fit, NUL-terminated
  std::uint16_t events_lost = 0;       ///< past the bound
  std::uint16_t event_count = 0;
  std::array<TraceEvent, limits::kTraceEventsPerFlow> events{};
};

/// What an operator asks to have recorded.
struct TraceRequest {
  std::uint32_t count = 0;  ///< so many flows, from now on
  wire::IpPrefix source;    ///< of clients in this network; the unspecified address with length 0: of all
  bool flush = false;       ///< hand over what is being recorded, finished or not
};

/// A worker's recorder and the way to the control thread: records are allocated once and change hands by
/// two single-producer rings. With nothing asked for it costs a flow one comparison.
class Tracer {
 public:
  static constexpr std::uint8_t kNoRecord = 0xff;

  Tracer(std::uint16_t worker, std::size_t records);

  // Worker thread.
  void apply(const TraceRequest& request);
  /// A record for the new flow `owner`, when one is wanted and one is free; kNoRecord otherwise.
  std::uint8_t start(const FlowKey& key, Handle owner, Instant now);
  void add(std::uint8_t record, const TraceEvent& event);
  /// Marks a TLS message on the newest received segment, or keeps it for the next segment to be sent.
  void add_message(std::uint8_t record, bool sent, TraceEvent::Message message);
  TraceRecord& record(std::uint8_t index) { return records_[index]; }
  /// The flow is over or has been seen enough: the record goes to the control thread.
  void finish(std::uint8_t record);
  /// True once after a flush was asked for: the shard then finishes every record that is in use.
  bool take_flush();
  /// Finishes every record in use, and tells `finished` the flow that each belonged to. As long as there are records.
  template <class Finished>
  void finish_all(Finished&& finished) {
    for (std::size_t i = 0; i < capacity_; ++i) {
      if (!notes_[i].owner) continue;
      const Handle owner = notes_[i].owner;
      finish(static_cast<std::uint8_t>(i));
      finished(owner);
    }
  }

  // Control thread.
  /// A finished record, to be given back by release(); nullptr when there is none.
  TraceRecord* take_finished();
  void release(TraceRecord* record);

 private:
  struct Note {    // what the worker alone knows of a record
    Handle owner;  // empty: not in use
    // Messages written to the send queue whose segment has not left yet.
    std::array<TraceEvent::Message, TraceEvent::kMaxMessages> messages{};
    std::uint8_t count = 0;
  };

  std::uint16_t worker_;
  std::size_t capacity_;
  std::unique_ptr<TraceRecord[]> records_;
  std::unique_ptr<Note[]> notes_;
  SpscRing<TraceRecord*> finished_;
  SpscRing<TraceRecord*> free_;
  TraceRequest wanted_{};
};

}  // namespace handsel::flow
