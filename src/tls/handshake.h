#pragma once
/// What a session needs only until it is connected, and what the handshake's coroutines may do with it.

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/time.h"
#include "crypto/peer_chain.h"
#include "tls/coroutine.h"
#include "tls/inbox.h"
#include "tls/session.h"
#include "tls/session_cache.h"
#include "tls/worker_context.h"

namespace handsel::tls {

/// Lives in a block of the FramePool. Destroying it destroys its coroutines wherever they stand, takes their operations
/// out of the stage and wipes all.
class Handshake : public FrameStack {
 public:
  Handshake(Session& session, Instant now);
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;
  ~Handshake();

  // For the session.

  enum class Progress : std::uint8_t { blocked, done, failed };
  /// Runs the coroutine until it waits for what is not there yet.
  Progress advance(Instant now);
  /// Why advance() said `failed`.
  Error error() const { return error_; }
  Inbox& inbox() { return inbox_; }
  Waiting waiting() const { return waiting_; }
  bool wants_record() const { return wants_message_ || wants_change_cipher_spec_; }
  /// One of the awaited operations is done; false when it is none of them.
  bool operation_done(crypto::Operation& operation);
  bool gives_way() const { return gives_way_; }
  /// Records of early data may come: to be read, or because it was not accepted to be passed over unread.
  bool takes_early_data() const { return early_records_ == EarlyRecords::taken; }
  bool skips_early_data() const { return early_records_ == EarlyRecords::skipped; }
  /// A client's: it may be sent.
  bool sends_early_data() const { return early_records_ == EarlyRecords::sent; }
  /// Bytes that may still come, or be sent.
  std::size_t early_data_left() const { return early_records_ == EarlyRecords::none ? 0 : early_data_budget_; }
  /// So much of it came or is sent, plaintext or whole records; false when that is more than may be (RFC 8446 4.2.10).
  bool spend_early_data(std::size_t bytes);
  /// A server's flight is out, in answer to a hello with early data that was accepted: application data may follow.
  bool answers_early_data() const { return answers_early_data_; }
  /// In TLS 1.2 ChangeCipherSpec has one place, where it is awaited; in 1.3 it is dropped wherever it may come.
  bool drops_change_cipher_spec() const { return hello_passed_ && !change_cipher_spec_counts_; }
  void change_cipher_spec_dropped() { dropped_change_cipher_spec_ = true; }
  bool wants_change_cipher_spec() const { return wants_change_cipher_spec_; }
  void change_cipher_spec_came() { wants_change_cipher_spec_ = false; }

  // For the coroutines.

  struct MessageAwaiter {
    Handshake& handshake;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) noexcept { handshake.waiter_ = coroutine; }
    Message await_resume() const noexcept { return handshake.message_; }
  };
  /// `co_await` gives the next message, which is of this type: any other ends the session. The message's memory lasts
  /// until the next co_await.
  MessageAwaiter message(Waiting step, HandshakeTypes expected);

  struct Awaiter {
    Handshake& handshake;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) noexcept { handshake.waiter_ = coroutine; }
    void await_resume() const noexcept {}
  };
  /// `co_await` ends when all the operations have succeeded; one that does not succeed ends the session.
  Awaiter operations(Waiting step, crypto::Operation& first, crypto::Operation* second = nullptr);

  /// `co_await` ends when the peer has changed its cipher spec; a message that comes instead ends the session.
  Awaiter change_cipher_spec(Waiting step);
  void expect_change_cipher_spec_as_message() { change_cipher_spec_counts_ = true; }
  /// One came, and was dropped, while the version was not known yet.
  bool dropped_change_cipher_spec() const { return dropped_change_cipher_spec_; }

  WorkerContext& worker() { return *session_.worker_; }
  const ServerConfig& config() const { return *session_.server_; }
  const ClientConfig& client_config() const { return *session_.client_; }
  /// What the peer's certificate must fulfil.
  const crypto::PeerPolicy& peer_policy() const;
  Info& info() { return session_.info_; }
  std::uint64_t unix_now_ms() const;
  /// What a ClientHello asks for is clear, and nothing dear has been done for it: whether the worker can bear more of
  /// this sort.
  Error admit(bool resumes);
  void set_credential(std::uint16_t credential, std::uint16_t name);
  void set_alpn(std::uint16_t index) { session_.alpn_ = index; }
  std::string_view server_name() const { return session_.server_name(); }
  std::string_view alpn() const { return session_.alpn(); }
  std::uint16_t alpn_index() const { return session_.alpn_; }
  void observe_server_name(std::string_view name);
  /// The first ClientHello has come, or gone: from here on a ChangeCipherSpec may come that means nothing (RFC 8446 5).
  void set_hello_passed() { hello_passed_ = true; }
  /// Keeps what tickets of this connection will need, until the session goes.
  void hold_for_tickets(SessionCache::Pending pending);
  /// True when keying material will be exported, and there is a pool for what that takes.
  bool keeps_exporter() const;
  /// Keeps what to export from, until the session goes.
  void keep_exporter(Exporter exporter);
  /// This connection's session is remembered there under its id, until the connection fails.
  void hold_session_id(Handle session) { session_.pending_ = session; }
  /// Marks this connection among the worker's, in what comes back to it.
  std::uint64_t connection() const { return session_.owner_; }
  /// A HelloRetryRequest is all that happens for now: the session goes on with another Handshake, when the second
  /// ClientHello comes.
  void give_way() {
    gives_way_ = true;
    session_.info_.retried = true;
  }
  /// Protected records will be as long as the client wants (`theirs`) and the configuration says, but not longer than
  /// `most`, the version's own bound (RFC 8449 4).
  void limit_records(std::uint16_t theirs, std::uint16_t most);
  /// What is answered to a client's record_size_limit; 0 when none came.
  std::uint16_t record_size_limit() const { return session_.read_.record_limit(); }
  /// From now on records that do not open are passed over, up to limits::kMaxSkippedEarlyData.
  void skip_early_data() {
    early_records_ = EarlyRecords::skipped;
    early_data_budget_ = limits::kMaxSkippedEarlyData;
  }
  /// From now on application data is handed up, so many bytes of it.
  void take_early_data(std::size_t bytes) {
    early_records_ = EarlyRecords::taken;
    early_data_budget_ = bytes;
  }
  /// From now on so many bytes may be sent early.
  void send_early_data(std::size_t bytes) {
    early_records_ = EarlyRecords::sent;
    early_data_budget_ = bytes;
  }
  void end_early_data() { early_records_ = EarlyRecords::none; }
  void allow_early_answer() { answers_early_data_ = true; }
  /// The session has sent its close_notify already: nothing may follow.
  bool write_closed() const { return session_.write_closed_; }

  /// Adds a message to the flight being gathered, which is sealed and sent by flush(). Not to be held over a co_await.
  Error queue(Bytes message);
  Error flush();
  /// The compatibility mode's lone byte (RFC 8446 D.4).
  Error send_change_cipher_spec();
  /// True when no byte of a further message has come: asked where only the peer's next flight may follow.
  bool at_boundary() const { return inbox_.empty(); }
  /// Installs the keys of the direction. Reading fails when bytes of a message came under the old ones (RFC 8446 5.1).
  Error start_reading(crypto::AeadId aead, TrafficSecret secret);
  void start_writing(crypto::AeadId aead, TrafficSecret secret);
  /// The handshake's own.
  Error start_reading(crypto::AeadId aead, const RecordKeys& keys);
  void start_writing(crypto::AeadId aead, const RecordKeys& keys);
  /// Back to records in the clear.
  void stop_writing() { session_.write_.stop(worker().aead); }
  Error start_reading12(crypto::AeadId aead, Bytes key, Bytes iv);
  void start_writing12(crypto::AeadId aead, Bytes key, Bytes iv);

 private:
  enum class EarlyRecords : std::uint8_t { none, taken, skipped, sent };
  enum class Admitted : std::uint8_t { no, full, resumed };

  void submit(crypto::Operation& operation);

  Session& session_;
  Instant now_;
  Inbox inbox_;
  Task task_;
  std::coroutine_handle<> waiter_;  // the innermost coroutine, suspended
  Message message_;
  std::array<crypto::Operation*, 2> operations_{};
  std::size_t flight_bytes_ = 0;  // gathered in the worker's scratch
  std::size_t early_data_budget_ = 0;
  Error error_ = Error::none;
  Waiting waiting_ = Waiting::nothing;
  HandshakeTypes expected_;
  bool wants_message_ = false;
  bool wants_change_cipher_spec_ = false;
  bool change_cipher_spec_counts_ = false;
  bool dropped_change_cipher_spec_ = false;
  bool hello_passed_ = false;
  bool gives_way_ = false;
  bool answers_early_data_ = false;
  EarlyRecords early_records_ = EarlyRecords::none;
  Admitted admitted_ = Admitted::no;
  std::array<std::uint8_t, limits::kHandshakeAssemblyBytes> assembly_;
};

static_assert(sizeof(Handshake) <= limits::kHandshakeBlockBytes);

/// The server's side, from the first message: chooses the version and goes on as that version does.
Task serve(Handshake& handshake);
/// The client's side, from our ClientHello: goes on as the version that the server chooses does.
Task connect(Handshake& handshake);

}  // namespace handsel::tls
