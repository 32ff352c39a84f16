#pragma once
/// The key schedule of TLS 1.2 (RFC 5246 5, 6.3, 8.1; RFC 7627 for the extended master secret).

#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

namespace handsel::tls {

/// RFC 5246 5. Fills `out` from the label and the seeds, one after the other.
void prf12(const crypto::Hmac& secret, std::string_view label, Bytes seed, Bytes more_seed, MutableBytes out);

/// The keys of both directions, client's and server's.
struct KeyBlock12 {
  Secret<32> client_key;
  Secret<32> server_key;
  Secret<12> client_iv;
  Secret<12> server_iv;
};

inline constexpr std::size_t kVerifyDataBytes12 = 12;

/// Made from the premaster secret in one of two ways; everything else is made from it.
class MasterSecret12 {
 public:
  /// Bound to the two randoms alone (RFC 5246 8.1).
  static MasterSecret12 plain(crypto::HashId hash, Bytes premaster, Bytes client_random, Bytes server_random);
  /// Bound to the whole handshake: `session_hash` runs through ClientKeyExchange (RFC 7627 4).
  static MasterSecret12 extended(crypto::HashId hash, Bytes premaster, Bytes session_hash);
  /// Taken up again from an earlier session (RFC 5246 7.3): 48 bytes.
  static MasterSecret12 resumed(crypto::HashId hash, Bytes master);

  KeyBlock12 key_block(crypto::AeadId aead, Bytes client_random, Bytes server_random) const;
  /// kVerifyDataBytes12 bytes (RFC 5246 7.4.9).
  void client_finished(Bytes transcript_hash, MutableBytes verify_data) const;
  void server_finished(Bytes transcript_hash, MutableBytes verify_data) const;
  Bytes view() const { return secret_.view(); }
  crypto::HashId hash() const { return hmac_.id(); }

 private:
  MasterSecret12(crypto::HashId hash, Bytes master);
  MasterSecret12(crypto::HashId hash, Bytes premaster, std::string_view label, Bytes seed, Bytes more_seed);
  Secret<48> secret_;
  crypto::Hmac hmac_;
};

}  // namespace handsel::tls
