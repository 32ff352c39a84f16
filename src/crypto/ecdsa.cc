#include "crypto/ecdsa.h"

#include <algorithm>
#include <array>
#include <cassert>

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

/// An INTEGER from 1 to n - 1 in its shortest form (X.690 8.3, 10.1); the reader fails on anything else.
OrderElement read_integer(Reader& reader) {
  const std::uint8_t tag = reader.u8();
  const Bytes bytes = reader.vector8();
  std::array<std::uint8_t, 32> number{};
  const bool has_zero = !bytes.empty() && bytes[0] == 0;
  const Bytes digits = bytes.subspan(has_zero ? 1 : 0);
  const bool shortest = !digits.empty() && (digits[0] & 0x80) == (has_zero ? 0x80 : 0);
  if (tag != 0x02 || !shortest || digits.size() > number.size()) {
    reader.fail();
    return {};
  }
  std::ranges::copy(digits, number.end() - std::ssize(digits));
  if (!order_is_valid_scalar(number)) reader.fail();
  return order_from_bytes(number);
}

}  // namespace

std::optional<EcdsaSignature> ecdsa_parse(Bytes der) {
  Reader outer(der);
  const std::uint8_t tag = outer.u8();
  Reader reader(outer.vector8());  // two numbers have at most 70 bytes: a length in one byte
  if (tag != 0x30 || !outer.finished()) return std::nullopt;
  EcdsaSignature signature{};
  signature.r = read_integer(reader);
  signature.s = read_integer(reader);
  if (!reader.finished()) return std::nullopt;
  return signature;
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
