#pragma once
/// One TLS connection over somebody else's byte stream: whole records in, records and plaintext out.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/slab.h"
#include "base/time.h"
#include "crypto/operation.h"
#include "tls/alert.h"
#include "tls/protocol.h"
#include "tls/record.h"

namespace handsel::tls {

/// Where a session's records go: the connection's send queue.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// Takes all of `record`, or none of it (false: the queue has no room; the session then fails).
  virtual bool write_record(Bytes record) = 0;
};

/// Told of handshake messages, alerts, ChangeCipherSpecs and application data as they pass: feeds trace. On the worker.
class Observer {
 public:
  enum class Direction : std::uint8_t { received, sent };
  virtual ~Observer() = default;
  /// `content_type` and, for handshake records, `message_type` as on the wire (RFC 8446 4, 5.1); for an alert
  /// `message_type` is its description. `bytes` is the length, a handshake message's with its header.
  virtual void on_message(Direction direction, std::uint8_t content_type, std::uint8_t message_type,
                          std::size_t bytes) = 0;
  /// The name that the client asked for (RFC 6066 3), before it is known whether it is one of ours.
  virtual void on_server_name(std::string_view name) { (void)name; }
};

/// What became of early data (RFC 8446 2.3): `rejected` is what was sent for nothing, and may be sent again.
enum class EarlyData : std::uint8_t { none, offered, accepted, rejected };

/// What the two sides have agreed on; fixed once connected.
struct Info {
  std::uint16_t version = 0;           ///< 0x0304 for TLS 1.3; 0 until negotiated
  std::uint16_t cipher_suite = 0;      ///< IANA number
  std::uint16_t group = 0;             ///< IANA number of the key exchange's group
  std::uint16_t signature_scheme = 0;  ///< IANA number of the server's signature
  bool resumed = false;
  bool retried = false;  ///< a HelloRetryRequest was sent or received
  EarlyData early_data = EarlyData::none;
  /// A server's: the client has proved to own a certificate that is believed, here or in the session that is resumed.
  bool client_authenticated = false;
};

enum class Phase : std::uint8_t {
  handshaking,
  connected,  ///< either side may still send; a side that sent close_notify may not
  closed,     ///< close_notify has gone both ways
  failed,
};

// X(identifier, text): what a handshake can be blocked on.
#define HANDSEL_TLS_WAITS(X)                                             \
  X(nothing, "nothing")                                                  \
  X(client_hello, "the client's ClientHello")                            \
  X(second_client_hello, "the ClientHello after our HelloRetryRequest")  \
  X(key_generation, "our key share")                                     \
  X(shared_secret, "the shared secret")                                  \
  X(shared_secret_and_signature, "the shared secret and our signature")  \
  X(signature, "our signature")                                          \
  X(end_of_early_data, "the client's EndOfEarlyData")                    \
  X(client_certificate, "the client's Certificate")                      \
  X(client_key_exchange, "the client's ClientKeyExchange")               \
  X(client_certificate_verify, "the client's CertificateVerify")         \
  X(client_signature_check, "the check of the client's signature")       \
  X(client_change_cipher_spec, "the client's ChangeCipherSpec")          \
  X(client_finished, "the client's Finished")                            \
  X(server_hello, "the server's ServerHello")                            \
  X(second_server_hello, "the ServerHello after our second ClientHello") \
  X(encrypted_extensions, "the server's EncryptedExtensions")            \
  X(server_certificate, "the server's Certificate")                      \
  X(certificate_verify, "the server's CertificateVerify")                \
  X(server_key_exchange, "the server's ServerKeyExchange")               \
  X(signature_check, "the check of the server's signature")              \
  X(server_hello_done, "the server's ServerHelloDone")                   \
  X(new_session_ticket, "the server's NewSessionTicket")                 \
  X(server_change_cipher_spec, "the server's ChangeCipherSpec")          \
  X(server_finished, "the server's Finished")

/// The named step that a handshake waits for.
enum class Waiting : std::uint8_t {
#define X(name, text) name,
  HANDSEL_TLS_WAITS(X)
#undef X
};
/// "client_hello" and so on.
std::string_view name_of(Waiting step);
/// The step for a person: "the client's ClientHello".
std::string_view explain(Waiting step);

struct ClientConfig;   // tls/client_config.h: the server's name, what to trust, groups, suites, ALPN: likewise
struct ServerConfig;   // tls/config.h: credentials, groups, suites, ALPN: an immutable snapshot
struct WorkerContext;  // tls/worker_context.h: stage, AEAD engine, entropy, frame pool, statistics of one worker
class Handshake;       // tls/handshake.h: what is needed only until the session is connected

/// What one record brought.
struct Received {
  Bytes plaintext;  ///< application data, inside the record's own memory; empty for other records
  /// The plaintext is early data (RFC 8446 2.3): whoever has seen it on the wire may send it again, to other servers or
  /// after this one's restart, and has not shown to hold any key. Only what does no harm twice may be done with it.
  bool early = false;
  bool connected_now = false;  ///< the handshake has just completed
  bool peer_closed = false;    ///< close_notify came
  bool failed = false;         ///< a fatal alert was sent or received; see failure()
};

/// One end of a TLS connection, a server's or a client's. Lives in the flow; does no I/O, reads no clock, allocates
/// nothing: what a handshake needs comes from the worker's pool with the first record and goes back, wiped, when it is
/// over. A client's is set going by connect().
///
/// The caller takes five bytes off the stream, asks record_bytes() for the record's length, gathers that many bytes in
/// one piece of memory that may be written to, and passes them to on_record(). While wants_record() is false it leaves
/// bytes where they are: the handshake waits for the crypto stage. Operations that the stage gives back with `owner`
/// equal to this session's go to on_operation_done(), after which wants_record() may be true again.
///
/// After a call that fails the session (Received::failed, or a false from send()) the alert, where one is due, is in
/// the sink: send what the sink holds, then close. Worker thread only. Not movable: operations point into its
/// handshake.
class Session {
 public:
  /// `owner` marks this session's crypto operations. `worker` and `config` must outlive the session; `observer` may be
  /// null.
  Session(WorkerContext& worker, const ServerConfig& config, Observer* observer, std::uint64_t owner, Instant now);
  /// The same for a client.
  Session(WorkerContext& worker, const ClientConfig& config, Observer* observer, std::uint64_t owner, Instant now);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Takes its operations out of the stage, destroys the handshake where it stands, wipes every secret.
  ~Session();

  /// Begins a client's handshake, once. The ClientHello is in the sink when this returns, or after the stage has
  /// computed our key shares: on_operation_done().
  Received connect(RecordSink& sink, Instant now);

  /// Length in bytes, with header, of the record whose first 5 bytes these are; at most limits::kMaxRecordBytes. The
  /// error when they cannot begin a record that has a place here: pass them to on_bad_header().
  std::expected<std::size_t, Failure> record_bytes(Bytes header5) const;

  /// Takes one whole record. It is decrypted in place; Received::plaintext points into it.
  Received on_record(MutableBytes record, RecordSink& sink, Instant now);
  /// Fails the session for a header that record_bytes() has refused: sends the alert and counts it.
  Received on_bad_header(Bytes header5, RecordSink& sink, Instant now);
  /// The stage has finished an operation of this session.
  Received on_operation_done(crypto::Operation& operation, RecordSink& sink, Instant now);

  /// Seals `plaintext` into records of at most 16,384 bytes of content, or as many as the peer takes (RFC 8449). False
  /// when it cannot be sent: not connected, closed for writing, or the sink is full (then the session has failed: some
  /// of it may be in the sink). A server that has received early data may answer at once.
  bool send(Bytes plaintext, RecordSink& sink);
  /// A client's: bytes of early data that it may send now (RFC 8446 2.3), from the call that puts the ClientHello into
  /// the sink until the server has answered; 0 unless the configuration asks for it and there is a ticket that allows
  /// it. alpn() then says of which protocol it must be.
  std::size_t early_room() const;
  /// Seals early data, at most early_room() bytes. Whether it has reached the server, Info::early_data says once the
  /// session is connected: if it was rejected, send() it again, or what takes its place. False as with send().
  bool send_early(Bytes plaintext, RecordSink& sink);
  /// Bytes that send() will write to the sink for so much plaintext, at most.
  std::size_t sealed_bytes(std::size_t plaintext) const;
  /// Bytes that must have room besides: for a KeyUpdate on the way, and for a close_notify.
  std::size_t reserved_bytes() const;
  /// Sends close_notify, once. Nothing can be sent afterwards; what the peer still sends is delivered. A handshake in
  /// progress ends with it, unless its early data is being answered.
  void close(RecordSink& sink);

  /// False while the handshake waits for the crypto stage, and when the session takes no more.
  bool wants_record() const;
  Phase phase() const { return phase_; }
  const Info& info() const { return info_; }
  Failure failure() const { return failure_; }
  Waiting waiting() const;
  std::uint64_t owner() const { return owner_; }

  /// The name of ours that the client's server_name matched, as configured; empty when it sent none or none of ours. A
  /// client's: the name that it sent.
  std::string_view server_name() const;
  /// The application protocol agreed on; empty when there is none.
  std::string_view alpn() const;

  /// Fills `out` with keying material that the peer can derive too, and nobody else (RFC 8446 7.5, RFC 5705);
  /// Exporter::derive() says what the arguments may be. False before the session is connected and after it has failed,
  /// and where nothing is kept to derive from: the configuration does not ask for exporters, the worker's pool was
  /// empty, or the session is of TLS 1.2 without the extended master secret.
  bool export_keying_material(std::string_view label, std::optional<Bytes> context, MutableBytes out) const;

 private:
  friend class Handshake;
  static constexpr std::uint16_t kNoIndex = 0xffff;

  static constexpr std::uint8_t kAlertWarning = 1;
  static constexpr std::uint8_t kAlertFatal = 2;
  static constexpr std::size_t kAlertBytes = 2;

  /// Where records go, and the time, are known while a call lasts and no longer.
  class CallScope {
   public:
    CallScope(Session& session, RecordSink& sink, Instant now) : session_(session) {
      session_.sink_ = &sink;
      session_.now_ = now;
    }
    CallScope(const CallScope&) = delete;
    CallScope& operator=(const CallScope&) = delete;
    ~CallScope() { session_.sink_ = nullptr; }

   private:
    Session& session_;
  };

  // session_input.cc
  Error judge_header(Bytes header) const;
  void count_start();
  bool keyless_alert(ContentType type) const;
  Received on_change_cipher_spec(Bytes body);
  Received on_protected(MutableBytes record);
  Received skip_between_hellos(std::size_t bytes);
  Received on_content(ContentType type, MutableBytes content);
  Received on_early_data(MutableBytes content);
  Received on_alert(Bytes content);
  /// One that changes nothing.
  Received pass_over_alert();
  Received on_handshake_bytes(Bytes content);
  Received on_post_handshake(Bytes content);
  Received on_post_handshake12(Bytes content);
  Error on_key_update(Bytes message);
  bool count_empty_record();
  bool speaks_tls12() const { return info_.version == static_cast<std::uint16_t>(Version::tls12); }

  // session_client.cc
  bool takes_tickets() const { return is_client(); }
  /// Removes from the front of `content` what belongs to NewSessionTickets that are whole, or are being skipped.
  Error take_tickets(Bytes& content);
  Error on_ticket(Bytes message);
  /// The header of one in pieces is in partial_.
  Error skip_ticket();
  void release_pending();
  void forget_session_id();

  // session.cc
  bool is_client() const { return client_ != nullptr; }
  bool may_write_data() const;
  bool write_data(Bytes plaintext);
  bool begin();
  /// A server that has sent a HelloRetryRequest and waits, without a handshake, for the second ClientHello.
  bool between_hellos() const { return handshake_ == nullptr && info_.retried && phase_ == Phase::handshaking; }
  Received pause();
  void release_exporter();
  void end_handshake();
  Received run();
  Received complete();
  Received fail(Failure failure);
  Received fail(Error error);
  bool renew_write_key();
  bool update_write_key(bool request);
  void send_alert(Alert alert);
  bool write_change_cipher_spec();
  /// Where a record's content is put before seal_scratch() sends it.
  MutableBytes scratch_content();
  std::uint16_t record_padding() const;
  /// Zeros that one record may have.
  std::size_t max_padding() const;
  bool seal_scratch(ContentType type, std::size_t content);
  bool write_record(Bytes record);

  WorkerContext* worker_;
  const ServerConfig* server_ = nullptr;  // this one, or
  const ClientConfig* client_ = nullptr;  // that one
  Observer* observer_;
  std::uint64_t owner_;
  RecordSink* sink_ = nullptr;      // of the call in progress
  Instant now_{};                   // of the latest call
  Handshake* handshake_ = nullptr;  // in a block of the pool, from the first record until connected
  RecordProtector read_;
  RecordProtector write_;
  Info info_;
  Failure failure_;
  Phase phase_ = Phase::handshaking;
  bool started_ = false;
  bool write_closed_ = false;
  bool read_closed_ = false;
  std::uint8_t empty_records_ = 0;  // in a row
  std::uint8_t key_updates_ = 0;    // in a row
  std::uint8_t partial_bytes_ = 0;  // of a KeyUpdate in pieces, or of another message's header
  std::array<std::uint8_t, 5> partial_{};
  /// A client's: still to come of a NewSessionTicket in pieces, which is not kept. A server's: of early data, to be
  /// passed over between two ClientHellos.
  std::uint32_t skipped_bytes_ = 0;
  Handle exporter_;  // in the worker's pool of them
  /// A client's: in the worker's SessionCache, while tickets may come. A server's: in its ServerSessions, the session
  /// that this connection has made or taken up by id.
  Handle pending_;
  std::uint16_t credential_ = kNoIndex;
  std::uint16_t name_ = kNoIndex;
  std::uint16_t alpn_ = kNoIndex;
};

// What a connection that is idle keeps (DESIGN: memory).
static_assert(sizeof(Session) <= 400);

}  // namespace handsel::tls
