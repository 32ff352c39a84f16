// What the other primitives must refuse: Ed25519 signatures, shares, AEAD tags. After the families of flaws that C2SP's
// Wycheproof collects, and for Ed25519 those of Chalkias, Garillot, Nikolaenko, Taming the many EdDSAs (2020).
#include "crypto/aead.h"
#include "crypto/openssl_handle.h"
#include "negative_signatures.h"

namespace handsel::crypto {
namespace {

class NegativeVectors : public NegativeSignatures {};
INSTANTIATE_TEST_SUITE_P(Kernels, NegativeVectors, testing::ValuesIn(kernel_names()), parameter_name);

PublicKey ed25519_key(const Buffer& encoded) {
  return PublicKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, encoded.data(), encoded.size()),
                   {KeyAlgorithm::ed25519, 256});
}

/// The order of the subgroup, little-endian (RFC 8032 5.1).
const char* const kEd25519Order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

Buffer little_endian_sum(const Buffer& a, const Buffer& b) {
  Buffer sum(a.size());
  unsigned carry = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    carry += unsigned{a[i]} + b[i];
    sum[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return sum;
}

TEST_P(NegativeVectors, ed25519_signature_that_is_not_the_one_writing_is_refused) {
  // RFC 8032 7.1, test 3.
  const PublicKey key = ed25519_key(from_hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"));
  const Claim claim{key, SignatureAlgorithm::ed25519, from_hex("af82")};
  const Buffer r = from_hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac");
  const Buffer s = from_hex("18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
  expect_accepted(claim, {{"RFC 8032's", joined({r, s})}});
  const Buffer order = from_hex(kEd25519Order);
  std::vector<Named> refused = {
      {"nothing", {}},
      {"a byte short", joined({r, {s.begin(), s.end() - 1}})},
      {"a byte long", joined({r, s, {0}})},
      {"R alone", r},
      {"twice", joined({r, s, r, s})},
      {"s and R exchanged", joined({s, r})},
      {"s is 0", joined({r, Buffer(32, 0)})},
      {"s is L", joined({r, order})},
      {"all zeros", Buffer(64, 0)},
      {"all ones", Buffer(64, 0xff)},
      {"R with its sign turned", joined({{r.begin(), r.end() - 1}, {static_cast<std::uint8_t>(r.back() ^ 0x80)}, s})},
  };
  // s and what is the same modulo L: the equation holds for each, and only s below L counts (RFC 8032 5.1.7).
  Buffer larger = s;
  for (int times = 1; times <= 14; ++times) {
    larger = little_endian_sum(larger, order);
    refused.push_back({"s plus " + std::to_string(times) + " times L", joined({r, larger})});
  }
  for (const std::uint8_t bit : std::initializer_list<std::uint8_t>{0x20, 0x40, 0x80}) {
    Buffer marked = s;
    marked.back() |= bit;
    refused.push_back({"s with bit " + std::to_string(bit) + " of its last byte", joined({r, marked})});
  }
  // Points whose order divides 8, y that is not below p, and y of no point.
  for (const char* point : {"0100000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000080",
                            "0000000000000000000000000000000000000000000000000000000000000000",
                            "0000000000000000000000000000000000000000000000000000000000000080",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                            "0200000000000000000000000000000000000000000000000000000000000000"}) {
    refused.push_back({std::string("R is ") + point, joined({from_hex(point), s})});
    refused.push_back({std::string("s is 0, and R ") + point, joined({from_hex(point), Buffer(32, 0)})});
  }
  expect_refused(claim, refused);
  expect_refused({key, SignatureAlgorithm::ed25519, from_hex("af83")}, {{"of another message", joined({r, s})}});
  expect_refused({key, SignatureAlgorithm::ed25519, {}}, {{"of no message", joined({r, s})}});
}

// For a key of order one the equation of RFC 8032 5.1.7 asks for R = s·B alone: with that key everybody signs. With s =
// 0 the identity is R, and R must be written as 5.1.2 has it all the same.
TEST_P(NegativeVectors, ed25519_identity_not_reduced_is_no_r_even_under_a_key_of_order_one) {
  const Buffer identity = from_hex("0100000000000000000000000000000000000000000000000000000000000000");
  const PublicKey key = ed25519_key(identity);
  expect_refused(
      {key, SignatureAlgorithm::ed25519, {1, 2, 3}},
      {{"y = p + 1",
        joined({from_hex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), Buffer(32, 0)})},
       {"x = -0",
        joined({from_hex("0100000000000000000000000000000000000000000000000000000000000080"), Buffer(32, 0)})},
       {"s = L", joined({identity, from_hex(kEd25519Order)})}});
}

TEST_P(NegativeVectors, x25519_coordinates_not_reduced_are_computed_as_if_they_were) {
  // p + k, for all that fits and is not refused as of small order, with the top bit and without (RFC 7748 5).
  for (std::uint8_t k = 2; k <= 18; ++k) {
    Job reduced(Kind::x25519_shared);
    reduced.private_key = random(32);
    reduced.peer_public = Buffer(32, 0);
    reduced.peer_public[0] = k;
    ASSERT_EQ(run(reduced), Status::done);
    for (const std::uint8_t last : std::initializer_list<std::uint8_t>{0x7f, 0xff}) {
      Job larger(Kind::x25519_shared);
      larger.private_key = reduced.private_key;
      larger.peer_public = Buffer(32, 0xff);
      larger.peer_public[0] = static_cast<std::uint8_t>(0xed + k);
      larger.peer_public[31] = last;
      ASSERT_EQ(run(larger), Status::done);
      EXPECT_EQ(to_hex(larger.shared_secret), to_hex(reduced.shared_secret)) << "p + " << int{k};
    }
  }
}

TEST_P(NegativeVectors, x25519_points_of_small_order_are_refused_with_the_top_bit_set_too) {
  std::deque<Job> jobs;
  std::vector<Job*> batch;
  const auto verdict_on_all = [&] {
    run(batch);
    for (const Job* job : batch) {
      EXPECT_EQ(job->operation.status, Status::invalid_input) << to_hex(job->peer_public);
      EXPECT_EQ(job->shared_secret, Buffer(32, 0));
    }
    batch.clear();
  };
  for (const char* point : {"0000000000000000000000000000000000000000000000000000000000000080",
                            "0100000000000000000000000000000000000000000000000000000000000080",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    Job& job = jobs.emplace_back(Kind::x25519_shared);
    job.private_key = random(32);
    job.peer_public = from_hex(point);
    batch.push_back(&job);
    if (batch.size() == lanes(Kind::x25519_shared)) verdict_on_all();
  }
  if (!batch.empty()) verdict_on_all();
}

struct NistCurve {
  int nid;
  Kind kind;
  std::size_t bytes;
};
constexpr NistCurve kNistCurves[] = {{NID_X9_62_prime256v1, Kind::p256_ecdh, 32}, {NID_secp384r1, Kind::p384_ecdh, 48}};

/// A point's encoding in the form asked for; its x is 0, so that p stands for the same x (both curves have it).
Buffer point_with_x_0(const EC_GROUP* group, int y_bit, point_conversion_form_t form) {
  const PointHandle point(EC_POINT_new(group));
  const BnHandle zero(BN_new());
  EXPECT_EQ(EC_POINT_set_compressed_coordinates(group, point.get(), zero.get(), y_bit, nullptr), 1);
  Buffer out(EC_POINT_point2oct(group, point.get(), form, nullptr, 0, nullptr));
  EC_POINT_point2oct(group, point.get(), form, out.data(), out.size(), nullptr);
  return out;
}

TEST_P(NegativeVectors, points_of_nists_curves_are_taken_in_one_writing_alone) {
  for (const NistCurve& curve : kNistCurves) {
    const GroupHandle group(EC_GROUP_new_by_curve_name(curve.nid));
    const Buffer private_key = joined({{0}, random(curve.bytes - 1)});
    const auto verdict = [&](const Buffer& share) {
      // In pairs: a vector kernel leaves one alone to libcrypto.
      std::deque<Job> jobs;
      std::vector<Job*> batch;
      for (std::size_t i = 0; i < std::min<std::size_t>(2, lanes(curve.kind)); ++i) {
        Job& job = jobs.emplace_back(curve.kind);
        job.private_key = private_key;
        job.shared_secret.assign(curve.bytes, 0);
        job.peer_public = share;
        batch.push_back(&job);
      }
      run(batch);
      for (const Job& job : jobs) EXPECT_EQ(job.operation.status, jobs[0].operation.status);
      return std::pair(jobs[0].operation.status, jobs[0].shared_secret);
    };
    const Buffer even = point_with_x_0(group.get(), 0, POINT_CONVERSION_UNCOMPRESSED);
    const Buffer odd = point_with_x_0(group.get(), 1, POINT_CONVERSION_UNCOMPRESSED);
    ASSERT_EQ(verdict(even).first, Status::done);
    EXPECT_EQ(to_hex(verdict(even).second), to_hex(verdict(odd).second));  // the x of P and of -P

    Buffer prime(curve.bytes);
    BN_bn2binpad(EC_GROUP_get0_field(group.get()), prime.data(), static_cast<int>(curve.bytes));
    const Buffer y(even.end() - static_cast<long>(curve.bytes), even.end());
    const std::pair<const char*, Buffer> refused[] = {
        {"x is p, where 0 is meant", joined({{4}, prime, y})},
        {"x and y exchanged", joined({{4}, y, Buffer(curve.bytes, 0)})},
        {"y is p", joined({{4}, Buffer(curve.bytes, 0), prime})},
        {"both are p", joined({{4}, prime, prime})},
        {"both are 0", joined({{4}, Buffer(2 * curve.bytes, 0)})},
        {"both are all ones", joined({{4}, Buffer(2 * curve.bytes, 0xff)})},
        {"infinity", {0}},
        {"infinity, filled up", Buffer(2 * curve.bytes + 1, 0)},
        {"compressed", point_with_x_0(group.get(), 0, POINT_CONVERSION_COMPRESSED)},
        {"hybrid", point_with_x_0(group.get(), 0, POINT_CONVERSION_HYBRID)},
        {"compressed, filled up", joined({{2}, {even.begin() + 1, even.end()}})},
        {"nothing", {}},
        {"no form", {even.begin() + 1, even.end()}},
        {"x alone", {even.begin(), even.begin() + 1 + static_cast<long>(curve.bytes)}},
        {"a byte short", {even.begin(), even.end() - 1}},
        {"a byte long", joined({even, {0}})},
        {"a zero before", joined({{0}, even})},
    };
    for (const auto& [name, share] : refused)
      EXPECT_EQ(verdict(share).first, Status::invalid_input) << name << ", " << 8 * curve.bytes;
    // A point of the one on the other.
    const GroupHandle other(EC_GROUP_new_by_curve_name(curve.bytes == 32 ? NID_secp384r1 : NID_X9_62_prime256v1));
    EXPECT_EQ(verdict(point_with_x_0(other.get(), 0, POINT_CONVERSION_UNCOMPRESSED)).first, Status::invalid_input);
  }
}

class NegativeTags : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    aead_ = make_aead(GetParam());
    if (!aead_) GTEST_SKIP() << GetParam() << " does not run on this processor";
  }
  bool opens(const AeadKey& key, const Buffer& associated, Buffer sealed) {
    return aead_->open(key, nonce_, associated, sealed);
  }
  std::unique_ptr<Aead> aead_;
  Buffer nonce_ = Buffer(kAeadNonceBytes, 0x24);
};
INSTANTIATE_TEST_SUITE_P(BackEnds, NegativeTags, testing::Values("ipsec-mb", "libcrypto"),
                         [](const auto& each) { return std::string(each.param).substr(0, 5); });

TEST_P(NegativeTags, altered_or_cut_tags_are_refused_for_every_algorithm_and_length) {
  for (const AeadId id : {AeadId::aes_128_gcm, AeadId::aes_256_gcm, AeadId::chacha20_poly1305})
    for (const std::size_t length : {0u, 1u, 16u, 17u, 64u, 257u}) {
      const AeadKey key{id, Secret<32>(Buffer(key_bytes(id), 0x42))};
      const Buffer associated(5, 0x17);
      Buffer sealed(length + kAeadTagBytes);
      aead_->seal(key, nonce_, associated, Buffer(length, 0x61), sealed);
      ASSERT_TRUE(opens(key, associated, sealed));
      const Buffer text(sealed.begin(), sealed.end() - kAeadTagBytes);
      const Buffer tag(sealed.end() - kAeadTagBytes, sealed.end());

      for (std::size_t bit = 0; bit < 8 * kAeadTagBytes; ++bit) {
        Buffer flipped = tag;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
        ASSERT_FALSE(opens(key, associated, joined({text, flipped}))) << "bit " << bit;
      }
      Buffer turned = tag, top_bits = tag, halves = tag;
      for (std::uint8_t& byte : turned) byte = static_cast<std::uint8_t>(~byte);
      for (std::uint8_t& byte : top_bits) byte ^= 0x80;
      std::rotate(halves.begin(), halves.begin() + 8, halves.end());
      // A comparison that adds up differences, or ors what it should and, lets two that cancel out pass.
      Buffer two_alike = tag;
      two_alike[0] ^= 0x55;
      two_alike[8] ^= 0x55;
      for (const Buffer& other : {turned, top_bits, halves, two_alike, Buffer(kAeadTagBytes, 0),
                                  Buffer(kAeadTagBytes, 0xff), Buffer(tag.rbegin(), tag.rend())})
        ASSERT_FALSE(opens(key, associated, joined({text, other}))) << to_hex(other);
      for (std::size_t kept = 0; kept < sealed.size(); ++kept)
        ASSERT_FALSE(opens(key, associated, {sealed.begin(), sealed.begin() + static_cast<long>(kept)})) << kept;
      ASSERT_FALSE(opens(key, associated, joined({sealed, {0}})));
      ASSERT_FALSE(opens(key, associated, joined({tag, text})) && length != 0);
      // The lengths are authenticated too: nothing moves from one side to the other, and no zeros are as good as none.
      ASSERT_FALSE(opens(key, joined({associated, {0}}), sealed));
      ASSERT_FALSE(opens(key, {}, sealed));
      ASSERT_FALSE(opens(key, {associated.begin(), associated.end() - 1}, joined({{associated.back()}, sealed})));
      ASSERT_FALSE(opens(key, associated, joined({text, {0}, tag})));
    }
}

}  // namespace
}  // namespace handsel::crypto
