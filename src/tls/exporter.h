#pragma once
/// Keying material for protocols above TLS (RFC 8446 7.5, RFC 5705): both ends of a connection derive the same, and
/// nobody else can.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "tls/key_schedule12.h"
#include "tls/key_schedule13.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// What a connection keeps to derive from: in the worker's pool, and only where the configuration asks for it, so that
/// others stay as small as they are.
class Exporter {
 public:
  /// `secret` is the exporter master secret (RFC 8446 7.1).
  explicit Exporter(TrafficSecret secret);
  /// Only of a master secret that is bound to its handshake (RFC 7627 5.4).
  Exporter(const MasterSecret12& master, Bytes client_random, Bytes server_random);

  /// The longest label that has room beside its prefix (RFC 8446 7.1).
  static constexpr std::size_t kMaxLabelBytes = 249;
  static constexpr std::size_t kMaxContextBytes = 65'535;

  /// Fills `out`. In TLS 1.2 no context and an empty one give different material (RFC 5705 4), in 1.3 the same. False,
  /// and `out` untouched, for a label that is empty, too long or one of TLS's own, a context that is too long, or more
  /// bytes than the key derivation yields: 8,160.
  bool derive(std::string_view label, std::optional<Bytes> context, MutableBytes out) const;

 private:
  void derive13(std::string_view label, Bytes context, MutableBytes out) const;
  void derive12(std::string_view label, std::optional<Bytes> context, MutableBytes out) const;

  Secret<crypto::kMaxDigestBytes> secret_;
  std::array<std::uint8_t, 2 * kRandomBytes> randoms_{};  // of TLS 1.2: the client's, the server's
  crypto::HashId hash_{};
  Version version_{};
};

}  // namespace handsel::tls
