#include "tls/exporter.h"

#include <algorithm>

namespace handsel::tls {
namespace {

constexpr std::size_t kMaxMaterialBytes = 255 * 32;  // of the shortest hash (RFC 5869 2.3)

// "client finished" and the like already mean something to the PRF (RFC 5705 4, RFC 7627 4).
bool is_reserved(std::string_view label) {
  constexpr auto kReserved = std::to_array<std::string_view>(
      {"client finished", "server finished", "master secret", "extended master secret", "key expansion"});
  return std::ranges::find(kReserved, label) != kReserved.end();
}

}  // namespace

Exporter::Exporter(TrafficSecret secret) : secret_(secret.view()), hash_(secret.hash()), version_(Version::tls13) {}

Exporter::Exporter(const MasterSecret12& master, Bytes client_random, Bytes server_random)
    : secret_(master.view()), hash_(master.hash()), version_(Version::tls12) {
  Writer writer(randoms_);
  writer.bytes(client_random);
  writer.bytes(server_random);
}

bool Exporter::derive(std::string_view label, std::optional<Bytes> context, MutableBytes out) const {
  if (label.empty() || label.size() > kMaxLabelBytes || is_reserved(label)) return false;
  if (context.value_or(Bytes{}).size() > kMaxContextBytes || out.size() > kMaxMaterialBytes) return false;
  if (version_ == Version::tls13)
    derive13(label, context.value_or(Bytes{}), out);
  else
    derive12(label, context, out);
  return true;
}

// HKDF-Expand-Label(Derive-Secret(exporter_master_secret, label, ""), "exporter", Hash(context_value), key_length)
void Exporter::derive13(std::string_view label, Bytes context, MutableBytes out) const {
  const std::size_t width = crypto::digest_bytes(hash_);
  std::array<std::uint8_t, crypto::kMaxDigestBytes> memory;
  const MutableBytes digest = MutableBytes(memory).first(width);
  crypto::Hash(hash_).finish(digest);
  Secret<crypto::kMaxDigestBytes> labelled;
  hkdf_expand_label(crypto::Hmac(hash_, secret_.view()), label, digest, labelled.fill(width));
  crypto::Hash hash(hash_);
  hash.update(context);
  hash.finish(digest);
  hkdf_expand_label(crypto::Hmac(hash_, labelled.view()), "exporter", digest, out);
}

// PRF(master_secret, label, client_random + server_random [+ context_value_length + context_value])
void Exporter::derive12(std::string_view label, std::optional<Bytes> context, MutableBytes out) const {
  std::array<std::uint8_t, sizeof randoms_ + 2> memory;
  Writer seed(memory);
  seed.bytes(randoms_);
  if (context) seed.u16(static_cast<std::uint16_t>(context->size()));
  prf12(crypto::Hmac(hash_, secret_.view()), label, seed.written(), context.value_or(Bytes{}), out);
}

}  // namespace handsel::tls
