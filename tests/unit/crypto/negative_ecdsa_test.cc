// ECDSA signatures that are none, after the families of flaws that C2SP's Wycheproof collects for it: numbers out of
// their range, and every other writing of the two that BER, or a lenient reader of DER, would let pass. On both curves;
// what the formulas of P-256 meet inside is ecdsa_verify_test.cc's.
#include <openssl/ecdsa.h>

#include "crypto/openssl_handle.h"
#include "negative_signatures.h"

namespace handsel::crypto {
namespace {

struct CurveCase {
  const char* name;
  int nid;
  KeyType type;
  std::size_t bytes;  ///< of a coordinate, and of the digest
};
constexpr CurveCase kP256{"P-256", NID_X9_62_prime256v1, {KeyAlgorithm::p256, 256}, 32};
constexpr CurveCase kP384{"P-384", NID_secp384r1, {KeyAlgorithm::p384, 384}, 48};

/// A tag, a length below 128, and what it is the length of.
Buffer tlv(std::uint8_t tag, const Buffer& content) {
  EXPECT_LT(content.size(), 128u);
  return joined({{tag, static_cast<std::uint8_t>(content.size())}, content});
}

/// An INTEGER's content, the shortest (X.690 8.3).
Buffer content_of(const BIGNUM* number) {
  if (BN_is_zero(number)) return {0};
  Buffer bytes(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, bytes.data());
  if (!BN_is_negative(number)) {
    if ((bytes[0] & 0x80) != 0) bytes.insert(bytes.begin(), 0);
    return bytes;
  }
  // In two's complement: all bits turned over, and one more.
  unsigned carry = 1;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    carry += static_cast<std::uint8_t>(~bytes[i]);
    bytes[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  if ((bytes[0] & 0x80) == 0) bytes.insert(bytes.begin(), 0xff);
  return bytes;
}

/// One key, one digest, and a genuine signature of which both numbers fill their bytes to the top bit.
struct Genuine {
  explicit Genuine(const CurveCase& curve) : digest(curve.bytes, 0x5a), group(EC_GROUP_new_by_curve_name(curve.nid)) {
    EVP_PKEY* const pkey = EVP_EC_gen(curve.name);
    key = PublicKey(pkey, curve.type);
    const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
    EVP_PKEY_sign_init(context.get());
    do {
      Buffer der(150);
      std::size_t length = der.size();
      EXPECT_EQ(EVP_PKEY_sign(context.get(), der.data(), &length, digest.data(), digest.size()), 1);
      const unsigned char* at = der.data();
      ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length));
      r.reset(BN_dup(ECDSA_SIG_get0_r(signature)));
      s.reset(BN_dup(ECDSA_SIG_get0_s(signature)));
      ECDSA_SIG_free(signature);
    } while (BN_num_bits(r.get()) != curve.type.bits || BN_num_bits(s.get()) != curve.type.bits);
  }
  BnHandle plus(const BIGNUM* a, const BIGNUM* b) const {
    BnHandle sum(BN_new());
    BN_add(sum.get(), a, b);
    return sum;
  }
  BnHandle minus(const BIGNUM* a, const BIGNUM* b) const {
    BnHandle difference(BN_new());
    BN_sub(difference.get(), a, b);
    return difference;
  }
  BnHandle small(unsigned long value) const {
    BnHandle made(BN_new());
    BN_set_word(made.get(), value);
    return made;
  }
  const BIGNUM* order() const { return EC_GROUP_get0_order(group.get()); }
  const BIGNUM* prime() const { return EC_GROUP_get0_field(group.get()); }

  Buffer digest;
  GroupHandle group;
  PublicKey key;
  BnHandle r, s;
};

Buffer written(const BIGNUM* r, const BIGNUM* s) {
  return tlv(0x30, joined({tlv(0x02, content_of(r)), tlv(0x02, content_of(s))}));
}

/// What one of the numbers must not be.
struct BadNumber {
  const char* name;
  BnHandle value;
};
std::vector<BadNumber> bad_numbers(const Genuine& genuine, const BIGNUM* right) {
  std::vector<BadNumber> bad;
  const BnHandle zero = genuine.small(0), one = genuine.small(1);
  BnHandle power = genuine.small(1);
  BN_lshift(power.get(), power.get(), BN_num_bits(genuine.order()));
  bad.push_back({"0", genuine.small(0)});
  bad.push_back({"1", genuine.small(1)});
  bad.push_back({"-1", genuine.minus(zero.get(), one.get())});
  bad.push_back({"n - 1", genuine.minus(genuine.order(), one.get())});
  bad.push_back({"n", genuine.plus(genuine.order(), zero.get())});
  bad.push_back({"n + 1", genuine.plus(genuine.order(), one.get())});
  bad.push_back({"-n", genuine.minus(zero.get(), genuine.order())});
  bad.push_back({"p", genuine.plus(genuine.prime(), zero.get())});
  bad.push_back({"p + 1", genuine.plus(genuine.prime(), one.get())});
  bad.push_back({"the power of two above n", std::move(power)});
  // These are the right one modulo n, or its negative.
  bad.push_back({"itself plus n", genuine.plus(right, genuine.order())});
  bad.push_back({"itself less n", genuine.minus(right, genuine.order())});
  bad.push_back({"its negative", genuine.minus(zero.get(), right)});
  bad.push_back({"itself less one", genuine.minus(right, one.get())});
  return bad;
}

class NegativeEcdsa : public NegativeSignatures {};
INSTANTIATE_TEST_SUITE_P(Kernels, NegativeEcdsa, testing::ValuesIn(kernel_names()), parameter_name);

TEST_P(NegativeEcdsa, numbers_out_of_range_or_equal_only_modulo_n_are_refused) {
  for (const CurveCase& curve : {kP256, kP384}) {
    const Genuine genuine(curve);
    const NegativeSignatures::Claim claim{genuine.key, SignatureAlgorithm::ecdsa, genuine.digest};
    const BIGNUM* const r = genuine.r.get();
    const BIGNUM* const s = genuine.s.get();
    // Of s and n - s no verifier prefers one (FIPS 186-5 6.4.2).
    expect_accepted(claim,
                    {{"as signed", written(r, s)}, {"n - s", written(r, genuine.minus(genuine.order(), s).get())}});
    std::vector<Named> refused = {{"r and s exchanged", written(s, r)},
                                  {"n - r", written(genuine.minus(genuine.order(), r).get(), s)}};
    for (const BadNumber& bad : bad_numbers(genuine, r))
      refused.push_back({"r is " + std::string(bad.name), written(bad.value.get(), s)});
    for (const BadNumber& bad : bad_numbers(genuine, s))
      refused.push_back({"s is " + std::string(bad.name), written(r, bad.value.get())});
    for (const BadNumber& both_r : bad_numbers(genuine, r))
      for (const BadNumber& both_s : bad_numbers(genuine, s))
        refused.push_back({"r is " + std::string(both_r.name) + ", s is " + both_s.name,
                           written(both_r.value.get(), both_s.value.get())});
    expect_refused(claim, refused);
  }
}

/// A genuine signature's numbers, written otherwise than DER has it (X.690 10, 11).
std::vector<Named> other_writings(const Buffer& r, const Buffer& s) {
  const Buffer r_der = tlv(0x02, r), s_der = tlv(0x02, s);
  const Buffer body = joined({r_der, s_der});
  const auto length = static_cast<std::uint8_t>(body.size());
  const auto r_bytes = static_cast<std::uint8_t>(r.size()), s_bytes = static_cast<std::uint8_t>(s.size());
  const auto headed = [&](Buffer header) { return joined({header, body}); };
  std::vector<Named> all = {
      {"the sequence's length in two bytes", headed({0x30, 0x81, length})},
      {"the sequence's length in three", headed({0x30, 0x82, 0, length})},
      {"the sequence's length in five", headed({0x30, 0x84, 0, 0, 0, length})},
      {"the sequence's length in nine", headed({0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, length})},
      {"a length of 2^32 and that", headed({0x30, 0x85, 1, 0, 0, 0, length})},
      {"a length of all ones", headed({0x30, 0x84, 0xff, 0xff, 0xff, 0xff})},
      {"a length whose own length is reserved", headed({0x30, 0xff})},
      {"an indefinite length", joined({{0x30, 0x80}, body, {0, 0}})},
      {"an indefinite length without an end", headed({0x30, 0x80})},
      {"a length of none", headed({0x30, 0})},
      {"a length one short", headed({0x30, static_cast<std::uint8_t>(length - 1)})},
      {"a length one long", headed({0x30, static_cast<std::uint8_t>(length + 1)})},
      {"r's length in two bytes", tlv(0x30, joined({{0x02, 0x81, r_bytes}, r, s_der}))},
      {"s's length in two bytes", tlv(0x30, joined({r_der, {0x02, 0x81, s_bytes}, s}))},
      {"s's length in three", tlv(0x30, joined({r_der, {0x02, 0x82, 0, s_bytes}, s}))},
      {"r's length one short", tlv(0x30, joined({{0x02, static_cast<std::uint8_t>(r_bytes - 1)}, r, s_der}))},
      {"r's length one long", tlv(0x30, joined({{0x02, static_cast<std::uint8_t>(r_bytes + 1)}, r, s_der}))},
      {"s's length one long", tlv(0x30, joined({r_der, {0x02, static_cast<std::uint8_t>(s_bytes + 1)}, s}))},
      {"a zero too many before r", tlv(0x30, joined({tlv(0x02, joined({{0}, r})), s_der}))},
      {"a zero too many before s", tlv(0x30, joined({r_der, tlv(0x02, joined({{0}, s}))}))},
      {"r without the zero that keeps it positive", tlv(0x30, joined({tlv(0x02, {r.begin() + 1, r.end()}), s_der}))},
      {"s without the zero that keeps it positive", tlv(0x30, joined({r_der, tlv(0x02, {s.begin() + 1, s.end()})}))},
      {"r without content", tlv(0x30, joined({{0x02, 0}, s_der}))},
      {"s without content", tlv(0x30, joined({r_der, {0x02, 0}}))},
      {"r alone", tlv(0x30, r_der)},
      {"nothing in the sequence", {0x30, 0}},
      {"nothing", {}},
      {"a zero after it", joined({tlv(0x30, body), {0}})},
      {"an end of contents after it", joined({tlv(0x30, body), {0, 0}})},
      {"a second one after it", joined({tlv(0x30, body), tlv(0x30, body)})},
      {"a NULL in the sequence", tlv(0x30, joined({body, {0x05, 0}}))},
      {"a third number", tlv(0x30, joined({body, {0x02, 1, 1}}))},
      {"a number before", tlv(0x30, joined({{0x02, 1, 1}, body}))},
      {"a sequence in the sequence", tlv(0x30, tlv(0x30, body))},
      {"both numbers in sequences", tlv(0x30, joined({tlv(0x30, r_der), tlv(0x30, s_der)}))},
      {"no sequence", body},
      {"no DER: r and s of fixed length", joined({{r.begin() + 1, r.end()}, {s.begin() + 1, s.end()}})},
      {"r as a real number", tlv(0x30, joined({tlv(0x09, r), s_der}))},
  };
  // A set, a sequence marked primitive, of the application, of the context.
  for (const unsigned tag : {0x00u, 0x04u, 0x10u, 0x31u, 0x70u, 0xa0u, 0xb0u, 0xf0u})
    all.push_back({"tag of the sequence " + std::to_string(tag), tlv(static_cast<std::uint8_t>(tag), body)});
  // BOOLEAN, BIT STRING, OCTET STRING, NULL, ENUMERATED, constructed, of the context.
  for (const unsigned tag : {0x01u, 0x03u, 0x04u, 0x05u, 0x0au, 0x22u, 0x82u}) {
    all.push_back(
        {"tag of r " + std::to_string(tag), tlv(0x30, joined({tlv(static_cast<std::uint8_t>(tag), r), s_der}))});
    all.push_back(
        {"tag of s " + std::to_string(tag), tlv(0x30, joined({r_der, tlv(static_cast<std::uint8_t>(tag), s)}))});
  }
  const Buffer right = tlv(0x30, body);
  for (std::size_t kept = 1; kept < right.size(); ++kept)
    all.push_back(
        {"only " + std::to_string(kept) + " bytes", {right.begin(), right.begin() + static_cast<long>(kept)}});
  return all;
}

TEST_P(NegativeEcdsa, every_other_writing_of_a_genuine_signature_is_refused) {
  for (const CurveCase& curve : {kP256, kP384}) {
    const Genuine genuine(curve);
    const NegativeSignatures::Claim claim{genuine.key, SignatureAlgorithm::ecdsa, genuine.digest};
    expect_accepted(claim, {{"as signed", written(genuine.r.get(), genuine.s.get())}});
    expect_refused(claim, other_writings(content_of(genuine.r.get()), content_of(genuine.s.get())));
  }
}

}  // namespace
}  // namespace handsel::crypto
