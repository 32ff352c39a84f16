#pragma once
/// The extensions of resumption: pre_shared_key (RFC 8446 4.2.11) and psk_key_exchange_modes (4.2.9).

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/protocol.h"

namespace handsel::tls {

inline constexpr std::uint8_t kPskOnly = 0;
inline constexpr std::uint8_t kPskWithDhe = 1;

/// Which of the two a client offers.
struct PskModes {
  bool alone = false;
  bool with_dhe = false;
};
std::expected<PskModes, Error> read_psk_modes(Bytes body);
void write_psk_modes(Writer& writer, std::span<const std::uint8_t> modes);

struct PskIdentity {
  Bytes identity;
  std::uint32_t obfuscated_age = 0;  ///< milliseconds since the ticket came, plus its age_add (4.2.11.1)
};

/// A client's identities and as many binders, checked.
class OfferedPsks {
 public:
  static std::expected<OfferedPsks, Error> read(Bytes body);

  std::size_t size() const { return size_; }
  /// `index` is below size().
  PskIdentity identity(std::size_t index) const;
  Bytes binder(std::size_t index) const;
  /// Length of the binders with their length field: what the end of a ClientHello lacks when a binder is made
  /// (4.2.11.2).
  std::size_t binders_bytes() const { return 2 + binders_.size(); }

 private:
  Bytes identities_;
  Bytes binders_;
  std::size_t size_ = 0;
};

/// The whole extension with zeros for binders; they are the last bytes of the message, to be filled in afterwards.
void write_offered_psk(Writer& writer, const PskIdentity& identity, std::size_t binder_bytes);
/// The server's choice, by index.
std::expected<std::uint16_t, Error> read_selected_psk(Bytes body);
void write_selected_psk(Writer& writer, std::uint16_t index);

}  // namespace handsel::tls
