// RFC 7748 5.2 and 6.1: X25519, by every set of kernels.
#include "backend_fixture.h"

namespace handsel::crypto {
namespace {

using Rfc7748 = BackendTest;
INSTANTIATE_TEST_SUITE_P(Kernels, Rfc7748, testing::ValuesIn(kernel_names()), parameter_name);

constexpr char kBobPrivate[] = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
constexpr char kBobPublic[] = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
constexpr char kAlicePublic[] = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";

TEST_P(Rfc7748, scalar_times_coordinate_gives_the_values_of_5_2) {
  Job job(Kind::x25519_shared);
  job.private_key = from_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
  job.peer_public = from_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
  ASSERT_EQ(run(job), Status::done);
  EXPECT_EQ(to_hex(job.shared_secret), "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  job.private_key = from_hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
  job.peer_public =
      from_hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");  // top bit set: ignored
  ASSERT_EQ(run(job), Status::done);
  EXPECT_EQ(to_hex(job.shared_secret), "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST_P(Rfc7748, thousand_iterations_of_5_2_end_where_it_says) {
  Job job(Kind::x25519_shared);
  job.private_key = from_hex("0900000000000000000000000000000000000000000000000000000000000000");
  job.peer_public = job.private_key;
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(run(job), Status::done);
    job.peer_public = job.private_key;
    job.private_key = job.shared_secret;
    if (i == 0) {
      EXPECT_EQ(to_hex(job.shared_secret), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
  }
  EXPECT_EQ(to_hex(job.shared_secret), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST_P(Rfc7748, bob_of_6_1_gets_his_public_key_and_the_shared_secret) {
  Job keygen(Kind::x25519_keygen);
  keygen.private_key = from_hex(kBobPrivate);
  ASSERT_EQ(run(keygen), Status::done);
  EXPECT_EQ(to_hex(keygen.public_key), kBobPublic);
  Job shared(Kind::x25519_shared);
  shared.private_key = from_hex(kBobPrivate);
  shared.peer_public = from_hex(kAlicePublic);
  ASSERT_EQ(run(shared), Status::done);
  EXPECT_EQ(to_hex(shared.shared_secret), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

// Every coordinate of a point whose order divides 8, with those that are not reduced modulo p.
TEST_P(Rfc7748, points_of_small_order_are_refused_and_nothing_is_given) {
  for (const char* point : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    Job job(Kind::x25519_shared);
    job.private_key = random(32);
    job.peer_public = from_hex(point);
    EXPECT_EQ(run(job), Status::invalid_input) << point;
    EXPECT_EQ(job.shared_secret, std::vector<std::uint8_t>(32, 0));
  }
}

TEST_P(Rfc7748, share_of_the_wrong_length_is_refused) {
  Job job(Kind::x25519_shared);
  job.private_key = random(32);
  for (const std::size_t length : {0u, 31u, 33u}) {
    job.peer_public = random(length);
    EXPECT_EQ(run(job), Status::invalid_input);
  }
}

}  // namespace
}  // namespace handsel::crypto
