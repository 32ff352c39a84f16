#pragma once
/// What runs on a connection: the interface between the engine and its services. Worker thread only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
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
  /// Everything sent so far goes out, then close_notify and FIN. No send() afterwards.
  virtual void close() = 0;
  /// RST now.
  virtual void abort() = 0;
  /// nullptr on plain TCP.
  virtual const tls::Info* tls_info() const = 0;
  virtual wire::IpAddress peer_address() const = 0;
  /// The service's own state for this connection: zeroed when the connection opens, wiped when it ends.
  virtual MutableBytes state() = 0;

 protected:
  ~Stream() = default;
};

inline constexpr std::size_t kServiceStateBytes = 104;

/// A service is shared by all the connections of a worker; what belongs to one lives in Stream::state().
class Service {
 public:
  virtual ~Service() = default;
  virtual std::string_view name() const = 0;
  /// The connection is ready: the TCP handshake, and the TLS handshake where there is one, are complete.
  virtual void on_open(Stream&) {}
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
  /// The connection is over, for whatever reason. The last call.
  virtual void on_closed(Stream&) {}
};

}  // namespace handsel::flow
