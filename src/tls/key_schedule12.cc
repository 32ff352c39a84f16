#include "tls/key_schedule12.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "tls/record.h"

namespace handsel::tls {
namespace {

constexpr std::size_t kMasterSecretBytes = 48;

Secret<kMasterSecretBytes> derive(const crypto::Hmac& premaster, std::string_view label, Bytes seed, Bytes more_seed) {
  Secret<kMasterSecretBytes> out;
  prf12(premaster, label, seed, more_seed, out.fill(kMasterSecretBytes));
  return out;
}

}  // namespace

void prf12(const crypto::Hmac& secret, std::string_view label, Bytes seed, Bytes more_seed, MutableBytes out) {
  // P_hash: A(i) = HMAC(secret, A(i-1)), A(0) the seed; each block is HMAC(secret, A(i) + seed).
  const std::size_t block_bytes = crypto::digest_bytes(secret.id());
  std::array<std::uint8_t, crypto::kMaxDigestBytes> chain, block;
  const MutableBytes a = MutableBytes(chain).first(block_bytes);
  const MutableBytes b = MutableBytes(block).first(block_bytes);
  secret.mac({as_bytes(label), seed, more_seed}, a);
  while (!out.empty()) {
    secret.mac({a, as_bytes(label), seed, more_seed}, b);
    const std::size_t count = std::min(block_bytes, out.size());
    std::memcpy(out.data(), b.data(), count);
    out = out.subspan(count);
    if (out.empty()) break;
    secret.mac({a}, b);
    std::memcpy(a.data(), b.data(), block_bytes);
  }
  secure_wipe(chain);
  secure_wipe(block);
}

MasterSecret12::MasterSecret12(crypto::HashId hash, Bytes premaster, std::string_view label, Bytes seed,
                               Bytes more_seed)
    : secret_(derive(crypto::Hmac(hash, premaster), label, seed, more_seed)), hmac_(hash, secret_.view()) {}

MasterSecret12::MasterSecret12(crypto::HashId hash, Bytes master) : secret_(master), hmac_(hash, master) {}

MasterSecret12 MasterSecret12::resumed(crypto::HashId hash, Bytes master) { return {hash, master}; }

MasterSecret12 MasterSecret12::plain(crypto::HashId hash, Bytes premaster, Bytes client_random, Bytes server_random) {
  return {hash, premaster, "master secret", client_random, server_random};
}

MasterSecret12 MasterSecret12::extended(crypto::HashId hash, Bytes premaster, Bytes session_hash) {
  return {hash, premaster, "extended master secret", session_hash, {}};
}

KeyBlock12 MasterSecret12::key_block(crypto::AeadId aead, Bytes client_random, Bytes server_random) const {
  const std::size_t key = crypto::key_bytes(aead);
  const std::size_t iv = iv_bytes12(aead);
  std::array<std::uint8_t, 2 * (32 + 12)> memory;
  const MutableBytes block = MutableBytes(memory).first(2 * (key + iv));
  prf12(hmac_, "key expansion", server_random, client_random, block);
  Reader reader(block);
  KeyBlock12 keys;
  keys.client_key.assign(reader.bytes(key));
  keys.server_key.assign(reader.bytes(key));
  keys.client_iv.assign(reader.bytes(iv));
  keys.server_iv.assign(reader.bytes(iv));
  secure_wipe(memory);
  return keys;
}

void MasterSecret12::client_finished(Bytes transcript_hash, MutableBytes verify_data) const {
  prf12(hmac_, "client finished", transcript_hash, {}, verify_data.first(kVerifyDataBytes12));
}

void MasterSecret12::server_finished(Bytes transcript_hash, MutableBytes verify_data) const {
  prf12(hmac_, "server finished", transcript_hash, {}, verify_data.first(kVerifyDataBytes12));
}

}  // namespace handsel::tls
