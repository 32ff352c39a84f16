#pragma once
/// The keys of certificates that were shown lately, so that one which comes again is not parsed again: libcrypto's
/// parse of a certificate costs more than a whole handshake beside it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/public_key.h"

namespace handsel::crypto {

using KeyPin = std::array<std::uint8_t, 32>;  ///< SHA-256 of a SubjectPublicKeyInfo in DER (RFC 7469 2.4)

/// What a peer's own certificate says by itself, whoever vouches for it.
struct PeerCertificate {
  PublicKey key;
  KeyPin pin{};
  bool may_sign = false;  ///< its keyUsage has digitalSignature, or there is none (RFC 5280 4.2.1.3)
};

/// Of one worker. A few entries, found by every byte of the certificate; the oldest gives way. A peer that shows
/// another certificate each time gains nothing by it: its own are parsed, as without the cache.
class PeerKeyCache {
 public:
  /// Longer ones are not kept.
  static constexpr std::size_t kMaxCertificateBytes = 2'048;
  static constexpr std::size_t kEntries = 4;

  /// nullptr when it is not there. Valid until the next keep().
  const PeerCertificate* find(Bytes der) const {
    for (const Entry& entry : entries_)
      if (entry.bytes != 0 && std::ranges::equal(Bytes(entry.der).first(entry.bytes), der)) return &entry.said;
    return nullptr;
  }
  void keep(Bytes der, const PeerCertificate& said) {
    if (der.empty() || der.size() > kMaxCertificateBytes) return;
    Entry& entry = entries_[next_++ % kEntries];
    std::ranges::copy(der, entry.der.begin());
    entry.bytes = der.size();
    entry.said = {said.key.share(), said.pin, said.may_sign};
  }

 private:
  struct Entry {
    std::array<std::uint8_t, kMaxCertificateBytes> der;
    std::size_t bytes = 0;  // 0: free
    PeerCertificate said;
  };
  std::array<Entry, kEntries> entries_{};
  std::size_t next_ = 0;
};

}  // namespace handsel::crypto
