/// What a client checks of a server's messages in either version.
#include <algorithm>
#include <array>

#include "tls/client_checks.h"
#include "tls/messages/extensions.h"
#include "tls/signature_schemes.h"

namespace handsel::tls {
namespace {

Error error_of(crypto::ChainFault fault) {
  switch (fault) {
    case crypto::ChainFault::malformed:
    case crypto::ChainFault::bad_signature:
      return Error::bad_certificate;
    case crypto::ChainFault::unsupported_key:
    case crypto::ChainFault::not_for_signing:
      return Error::unsupported_certificate;
    case crypto::ChainFault::unknown_authority:
      return Error::unknown_authority;
    case crypto::ChainFault::not_valid_now:
      return Error::certificate_expired;
    case crypto::ChainFault::wrong_name:
      return Error::wrong_certificate_name;
    case crypto::ChainFault::wrong_pin:
      return Error::wrong_pin;
  }
  return Error::bad_certificate;
}

/// Where there is a vector kernel it has a kind of its own.
crypto::Kind check_kind(crypto::SignatureAlgorithm algorithm, crypto::KeyAlgorithm key) {
  if (algorithm == crypto::SignatureAlgorithm::ecdsa && key == crypto::KeyAlgorithm::p256)
    return crypto::Kind::ecdsa_p256_verify;
  if (algorithm == crypto::SignatureAlgorithm::rsa_pss || algorithm == crypto::SignatureAlgorithm::rsa_pkcs1)
    return crypto::Kind::rsa_verify;
  if (algorithm == crypto::SignatureAlgorithm::ed25519) return crypto::Kind::ed25519_verify;
  return crypto::Kind::signature_verify;
}

}  // namespace

Error check_extensions(const ClientOffer& offer, Bytes block, std::span<const ExtensionType> allowed) {
  return walk_extensions(block, [&](ExtensionType type, Bytes) {
    if (!offer.holds(type) && type != ExtensionType::cookie) return Error::unsolicited_extension;
    return std::ranges::find(allowed, type) != allowed.end() ? Error::none : Error::misplaced_extension;
  });
}

Error take_protocol(Handshake& handshake, Bytes extension) {
  const std::expected<ProtocolNames, Error> names = ProtocolNames::read(extension);
  if (!names) return names.error();
  // "The ProtocolNameList … MUST contain exactly one ProtocolName" (RFC 7301 3.1).
  if (names->size() != 1) return Error::illegal_parameter;
  const std::vector<std::string>& offered = handshake.client_config().alpn;
  const auto chosen = std::ranges::find(offered, names->front());
  if (chosen == offered.end()) return Error::protocol_not_offered;
  handshake.set_alpn(static_cast<std::uint16_t>(chosen - offered.begin()));
  return Error::none;
}

std::expected<crypto::PublicKey, Error> judge_chain(Handshake& handshake, std::span<const Bytes> chain) {
  const auto now_seconds = static_cast<std::int64_t>(handshake.unix_now_ms() / 1'000);
  std::expected<crypto::PublicKey, crypto::ChainFault> key =
      crypto::accept_chain(chain, handshake.peer_policy(), now_seconds, &handshake.worker().peer_keys);
  if (!key) return std::unexpected(error_of(key.error()));
  return std::move(*key);
}

Error SignatureCheck::set_up(const SchemeTraits* traits, Bytes signature_bytes, Version version) {
  if (traits == nullptr || !fits(*traits, version, key.type().algorithm)) return Error::scheme_not_offered;
  if (signature_bytes.size() > signature.size()) return Error::bad_signature;
  std::ranges::copy(signature_bytes, signature.begin());
  operation.kind = check_kind(traits->algorithm, key.type().algorithm);
  operation.algorithm = traits->algorithm;
  operation.peer_key = &key;
  operation.signature = MutableBytes(signature).first(signature_bytes.size());
  return Error::none;
}

Error SignatureCheck::prepare(SignatureScheme scheme, Bytes signature_bytes, Version version, Bytes signed_content,
                              Info& info) {
  const SchemeTraits* const traits = find_scheme(scheme);
  if (const Error error = set_up(traits, signature_bytes, version); error != Error::none) return error;
  info.signature_scheme = static_cast<std::uint16_t>(scheme);
  operation.message = to_be_signed(*traits, signed_content, content);
  return Error::none;
}

Error SignatureCheck::prepare_on_digest(SignatureScheme scheme, Bytes signature_bytes, Version version, Bytes digest) {
  if (const Error error = set_up(find_scheme(scheme), signature_bytes, version); error != Error::none) return error;
  std::ranges::copy(digest, content.begin());
  operation.message = MutableBytes(content).first(digest.size());
  return Error::none;
}

}  // namespace handsel::tls
