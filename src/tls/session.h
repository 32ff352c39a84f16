#pragma once
/// One TLS connection over somebody else's byte stream: whole records in, records and plaintext out.

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/operation.h"
#include "tls/alert.h"

namespace handsel::tls {

/// Where a session's records go: the connection's send queue.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// Takes all of `record`, or none of it (false: the queue has no room; the session then fails).
  virtual bool write_record(Bytes record) = 0;
};

/// Told of each handshake message, alert and ChangeCipherSpec as it passes: feeds trace. All calls are on the worker.
class Observer {
 public:
  enum class Direction : std::uint8_t { received, sent };
  virtual ~Observer() = default;
  /// `content_type` and, for handshake records, `message_type` as on the wire (RFC 8446 4, 5.1); for an alert
  /// `message_type` is its description. `bytes` is the message's length with its header.
  virtual void on_message(Direction direction, std::uint8_t content_type, std::uint8_t message_type, std::size_t bytes) = 0;
};

/// What the two sides have agreed on; fixed once connected.
struct Info {
  std::uint16_t version = 0;           ///< 0x0304 for TLS 1.3; 0 until negotiated
  std::uint16_t cipher_suite = 0;      ///< IANA number
  std::uint16_t group = 0;             ///< IANA number of the key exchange's group
  std::uint16_t signature_scheme = 0;  ///< IANA number of the server's signature
  bool resumed = false;
  bool retried = false;                ///< a HelloRetryRequest was sent
};

enum class Phase : std::uint8_t { handshaking, connected, closed, failed };

struct ServerConfig;   // tls/config.h: credentials, groups, suites, ALPN: an immutable snapshot
struct WorkerContext;  // tls/worker_context.h: stage, AEAD engine, entropy, frame pool, statistics of one worker

/// What one record brought.
struct Received {
  Bytes plaintext;             ///< application data, inside the record's own memory; empty for other records
  bool connected_now = false;  ///< the handshake has just completed
  bool peer_closed = false;    ///< close_notify came
  bool failed = false;         ///< a fatal alert was sent or received; see failure()
};

// class Session: see the brief.

}  // namespace handsel::tls
