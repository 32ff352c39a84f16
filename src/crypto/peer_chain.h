#pragma once
/// Whether a peer's certificate chain is to be believed (RFC 5280 6, RFC 6125), through libcrypto.
///
/// Costs of the order of a hundred microseconds a certificate that is checked against authorities, computed where it is
/// called: signatures inside a chain do not pass through the stage. A pinned key costs one parse and one hash, and
/// where it was seen before, a comparison.

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/peer_key_cache.h"
#include "crypto/public_key.h"

struct x509_store_st;  // libcrypto's X509_STORE

namespace handsel::crypto {

/// Authorities whose word is taken. Immutable once made; read by any number of workers (libcrypto's own lock is
/// inside).
class TrustStore {
 public:
  using Made = std::expected<std::shared_ptr<const TrustStore>, std::string>;

  /// Every certificate of a PEM text: authorities, or peers' own certificates. Control thread.
  static Made from_pem(std::string_view pem);
  /// The authorities of the system's bundle, read now and not again. Control thread.
  static Made system();

  std::size_t size() const { return size_; }
  /// SHA-256 over all of them, in their order: tells stores apart, in this process and in others.
  const std::array<std::uint8_t, 32>& digest() const { return digest_; }
  x509_store_st* store() const { return store_.get(); }

 private:
  struct Freer {
    void operator()(x509_store_st* store) const;
  };
  std::unique_ptr<x509_store_st, Freer> store_;
  std::size_t size_ = 0;
  std::array<std::uint8_t, 32> digest_{};
};

/// What a peer's certificate has to be good for (RFC 5280 4.2.1.12).
enum class PeerRole : std::uint8_t { server, client };

/// What a chain must fulfil. With neither authorities nor pins any certificate is accepted.
struct PeerPolicy {
  std::shared_ptr<const TrustStore> trust;  ///< null: the chain is not checked
  std::string host;                         ///< DNS name or IP address that the certificate must be for, with `trust`;
                                            ///< empty for a client's, which has none to be held against
  std::vector<KeyPin> pins;                 ///< not empty: the peer's own key must be one of these
  PeerRole role = PeerRole::server;
};

enum class ChainFault : std::uint8_t {
  malformed,          ///< no certificate where one should be
  unsupported_key,    ///< neither P-256, P-384, Ed25519 nor RSA of 2048 to 8192 bits
  not_for_signing,    ///< keyUsage without digitalSignature (RFC 8446 4.4.2.2), or not for this role
  unknown_authority,  ///< leads to nobody in the store
  not_valid_now,      ///< before or after its time
  wrong_name,
  wrong_pin,
  bad_signature,  ///< a signature inside the chain does not verify, is too weak, or the chain breaks another rule
};

/// Judges a chain in DER, the peer's own certificate first, at a time in Unix seconds. The key is the peer's own. Where
/// no authority is asked, a certificate that `cache` knows is not parsed; it may be null.
std::expected<PublicKey, ChainFault> accept_chain(std::span<const Bytes> chain, const PeerPolicy& policy,
                                                  std::int64_t now_unix, PeerKeyCache* cache = nullptr);

/// The key of one certificate, which nobody vouches for.
std::expected<PublicKey, ChainFault> public_key_of(Bytes certificate_der);
/// Its pin.
std::expected<KeyPin, ChainFault> pin_of(Bytes certificate_der);

/// True for what libcrypto reads as an IPv4 or IPv6 address.
bool is_ip_address(std::string_view host);

}  // namespace handsel::crypto
