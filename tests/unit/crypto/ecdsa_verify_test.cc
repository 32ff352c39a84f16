// ECDSA P-256 checks: every set of kernels must accept what libcrypto accepts and refuse what it refuses.
#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include <deque>

#include "backend_fixture.h"
#include "crypto/cpu.h"
#include "crypto/kernels/kernel_abi.h"
#include "crypto/openssl_handle.h"
#include "crypto/public_key.h"
#include "crypto/verify.h"

namespace handsel::crypto {
namespace {

constexpr const char* kOrderHex = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
constexpr const char* kPrimeHex = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

/// Arithmetic by libcrypto, to make keys and signatures that meet every exception of the curve's formulas.
class Curve {
 public:
  using Number = BnHandle;
  using Point = PointHandle;

  Number number(const char* hex) const {
    BIGNUM* made = nullptr;
    BN_hex2bn(&made, hex);
    return Number(made);
  }
  Number small(unsigned long value) const {
    Number made(BN_new());
    BN_set_word(made.get(), value);
    return made;
  }
  Number from_bytes(Bytes bytes) const {
    return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  }
  Number times(const Number& a, const Number& b) const {
    Number product(BN_new());
    BN_mod_mul(product.get(), a.get(), b.get(), order.get(), context.get());
    return product;
  }
  Number over(const Number& a, const Number& b) const {
    return times(a, Number(BN_mod_inverse(nullptr, b.get(), order.get(), context.get())));
  }
  Number minus(const Number& a, const Number& b) const {
    Number difference(BN_new());
    BN_sub(difference.get(), a.get(), b.get());
    return difference;
  }
  Number plus(const Number& a, const Number& b) const {
    Number sum(BN_new());
    BN_add(sum.get(), a.get(), b.get());
    return sum;
  }
  /// base·G + scalar·point.
  Point sum(const Number& base, const Point& point, const Number& scalar) const {
    Point result(EC_POINT_new(group.get()));
    EC_POINT_mul(group.get(), result.get(), base.get(), point.get(), scalar.get(), context.get());
    return result;
  }
  Point multiple(const Number& scalar) const {
    Point result(EC_POINT_new(group.get()));
    EC_POINT_mul(group.get(), result.get(), scalar.get(), nullptr, nullptr, context.get());
    return result;
  }
  Number x_of(const Point& point) const {
    Number x(BN_new());
    EC_POINT_get_affine_coordinates(group.get(), point.get(), x.get(), nullptr, context.get());
    return x;
  }
  /// The first point whose x is `x` or above it by a little; writes which one it was.
  Point with_x(Number& x) const {
    Point point(EC_POINT_new(group.get()));
    while (EC_POINT_set_compressed_coordinates(group.get(), point.get(), x.get(), 0, context.get()) != 1)
      BN_add_word(x.get(), 1);
    return point;
  }
  PublicKey key_of(const Point& point) const {
    std::array<std::uint8_t, 65> encoded;
    EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(), encoded.size(),
                       context.get());
    char name[] = "prime256v1";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size()),
        OSSL_PARAM_construct_end()};
    const PkeyContext maker(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* pkey = nullptr;
    EVP_PKEY_fromdata_init(maker.get());
    EVP_PKEY_fromdata(maker.get(), &pkey, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters));
    return PublicKey(pkey, {KeyAlgorithm::p256, 256});
  }

  GroupHandle group{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
  BnContext context{BN_CTX_new()};
  Number order = number(kOrderHex);
};

std::vector<std::uint8_t> bytes_of(const BnHandle& number) {
  std::vector<std::uint8_t> bytes(32);
  EXPECT_EQ(BN_bn2binpad(number.get(), bytes.data(), 32), 32);
  return bytes;
}

std::vector<std::uint8_t> der_of(const BnHandle& r, const BnHandle& s) {
  ECDSA_SIG* const signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, BN_dup(r.get()), BN_dup(s.get()));
  std::vector<std::uint8_t> der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature, nullptr)));
  unsigned char* at = der.data();
  i2d_ECDSA_SIG(signature, &at);
  ECDSA_SIG_free(signature);
  return der;
}

struct Case {
  const PublicKey* key;
  std::vector<std::uint8_t> digest;
  std::vector<std::uint8_t> signature;
};

class EcdsaVerify : public BackendTest {
 protected:
  using Number = Curve::Number;
  using Point = Curve::Point;

  const PublicKey& keep(PublicKey key) { return known_.emplace_back(std::move(key)); }
  Number random_number() {
    auto bytes = random(32);
    bytes[0] = 0;
    bytes[31] |= 1;
    return curve_.from_bytes(bytes);
  }
  /// The case that signs `e` with this point as k·G and this s, by the key for which that is genuine:
  /// (s·R - e·G)/r (SEC 1 4.1.6).
  Case recovered(const Point& nonce_point, const Number& r, const Number& s, const Number& e) {
    const Number base = curve_.over(curve_.minus(curve_.order, e), r);
    const Point key = curve_.sum(base, nonce_point, curve_.over(s, r));
    return {&keep(curve_.key_of(key)), bytes_of(e), der_of(r, s)};
  }
  Case recovered(const Point& nonce_point, const Number& r) {
    return recovered(nonce_point, r, random_number(), random_number());
  }
  /// libcrypto's verdict on each case is the back end's, in every number of lanes and whatever stands beside it.
  void expect_like_libcrypto(const std::vector<Case>& cases) {
    std::vector<bool> genuine;
    for (const Case& each : cases)
      genuine.push_back(verifies(*each.key, SignatureAlgorithm::ecdsa, each.digest, each.signature));
    for (std::size_t filled = 1; filled <= lanes(Kind::ecdsa_p256_verify); ++filled) {
      for (std::size_t first = 0; first < cases.size(); first += filled == 8 ? 1 : filled) {
        std::deque<Job> jobs;
        std::vector<Job*> batch;
        for (std::size_t i = 0; i < filled; ++i) {
          const Case& each = cases[(first + i) % cases.size()];
          Job& job = jobs.emplace_back(Kind::ecdsa_p256_verify);
          job.operation.algorithm = SignatureAlgorithm::ecdsa;
          job.operation.peer_key = each.key;
          job.message = each.digest;
          job.signature = each.signature;
          batch.push_back(&job);
        }
        run(batch);
        for (std::size_t i = 0; i < filled; ++i)
          ASSERT_EQ(batch[i]->operation.status,
                    genuine[(first + i) % cases.size()] ? Status::done : Status::invalid_input)
              << "case " << (first + i) % cases.size() << ", " << filled << " lanes filled";
      }
    }
  }
  bool verdict(const Case& each) { return verifies(*each.key, SignatureAlgorithm::ecdsa, each.digest, each.signature); }

  Curve curve_;
  std::deque<PublicKey> known_;
};
INSTANTIATE_TEST_SUITE_P(Kernels, EcdsaVerify, testing::ValuesIn(kernel_names()), parameter_name);

TEST_P(EcdsaVerify, genuine_and_tampered_signatures_are_told_apart_like_by_libcrypto) {
  std::vector<Case> cases;
  for (std::size_t i = 0; i < 24; ++i) {
    const Point point = curve_.multiple(random_number());
    Case each = recovered(point, curve_.x_of(point));
    if (i % 4 == 1) each.digest[i] ^= 1;
    if (i % 4 == 2) each.signature[each.signature.size() - 1 - i] ^= 4;
    if (i % 4 == 3 && i > 8) each.key = cases[0].key;
    if (i % 8 == 0) each.digest.resize(48, 0xa5);  // of SHA-384: its first 256 bits count
    if (i % 8 == 4) each.digest.resize(64, 0x5a);
    cases.push_back(std::move(each));
  }
  EXPECT_TRUE(verdict(cases[0]));
  EXPECT_TRUE(verdict(cases[4]));
  EXPECT_FALSE(verdict(cases[1]));
  expect_like_libcrypto(cases);
}

TEST_P(EcdsaVerify, numbers_at_the_edges_of_their_ranges_are_judged_like_by_libcrypto) {
  const Number one = curve_.small(1);
  const Number prime = curve_.number(kPrimeHex);
  std::vector<Case> cases;
  const Point point = curve_.multiple(random_number());
  const Number r = curve_.x_of(point);
  for (const Number& s : {curve_.small(1), curve_.small(2), curve_.minus(curve_.order, one)}) {
    cases.push_back(recovered(point, r, s, random_number()));
    EXPECT_TRUE(verdict(cases.back()));
  }
  for (const Number& e : {curve_.small(0), curve_.small(1), curve_.minus(curve_.order, one)}) {
    cases.push_back(recovered(point, r, random_number(), e));
    EXPECT_TRUE(verdict(cases.back()));
  }
  // The same digest, larger by n.
  Case wrapped = recovered(point, r, random_number(), curve_.small(5));
  wrapped.digest = bytes_of(curve_.plus(curve_.small(5), curve_.order));
  EXPECT_TRUE(verdict(wrapped));
  cases.push_back(std::move(wrapped));
  const Number s = random_number();
  const Case good = recovered(point, r, s, random_number());
  const auto with = [&](const Number& other_r, const Number& other_s) {
    cases.push_back({good.key, good.digest, der_of(other_r, other_s)});
    EXPECT_FALSE(verdict(cases.back()));
  };
  with(curve_.small(0), s);
  with(r, curve_.small(0));
  with(curve_.order, s);
  with(r, curve_.order);
  with(curve_.plus(curve_.order, one), s);
  with(r, curve_.plus(curve_.order, s));
  with(curve_.plus(curve_.order, r), s);
  with(prime, s);
  with(curve_.small(1), curve_.small(1));
  with(curve_.number("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"), s);
  // -s with the same r is as good as s.
  cases.push_back({good.key, good.digest, der_of(r, curve_.minus(curve_.order, s))});
  EXPECT_TRUE(verdict(cases.back()));
  expect_like_libcrypto(cases);
}

TEST_P(EcdsaVerify, coordinates_between_n_and_p_are_judged_like_by_libcrypto) {
  std::vector<Case> cases;
  Number x = curve_.plus(curve_.order, curve_.small(1));
  for (int i = 0; i < 3; ++i) {
    const Point point = curve_.with_x(x);
    cases.push_back(recovered(point, curve_.minus(x, curve_.order)));
    EXPECT_TRUE(verdict(cases.back()));
    BN_add_word(x.get(), 1);
  }
  // x = r + n - p: a sum that passes p must not be reduced by it.
  Number low = curve_.small(1);
  for (int i = 0; i < 3; ++i) {
    const Point point = curve_.with_x(low);
    const Number r = curve_.minus(curve_.plus(low, curve_.number(kPrimeHex)), curve_.order);
    cases.push_back(recovered(point, r));
    EXPECT_FALSE(verdict(cases.back()));
    cases.push_back(recovered(point, low));
    EXPECT_TRUE(verdict(cases.back()));
    BN_add_word(low.get(), 1);
  }
  expect_like_libcrypto(cases);
}

TEST_P(EcdsaVerify, equal_and_opposite_multiples_are_judged_like_by_libcrypto) {
  std::vector<Case> cases;
  for (int i = 0; i < 4; ++i) {
    const Number d = i == 0 ? curve_.small(1) : random_number();
    const PublicKey& key = keep(curve_.key_of(curve_.multiple(d)));
    // u·G = v·Q: the nonce is 2u, s = r·d/u, e = u·s.
    const Number u = i == 3 ? curve_.small(16) : random_number();
    const Number r = curve_.x_of(curve_.multiple(curve_.plus(u, u)));
    const Number s = curve_.over(curve_.times(r, d), u);
    cases.push_back({&key, bytes_of(curve_.times(u, s)), der_of(r, s)});
    EXPECT_TRUE(verdict(cases.back()));
    // Any r and s, and e = r·d: the multiples are equal again, but their sum has another x.
    const Number other_r = random_number();
    cases.push_back({&key, bytes_of(curve_.times(other_r, d)), der_of(other_r, random_number())});
    EXPECT_FALSE(verdict(cases.back()));
    // u·G = -v·Q: e = -r·d.
    cases.push_back({&key, bytes_of(curve_.minus(curve_.order, curve_.times(r, d))), der_of(r, s)});
    EXPECT_FALSE(verdict(cases.back()));
  }
  expect_like_libcrypto(cases);
}

TEST_P(EcdsaVerify, other_writings_of_a_genuine_signature_are_refused_like_by_libcrypto) {
  const Point point = curve_.multiple(random_number());
  const Case good = recovered(point, curve_.x_of(point));
  const auto r_bytes = good.signature[3];
  std::vector<Case> cases(1, good);
  const auto add = [&](const std::vector<std::uint8_t>& der) {
    cases.push_back({good.key, good.digest, der});
    EXPECT_FALSE(verdict(cases.back()));
  };
  for (std::size_t length = 0; length < good.signature.size(); ++length)
    add({good.signature.begin(), good.signature.begin() + static_cast<long>(length)});
  auto der = good.signature;
  der.push_back(0);
  add(der);
  der[1]++;  // inside the sequence
  add(der);
  der = good.signature;  // a zero too many before r
  der.insert(der.begin() + 4, 0);
  der[1]++, der[3]++;
  add(der);
  der = good.signature;  // and before s
  der.insert(der.begin() + 6 + r_bytes, 0);
  der[1]++, der[5 + r_bytes]++;
  add(der);
  der = good.signature;  // a length in two bytes
  der.insert(der.begin() + 1, 0x81);
  add(der);
  for (const std::size_t tag : {std::size_t{0}, std::size_t{2}, std::size_t{4} + r_bytes}) {
    der = good.signature;
    der[tag] ^= 1;
    add(der);
  }
  add({0x30, 0x06, 0x02, 0x01, 0x81, 0x02, 0x01, 0x81});  // negative
  add({0x30, 0x04, 0x02, 0x00, 0x02, 0x00});
  add(std::vector<std::uint8_t>(300, 0x30));
  expect_like_libcrypto(cases);
}

TEST_P(EcdsaVerify, key_of_another_kind_fails_beside_good_ones) {
  const Point point = curve_.multiple(random_number());
  const Case good = recovered(point, curve_.x_of(point));
  const PublicKey rsa(EVP_RSA_gen(2'048u), {KeyAlgorithm::rsa, 2'048});
  std::deque<Job> jobs;
  std::vector<Job*> batch;
  for (std::size_t i = 0; i < lanes(Kind::ecdsa_p256_verify); ++i) {
    Job& job = jobs.emplace_back(Kind::ecdsa_p256_verify);
    job.operation.algorithm = SignatureAlgorithm::ecdsa;
    job.operation.peer_key = good.key;
    job.message = good.digest;
    job.signature = good.signature;
    batch.push_back(&job);
  }
  if (batch.size() > 4) {
    batch[1]->operation.peer_key = &rsa;
    batch[2]->operation.peer_key = nullptr;
    batch[3]->operation.algorithm = SignatureAlgorithm::ed25519;
    batch[4]->message.resize(40);
  }
  run(batch);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Status wanted = batch.size() == 1  ? Status::done
                          : i == 2           ? Status::failed
                          : i >= 1 && i <= 4 ? Status::invalid_input
                                             : Status::done;
    EXPECT_EQ(batch[i]->operation.status, wanted) << "lane " << i;
  }
}

TEST(P256VerifyKernel, point_off_the_curve_or_not_reduced_fails_alone) {
  if (!cpu_runs_avx512_ifma()) GTEST_SKIP() << "no AVX-512 IFMA on this processor";
  kIfmaP256Kernels.prepare();
  // r = s = e/s = x(2·G)… with Q = G and both scalars 1.
  std::uint8_t ones[8][32] = {}, x[8][32], y[8][32], r[8][32];
  const auto gx = from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
  const auto gy = from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  const auto double_x = from_hex("7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978");
  for (std::size_t lane = 0; lane < 8; ++lane) {
    ones[lane][31] = 1;
    std::ranges::copy(gx, x[lane]);
    std::ranges::copy(gy, y[lane]);
    std::ranges::copy(double_x, r[lane]);
  }
  EXPECT_EQ(kIfmaP256Kernels.verify(ones, ones, x, y, r), 0xff);
  y[1][31] ^= 1;
  std::ranges::fill(x[2], 0);
  std::ranges::fill(y[2], 0);
  std::ranges::fill(x[3], 0xff);
  r[6][0] ^= 0x80;
  EXPECT_EQ(kIfmaP256Kernels.verify(ones, ones, x, y, r), 0xff & ~(1 << 1 | 1 << 2 | 1 << 3 | 1 << 6));
}

/// With u = 0 and v = 1 the sum is the key itself, whatever it is: only the checks of the point stand in the way.
TEST(P256VerifyKernel, point_that_equals_its_own_sum_is_looked_at_too) {
  if (!cpu_runs_avx512_ifma()) GTEST_SKIP() << "no AVX-512 IFMA on this processor";
  kIfmaP256Kernels.prepare();
  std::uint8_t zeros[8][32] = {}, ones[8][32] = {}, x[8][32] = {}, y[8][32], r[8][32] = {};
  const auto good_y = from_hex("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
  const auto five_more_than_p = from_hex("ffffffff00000001000000000000000000000001000000000000000000000004");
  for (std::size_t lane = 0; lane < 8; ++lane) {
    ones[lane][31] = 1;
    x[lane][31] = r[lane][31] = 5;
    std::ranges::copy(good_y, y[lane]);
  }
  EXPECT_EQ(kIfmaP256Kernels.verify(zeros, ones, x, y, r), 0xff);
  y[2][31] ^= 1;
  std::ranges::copy(five_more_than_p, x[5]);
  EXPECT_EQ(kIfmaP256Kernels.verify(zeros, ones, x, y, r), 0xff & ~(1 << 2 | 1 << 5));
}

}  // namespace
}  // namespace handsel::crypto
