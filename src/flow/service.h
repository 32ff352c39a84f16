#pragma once
/// What runs on a connection: the interface between the engine and its services. Worker thread only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/slab.h"
#include "base/time.h"
#include "tcp/connection.h"
#include "tls/session.h"
#include "wire/address.h"

namespace handsel::flow {

/// A connection as its service sees it: a byte stream with room to send into. Plain TCP or TLS makes no difference.
class Stream {
 public:
  /// Bytes that send() will take now, after TLS overhead; 0 once closed.
  virtual std::size_t send_room() const = 0;
  /// Takes all of `bytes`, which are at most send_room().
  virtual void send(Bytes bytes) = 0;
  /// On a connection of ours over TLS, before on_open(): bytes that send_early() will take now; mostly 0.
  virtual std::size_t early_room() const { return 0; }
  /// Sends early data: all of `bytes`, which are at most early_room(). Whether it counts, tls_info()->early_data says
  /// in on_open(): if it was rejected, it is to be sent again.
  virtual void send_early(Bytes bytes) { (void)bytes; }
  /// Everything sent so far goes out, then FIN. No send() afterwards; what the peer still sends is delivered. Over TLS,
  /// whose close_notify comes first, the same (RFC 8446 6.1).
  virtual void finish() = 0;
  /// finish(), and what the peer still sends is let go unheard.
  virtual void close() = 0;
  /// RST now.
  virtual void abort() = 0;
  /// `true`: something has to come whole, a request say, within one idle timeout from now. Until the next call that
  /// time does not begin anew with every byte, only when the peer takes bytes that it is owed. `false`, and at first:
  /// whatever comes will do.
  virtual void expect_whole(bool expected) = 0;
  /// What comes now, and what is answered, is early data of TLS 1.3: see Service::takes_early_data().
  virtual bool early() const = 0;
  /// nullptr on plain TCP.
  virtual const tls::Info* tls_info() const = 0;
  /// tls::Session::export_keying_material(); false on plain TCP.
  virtual bool export_keying_material(std::string_view label, std::optional<Bytes> context, MutableBytes out) const = 0;
  /// How the TLS session has failed; false where there is none, or it has not.
  virtual tls::Failure tls_failure() const = 0;
  virtual wire::IpAddress peer_address() const = 0;
  /// The service's own state for this connection, wiped when it ends. It begins as zeros, or as connect()'s Target
  /// said.
  virtual MutableBytes state() = 0;
  /// Names the connection for Shard::wake() and Shard::cut(): what Shard::connect() returned.
  virtual Handle id() const = 0;
  /// The time of the event at hand.
  virtual Instant now() const = 0;
  /// When TCP was established; before that, when the opening began.
  virtual Instant established() const = 0;
  /// In on_closed() and on_open_failed(): how TCP ended. End::aborted is ours, a failed TLS session's included.
  virtual tcp::End end() const = 0;

 protected:
  ~Stream() = default;
};

inline constexpr std::size_t kServiceStateBytes = 96;

// X(identifier, text): why a connection that we were opening did not come to be.
#define HANDSEL_OPEN_FAILURES(X)                                           \
  X(refused, "the peer answered with a reset")                             \
  X(timed_out, "the peer did not answer")                                  \
  X(unreachable, "a router or the peer said by ICMP that nobody is there") \
  X(unresolved, "the neighbour on the way has not told its link address")  \
  X(handshake, "TCP was established, the TLS handshake was not completed") \
  X(cut, "given up by us")

enum class OpenFailure : std::uint8_t {
#define X(name, text) name,
  HANDSEL_OPEN_FAILURES(X)
#undef X
};
/// "refused" and so on.
std::string_view name_of(OpenFailure why);
/// The reason for a person.
std::string_view explain(OpenFailure why);

/// A service is shared by all the connections of a worker; what belongs to one lives in Stream::state().
class Service {
 public:
  virtual ~Service() = default;
  virtual std::string_view name() const = 0;
  /// Early data of TLS 1.3 is handed up as it comes (Stream::early()), before the peer has shown to be more than
  /// somebody who sends again what it has seen (RFC 8446 8, RFC 8470): such a service must do nothing with it that does
  /// harm when done twice. For others it waits until the handshake is complete, and is data like any other then.
  virtual bool takes_early_data() const { return false; }
  /// The connection is ready: the TCP handshake, and the TLS handshake where there is one, are complete, or early data
  /// comes.
  virtual void on_open(Stream&) {}
  /// A connection of ours may send early data: its TLS configuration asks for that and there is a ticket that allows
  /// it. Before on_open(), and at most once. What is sent may reach the server more than once (RFC 8446 8).
  virtual void on_early(Stream&) {}
  /// False to leave received bytes where they are (the peer's window then closes); asked again after on_writable.
  virtual bool wants_data(Stream&) { return true; }
  /// Received bytes, at most 16,384 in one call; returns how many were taken. The rest comes again once
  /// wants_data() says so.
  virtual std::size_t on_data(Stream&, Bytes bytes) = 0;
  /// send_room() grew.
  virtual void on_writable(Stream&) {}
  /// The peer has finished sending; `truncated` when over TLS no close_notify came first (RFC 8446 6.1).
  virtual void on_peer_closed(Stream& stream, bool truncated) {
    (void)truncated;
    stream.close();
  }
  /// The connection is over; Stream::end() says how. The last call.
  virtual void on_closed(Stream&) {}
  /// A connection that Shard::connect() began has not become ready. The only call for it: neither on_open() nor
  /// on_closed() comes. state() is still there.
  virtual void on_open_failed(Stream&, OpenFailure why) { (void)why; }
};

}  // namespace handsel::flow
