#include "crypto/peer_chain.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <utility>

#include "crypto/hash.h"
#include "crypto/key_access.h"
#include "crypto/openssl_handle.h"

namespace handsel::crypto {
namespace {

using StoreContext = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;

void free_certificates(STACK_OF(X509) * certificates) { sk_X509_pop_free(certificates, X509_free); }
using CertificateStack = Handle<STACK_OF(X509), free_certificates>;

constexpr int kMinRsaBits = 2'048;
constexpr int kMaxRsaBits = 8'192;
constexpr int kAuthLevel = 2;  // 112 bits: RSA from 2048, no SHA-1 (RFC 9325 4.5)

X509Handle parse(Bytes der) {
  const unsigned char* at = der.data();
  X509Handle x509(d2i_X509(nullptr, &at, std::ssize(der)));
  return x509 && at == der.data() + der.size() ? std::move(x509) : nullptr;
}

std::expected<KeyType, ChainFault> type_of(const EVP_PKEY* pkey) {
  const std::optional<KeyType> type = public_key_type(pkey);
  if (!type) return std::unexpected(ChainFault::unsupported_key);
  if (is_rsa(type->algorithm) && (type->bits < kMinRsaBits || type->bits > kMaxRsaBits))
    return std::unexpected(ChainFault::unsupported_key);
  return *type;
}

/// RFC 8032 5.1.3: y must be below p, and x = 0 (where y is 1 or -1) has no sign. libcrypto minds neither.
bool is_strict_ed25519(Bytes point) {
  constexpr std::uint8_t kLowestOfP = 0xed;
  const bool negative = (point[31] & 0x80) != 0;
  const bool middle_ones = std::ranges::all_of(point.subspan(1, 30), [](std::uint8_t byte) { return byte == 0xff; });
  const bool middle_zeros = std::ranges::all_of(point.subspan(1, 30), [](std::uint8_t byte) { return byte == 0; });
  const std::uint8_t top = point[31] & 0x7f;
  if (top == 0x7f && middle_ones && point[0] >= kLowestOfP) return false;
  const bool no_x =
      (top == 0 && middle_zeros && point[0] == 1) || (top == 0x7f && middle_ones && point[0] == kLowestOfP - 1);
  return !(no_x && negative);
}

std::expected<PublicKey, ChainFault> key_of(X509* x509) {
  EVP_PKEY* const pkey = X509_get0_pubkey(x509);
  if (pkey == nullptr) return std::unexpected(ChainFault::unsupported_key);
  const std::expected<KeyType, ChainFault> type = type_of(pkey);
  if (!type) return std::unexpected(type.error());
  EVP_PKEY_up_ref(pkey);
  PublicKey key(pkey, *type);
  if (type->algorithm == KeyAlgorithm::ed25519 && !is_strict_ed25519(key.point()))
    return std::unexpected(ChainFault::unsupported_key);
  return key;
}

KeyPin pin_of(X509* x509) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
  KeyPin pin{};
  Hash hash(HashId::sha256);
  if (length > 0) hash.update({der, static_cast<std::size_t>(length)});
  hash.finish(pin);
  OPENSSL_free(der);
  return pin;
}

ChainFault fault_of(int verify_error) {
  switch (verify_error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return ChainFault::not_valid_now;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return ChainFault::wrong_name;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return ChainFault::unknown_authority;
    case X509_V_ERR_INVALID_PURPOSE:
      return ChainFault::not_for_signing;
    default:
      return ChainFault::bad_signature;
  }
}

bool set_up(X509_VERIFY_PARAM* rules, const PeerPolicy& policy, std::int64_t now_unix) {
  X509_VERIFY_PARAM_set_time(rules, now_unix);
  X509_VERIFY_PARAM_set_auth_level(rules, kAuthLevel);
  // Whatever is in the store is trusted as it stands: an authority below a root, a peer's own certificate.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  // The common name is no place for a host (RFC 9525 2), and a wildcard stands for a whole label (6.3).
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool is_client = policy.role == PeerRole::client;
  const std::string& host = policy.host;
  return X509_VERIFY_PARAM_set_purpose(rules, is_client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER) == 1 &&
         (is_ip_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str())
                              : X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size())) == 1;
}

/// The chain behind the first certificate, as material to find a way to an authority.
std::expected<CertificateStack, ChainFault> untrusted(std::span<const Bytes> rest) {
  CertificateStack stack(sk_X509_new_null());
  for (const Bytes der : rest) {
    X509Handle x509 = parse(der);
    if (!x509) return std::unexpected(ChainFault::malformed);
    if (!stack || sk_X509_push(stack.get(), x509.get()) <= 0) return std::unexpected(ChainFault::bad_signature);
    static_cast<void>(x509.release());
  }
  return stack;
}

std::expected<void, ChainFault> verify_chain(X509* leaf, std::span<const Bytes> rest, const PeerPolicy& policy,
                                             std::int64_t now_unix) {
  const std::expected<CertificateStack, ChainFault> others = untrusted(rest);
  if (!others) return std::unexpected(others.error());
  const StoreContext context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), policy.trust->store(), leaf, others->get()) != 1 ||
      !set_up(X509_STORE_CTX_get0_param(context.get()), policy, now_unix))
    return std::unexpected(ChainFault::bad_signature);
  if (X509_verify_cert(context.get()) == 1) return {};
  return std::unexpected(fault_of(X509_STORE_CTX_get_error(context.get())));
}

std::expected<PeerCertificate, ChainFault> read(X509* leaf) {
  std::expected<PublicKey, ChainFault> key = key_of(leaf);
  if (!key) return std::unexpected(key.error());
  // Without the extension all bits are set.
  return PeerCertificate{std::move(*key), pin_of(leaf), (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) != 0};
}

std::expected<void, ChainFault> check(const PeerCertificate& said, const PeerPolicy& policy) {
  if (!said.may_sign) return std::unexpected(ChainFault::not_for_signing);
  if (!policy.pins.empty() && std::ranges::find(policy.pins, said.pin) == policy.pins.end())
    return std::unexpected(ChainFault::wrong_pin);
  return {};
}

std::expected<PublicKey, ChainFault> judge(std::span<const Bytes> chain, const PeerPolicy& policy,
                                           std::int64_t now_unix, PeerKeyCache* cache) {
  if (chain.empty()) return std::unexpected(ChainFault::malformed);
  if (cache != nullptr && policy.trust == nullptr) {
    if (const PeerCertificate* known = cache->find(chain.front())) {
      const std::expected<void, ChainFault> good = check(*known, policy);
      return good ? std::expected<PublicKey, ChainFault>(known->key.share()) : std::unexpected(good.error());
    }
  }
  const X509Handle leaf = parse(chain.front());
  if (!leaf) return std::unexpected(ChainFault::malformed);
  std::expected<PeerCertificate, ChainFault> said = read(leaf.get());
  if (!said) return std::unexpected(said.error());
  if (cache != nullptr && policy.trust == nullptr) cache->keep(chain.front(), *said);
  std::expected<void, ChainFault> good = check(*said, policy);
  if (good && policy.trust != nullptr) good = verify_chain(leaf.get(), chain.subspan(1), policy, now_unix);
  if (!good) return std::unexpected(good.error());
  return std::move(said->key);
}

}  // namespace

void TrustStore::Freer::operator()(x509_store_st* store) const { X509_STORE_free(store); }

TrustStore::Made TrustStore::from_pem(std::string_view pem) {
  auto made = std::make_shared<TrustStore>();
  made->store_.reset(X509_STORE_new());
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Hash hash(HashId::sha256);
  while (made->store_ && bio) {
    const X509Handle x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!x509) break;
    if (X509_STORE_add_cert(made->store_.get(), x509.get()) == 1) ++made->size_;
    std::array<std::uint8_t, 32> one{};
    X509_digest(x509.get(), EVP_sha256(), one.data(), nullptr);
    hash.update(one);
  }
  hash.finish(made->digest_);
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_REASON(error) != PEM_R_NO_START_LINE)
    return std::unexpected("certificate " + std::to_string(made->size_ + 1) + " is damaged: it cannot be read");
  if (made->size_ == 0)
    return std::unexpected("no certificate in PEM form was found (expected -----BEGIN CERTIFICATE-----)");
  return made;
}

TrustStore::Made TrustStore::system() {
  constexpr const char* kBundle = "/etc/ssl/certs/ca-certificates.crt";
  const BioHandle file(BIO_new_file(kBundle, "r"));
  ERR_clear_error();
  if (!file) return std::unexpected(std::string(kBundle) + " cannot be read: install ca-certificates, or name a file");
  std::string pem;
  std::array<char, 16'384> chunk;
  for (std::size_t count = 0; BIO_read_ex(file.get(), chunk.data(), chunk.size(), &count) == 1;)
    pem.append(chunk.data(), count);
  ERR_clear_error();
  return from_pem(pem);
}

std::expected<PublicKey, ChainFault> accept_chain(std::span<const Bytes> chain, const PeerPolicy& policy,
                                                  std::int64_t now_unix, PeerKeyCache* cache) {
  std::expected<PublicKey, ChainFault> key = judge(chain, policy, now_unix, cache);
  ERR_clear_error();
  return key;
}

std::expected<PublicKey, ChainFault> public_key_of(Bytes certificate_der) {
  return accept_chain({&certificate_der, 1}, {}, 0);
}

std::expected<KeyPin, ChainFault> pin_of(Bytes certificate_der) {
  const X509Handle x509 = parse(certificate_der);
  ERR_clear_error();
  if (!x509) return std::unexpected(ChainFault::malformed);
  return pin_of(x509.get());
}

bool is_ip_address(std::string_view host) {
  const Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> address(a2i_IPADDRESS(std::string(host).c_str()));
  ERR_clear_error();
  return address != nullptr;
}

}  // namespace handsel::crypto
