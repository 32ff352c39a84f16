#pragma once
/// SYN cookies (RFC 4987 3.6): while a listener is under pressure the SYN-ACK itself carries what a half-open
/// connection would have to remember.

#include <array>
#include <cstdint>
#include <optional>

#include "base/secret.h"
#include "tcp/connection.h"
#include "tcp/isn.h"

namespace handsel::tcp {

/// Two live secrets: the current one makes cookies, both are accepted. Rotate at most every 128 s (a cookie's life), at
/// least every few hours.
class CookieSecrets {
 public:
  explicit CookieSecrets(const SipKey& first) : keys_{first, first} {}
  void rotate(const SipKey& fresh) {
    keys_[1] = keys_[0];
    keys_[0] = fresh;
  }
  const SipKey& current() const { return keys_[0]; }
  const SipKey& previous() const { return keys_[1]; }
  ~CookieSecrets() { secure_wipe(keys_.data(), sizeof keys_); }

 private:
  std::array<SipKey, 2> keys_;
};

/// What a returning cookie stands for: as good as the SYN that was not stored.
struct CookieSyn {
  wire::TcpHeader syn;  ///< rebuilt; its MSS is the next lower one of the table
  wire::SeqNum iss;     ///< the cookie
};

/// The ISN is five bits of time (64 s steps), three of the MSS table, 24 of SipHash over tuple, peer's ISN, time and
/// MSS. Window scale, SACK and ECN ride in the six low bits of the SYN-ACK's timestamp; without timestamps they are not
/// offered. Stateless: any worker that holds the secrets can check any other's cookie.
class SynCookies {
 public:
  /// How long a cookie is taken: between one and two steps.
  static constexpr Duration kStep = std::chrono::seconds(64);

  /// The SYN-ACK for `syn`, ports already swapped. `config` is what a connection would be made with; its
  /// timestamp_offset must be the same when the connection is made.
  static wire::TcpHeader syn_ack(const CookieSecrets& secrets, const Tuple& tuple, const Config& config,
                                 const wire::TcpHeader& syn, Instant now);
  /// Checks the ACK of a handshake. nullopt: not one of ours, or too old (Drop::tcp_bad_cookie). Data on it is fine.
  /// Give the result to Connection's constructor with FromCookie, then the ACK itself to on_segment().
  static std::optional<CookieSyn> check(const CookieSecrets& secrets, const Tuple& tuple, const Config& config,
                                        const wire::TcpHeader& ack, Instant now);
};

}  // namespace handsel::tcp
