#include "crypto/ecdsa.h"

#include <array>
#include <cassert>
#include <cstring>

#include "crypto/hash.h"

namespace handsel::crypto {
namespace {

/// e + r·d, kept out of line: the check must compute it again, not be folded into the first time.
[[gnu::noinline]] OrderElement digest_plus_r_times_key(const OrderElement& e, const OrderElement& r_montgomery,
                                                       const OrderElement& d) {
  return order_add(e, order_mul(r_montgomery, d));
}

/// An INTEGER without needless zeros in front, positive (X.690 8.3).
void write_integer(Writer& writer, const OrderElement& value) {
  std::array<std::uint8_t, 33> bytes{};
  order_to_bytes(value, MutableBytes(bytes).subspan(1));
  std::size_t skip = 0;
  while (skip < 32 && bytes[skip] == 0 && (bytes[skip + 1] & 0x80) == 0) ++skip;
  writer.u8(0x02);
  const auto length = writer.length<1>();
  writer.bytes(Bytes(bytes).subspan(skip));
}

}  // namespace

void derive_nonce(Bytes key, Bytes digest, Bytes extra, MutableBytes nonce) {
  assert(key.size() == 32 && digest.size() == 32 && nonce.size() == 32);
  std::array<std::uint8_t, 32> reduced_digest;  // RFC 6979 2.3.4: bits2octets
  order_to_bytes(order_from_bytes(digest), reduced_digest);
  std::array<std::uint8_t, 32> v;
  std::array<std::uint8_t, 32> k;
  v.fill(1);
  // Steps d to g. A key of HMAC serves two messages, so that its padded blocks are hashed once.
  static const Hmac first_hmac(HashId::sha256, std::array<std::uint8_t, 32>{});
  const std::uint8_t zero = 0;
  const std::uint8_t one = 1;
  first_hmac.mac({v, Bytes(&zero, 1), key, reduced_digest, extra}, k);
  Hmac hmac(HashId::sha256, k);
  hmac.mac({v}, v);
  hmac.mac({v, Bytes(&one, 1), key, reduced_digest, extra}, k);
  hmac = Hmac(HashId::sha256, k);
  hmac.mac({v}, v);
  for (;;) {  // step h
    hmac.mac({v}, v);
    if (order_is_valid_scalar(v)) break;
    hmac.mac({v, Bytes(&zero, 1)}, k);
    hmac = Hmac(HashId::sha256, k);
    hmac.mac({v}, v);
  }
  std::memcpy(nonce.data(), v.data(), v.size());
  secure_wipe(v);
  secure_wipe(k);
}

std::size_t ecdsa_finish(Bytes key, Bytes digest, Bytes nonce, const OrderElement& inverse_nonce, Bytes x,
                         MutableBytes signature) {
  assert(signature.size() >= kMaxEcdsaP256DerBytes);
  const OrderElement r = order_from_bytes(x);
  const OrderElement r_montgomery = order_to_montgomery(r);
  const OrderElement e = order_from_bytes(digest);
  OrderElement d = order_from_bytes(key);
  OrderElement k = order_from_bytes(nonce);
  OrderElement sum = digest_plus_r_times_key(e, r_montgomery, d);
  const OrderElement s = order_mul(inverse_nonce, sum);

  OrderElement again = digest_plus_r_times_key(e, r_montgomery, d);
  OrderElement product = order_mul(order_to_montgomery(s), k);
  const bool sound = equal_constant_time({reinterpret_cast<const std::uint8_t*>(again.limb.data()), sizeof again},
                                         {reinterpret_cast<const std::uint8_t*>(product.limb.data()), sizeof product});
  d.wipe();
  k.wipe();
  sum.wipe();
  again.wipe();
  product.wipe();
  if (!sound || order_is_zero(r) || order_is_zero(s)) return 0;

  Writer writer(signature);
  writer.u8(0x30);
  {
    const auto length = writer.length<1>();
    write_integer(writer, r);
    write_integer(writer, s);
  }
  return writer.ok() ? writer.size() : 0;
}

}  // namespace handsel::crypto
