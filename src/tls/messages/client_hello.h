#pragma once
/// ClientHello (RFC 8446 4.1.2).

#include <expected>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// Views into the message's memory. Extensions that are not spoken are skipped.
struct ClientHello {
  Version legacy_version = Version::tls12;
  Bytes random;      ///< 32 bytes
  Bytes session_id;  ///< at most 32 bytes
  U16List suites;
  Bytes compression_methods;
  bool has_extensions = false;  ///< SSLv3 and early TLS clients may send no block at all
  Bytes extensions;             ///< the block as it stands, without its length

  Found server_name;
  Found status_request;
  Found supported_groups;
  Found ec_point_formats;
  Found signature_algorithms;
  Found signature_algorithms_cert;
  Found application_protocols;
  Found extended_master_secret;
  Found record_size_limit;
  Found session_ticket;
  Found pre_shared_key;
  Found early_data;
  Found supported_versions;
  Found cookie;
  Found psk_key_exchange_modes;
  Found key_share;
  Found renegotiation_info;

  /// `body` is the message without its header.
  static std::expected<ClientHello, Error> parse(Bytes body);
  /// Writes the whole message; of the extensions, the block `extensions`.
  void emit(Writer& writer) const;
};

/// A digest of all that must be the same in both ClientHellos of a retried handshake: everything but key_share,
/// early_data, cookie, pre_shared_key and padding (RFC 8446 4.1.2). `body` has been parsed.
void digest_of_constant_part(const ClientHello& hello, MutableBytes digest32);

}  // namespace handsel::tls
