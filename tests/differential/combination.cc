#include "combination.h"

#include <openssl/obj_mac.h>

#include <algorithm>
#include <array>

namespace handsel::tls::test {
namespace {

constexpr SuiteRow tls13(CipherSuite id, const char* name) {
  return {*find_suite13(static_cast<std::uint16_t>(id)), Version::tls13, name};
}
constexpr SuiteRow tls12(CipherSuite id, const char* name) {
  return {*find_suite12(static_cast<std::uint16_t>(id)), Version::tls12, name};
}

constexpr std::array kSuiteRows = {
    tls13(CipherSuite::aes_128_gcm_sha256, "TLS_AES_128_GCM_SHA256"),
    tls13(CipherSuite::aes_256_gcm_sha384, "TLS_AES_256_GCM_SHA384"),
    tls13(CipherSuite::chacha20_poly1305_sha256, "TLS_CHACHA20_POLY1305_SHA256"),
    tls12(CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    tls12(CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    tls12(CipherSuite::ecdhe_ecdsa_chacha20_poly1305_sha256, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    tls12(CipherSuite::ecdhe_rsa_aes_128_gcm_sha256, "ECDHE-RSA-AES128-GCM-SHA256"),
    tls12(CipherSuite::ecdhe_rsa_aes_256_gcm_sha384, "ECDHE-RSA-AES256-GCM-SHA384"),
    tls12(CipherSuite::ecdhe_rsa_chacha20_poly1305_sha256, "ECDHE-RSA-CHACHA20-POLY1305"),
    SuiteRow{kRsaKeyExchangeSuites12[0], Version::tls12, "AES128-GCM-SHA256"},
    SuiteRow{kRsaKeyExchangeSuites12[1], Version::tls12, "AES256-GCM-SHA384"},
};

constexpr std::array<GroupRow, 3> kGroupRows = {{
    {NamedGroup::x25519, "X25519", NID_X25519},
    {NamedGroup::secp256r1, "P-256", NID_X9_62_prime256v1},
    {NamedGroup::secp384r1, "P-384", NID_secp384r1},
}};

constexpr std::array<SigningRow, 8> kSigningRows = {{
    {CredentialKind::ecdsa_p256, SignatureScheme::ecdsa_secp256r1_sha256, "ECDSA+SHA256", NID_X9_62_id_ecPublicKey,
     NID_sha256},
    {CredentialKind::ecdsa_p384, SignatureScheme::ecdsa_secp384r1_sha384, "ECDSA+SHA384", NID_X9_62_id_ecPublicKey,
     NID_sha384},
    // In TLS 1.2 a scheme names its hash, and leaves the curve open.
    {CredentialKind::ecdsa_p384, SignatureScheme::ecdsa_secp256r1_sha256, "ECDSA+SHA256", NID_X9_62_id_ecPublicKey,
     NID_sha256},
    {CredentialKind::ed25519, SignatureScheme::ed25519, "ed25519", NID_ED25519, NID_undef},
    {CredentialKind::rsa, SignatureScheme::rsa_pss_rsae_sha256, "RSA-PSS+SHA256", NID_rsassaPss, NID_sha256},
    {CredentialKind::rsa, SignatureScheme::rsa_pss_rsae_sha384, "RSA-PSS+SHA384", NID_rsassaPss, NID_sha384},
    {CredentialKind::rsa, SignatureScheme::rsa_pkcs1_sha256, "RSA+SHA256", NID_rsaEncryption, NID_sha256},
    {CredentialKind::rsa, SignatureScheme::rsa_pkcs1_sha384, "RSA+SHA384", NID_rsaEncryption, NID_sha384},
}};

NamedGroup curve_of(CredentialKind kind) {
  if (kind == CredentialKind::ecdsa_p256) return NamedGroup::secp256r1;
  return kind == CredentialKind::ecdsa_p384 ? NamedGroup::secp384r1 : NamedGroup::none;
}

bool scheme_is_of_its_curve(const SigningRow& signing) {
  return curve_of(signing.kind) != NamedGroup::secp384r1 || signing.scheme == SignatureScheme::ecdsa_secp384r1_sha384;
}

/// False for what another combination is already, and for what our end does not do on its own account.
bool is_distinct(const Combination& each) {
  if (each.is_tls13()) {
    if (each.resumption == Resumption::session_id || !each.extended_master_secret) return false;
    // Nobody signs where early data is sent.
    if (each.resumption == Resumption::early && each.signing != &kSigningRows[0]) return false;
  } else {
    if (each.resumption == Resumption::early) return false;
    // Our server signs by the hash of the curve's own size alone, and our client encrypts no premaster secret.
    if (each.ours == Side::server && !scheme_is_of_its_curve(*each.signing)) return false;
    if (each.ours == Side::client && each.suite->suite.rsa_key_exchange) return false;
    // Without a key exchange there is no group.
    if (each.suite->suite.rsa_key_exchange && (each.group != &kGroupRows[0] || each.restricting != Side::server))
      return false;
    // Our server resumes no session that could be anybody's (RFC 7627 5.4).
    if (!each.extended_master_secret && each.resumption != Resumption::none) return false;
  }
  return true;
}

}  // namespace

std::span<const SuiteRow> suite_rows() { return kSuiteRows; }
std::span<const GroupRow> group_rows() { return kGroupRows; }
std::span<const SigningRow> signing_rows() { return kSigningRows; }

// In TLS 1.2 the client signs all messages, of which ours keeps, and our server asks for, hashes alone: Ed25519 would
// sign themselves. And ours signs by the hash of the curve's own size alone.
bool Combination::client_shows_certificate() const {
  if (proof != ClientProof::given) return false;
  return is_tls13() || (signing->kind != CredentialKind::ed25519 && scheme_is_of_its_curve(*signing));
}

bool Combination::resumes() const {
  if (ours == Side::client && is_tls13()) {
    // Ours keeps no ticket of TLS 1.3 that comes in pieces, as one does that holds a certificate.
    if (resumption == Resumption::ticket && cut == Cut::records && client_shows_certificate()) return false;
    // OpenSSL's tickets for early data only name what its server keeps, and forgets at the first ClientHello.
    if (resumption == Resumption::early && retries()) return false;
  }
  return resumption != Resumption::none;
}

void PrintTo(const Combination& each, std::ostream* out) {
  constexpr std::array kResumptions = {"", " ticket", " session-id", " early-data"};
  constexpr std::array kProofs = {"", " client-asked", " client-certificate"};
  constexpr std::array kCuts = {"", " bytes", " pieces", " records"};
  *out << (each.ours == Side::server ? "ours serves " : "ours connects ") << each.suite->name << ' ' << each.group->name
       << (each.restricting == Side::server ? " of the server " : " of the client ")
       << (each.signing->kind == CredentialKind::ecdsa_p384 ? "P-384 " : "") << each.signing->name
       << kResumptions[static_cast<std::size_t>(each.resumption)] << kProofs[static_cast<std::size_t>(each.proof)]
       << kCuts[static_cast<std::size_t>(each.cut)] << (each.extended_master_secret ? "" : " no-EMS");
}

const char* impossible(const Combination& each) {
  const SigningRow& signing = *each.signing;
  if (each.is_tls13()) {
    if (signing.key_nid == NID_rsaEncryption) return "PKCS #1 v1.5 signs no handshake (RFC 8446 4.2.3)";
    if (!scheme_is_of_its_curve(signing)) return "the scheme names the curve too (RFC 8446 4.2.3)";
    return nullptr;
  }
  const bool is_rsa = signing.kind == CredentialKind::rsa;
  if (is_rsa != (each.suite->suite.authentication == Authentication::rsa))
    return "the suite demands another kind of certificate (RFC 5246 7.4.2, RFC 8422 2)";
  const NamedGroup curve = curve_of(signing.kind);
  if (curve != NamedGroup::none && each.restricting == Side::client && curve != each.group->group)
    return "the client does not know the certificate's curve (RFC 8422 5.1.1)";
  if (each.ours == Side::client && each.client_shows_certificate() && curve != NamedGroup::none &&
      each.restricting == Side::server && curve != each.group->group)
    return "OpenSSL's server takes no client's certificate on a curve that is not of its groups";
  return nullptr;
}

void for_each_combination(Side ours, const SuiteRow& suite, unsigned stride,
                          const std::function<void(const Combination&, std::uint32_t)>& visit) {
  std::uint32_t number = 0;
  for (const GroupRow& group : kGroupRows)
    for (const Side restricting : {Side::server, Side::client})
      for (const SigningRow& signing : kSigningRows)
        for (const Resumption resumption :
             {Resumption::none, Resumption::ticket, Resumption::session_id, Resumption::early})
          for (const ClientProof proof : {ClientProof::not_asked, ClientProof::absent, ClientProof::given})
            for (const Cut cut : {Cut::whole, Cut::bytes, Cut::pieces, Cut::records})
              for (const bool extended_master_secret : {true, false}) {
                const Combination each = {ours,       &suite, &group, restricting,           &signing,
                                          resumption, proof,  cut,    extended_master_secret};
                if (++number % stride == 0 && is_distinct(each)) visit(each, number);
              }
}

}  // namespace handsel::tls::test
