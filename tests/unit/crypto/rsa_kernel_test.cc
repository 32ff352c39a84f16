// The RSA kernel by itself: what it computes, and that a fault in one lane is seen there and only there.
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <random>

#include "backend_fixture.h"
#include "crypto/cpu.h"
#include "crypto/ifma_rsa.h"
#include "crypto/rsa_key.h"
#include "hex.h"
#include "pem.h"

namespace handsel::crypto {
namespace {

template <std::size_t Size>
struct KeySize {
  static constexpr std::size_t kBits = Size;
};
RsaPrivate<2048> kernel_of(KeySize<2048>) { return kIfmaRsaKernels.private_2048; }
RsaPrivate<3072> kernel_of(KeySize<3072>) { return kIfmaRsaKernels.private_3072; }
RsaPrivate<4096> kernel_of(KeySize<4096>) { return kIfmaRsaKernels.private_4096; }

template <class Size>
class RsaKernel : public testing::Test {
 protected:
  static constexpr std::size_t kBits = Size::kBits;
  static constexpr std::size_t kWords = kBits / 64;

  void SetUp() override {
    if (!cpu_runs_avx512_ifma()) GTEST_SKIP() << "no AVX-512 IFMA on this processor";
    key_ = RsaKey<kBits>::make(pkey_.get());
    ASSERT_NE(key_, nullptr);
    for (std::size_t lane = 0; lane < kKernelLanes; ++lane) key_->copy_to(*batch_, lane);
    std::mt19937_64 generator(kBits);
    for (auto& word : batch_->input)
      for (std::uint64_t& lane : word) lane = generator();
    for (std::uint64_t& lane : batch_->input[kWords - 1]) lane >>= 2;  // below the modulus
  }
  std::vector<std::uint8_t> bytes_of(const std::uint64_t (&words)[kWords][8], std::size_t lane) {
    std::vector<std::uint8_t> bytes(kBits / 8);
    for (std::size_t i = 0; i < kWords; ++i) store_be64(&bytes[kBits / 8 - 8 - 8 * i], words[i][lane]);
    return bytes;
  }
  /// input^d by libcrypto.
  std::vector<std::uint8_t> reference(std::size_t lane) {
    const PkeyContext context(EVP_PKEY_CTX_new(pkey_.get(), nullptr));
    EVP_PKEY_decrypt_init(context.get());
    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING);
    const auto input = bytes_of(batch_->input, lane);
    std::vector<std::uint8_t> output(kBits / 8);
    std::size_t length = output.size();
    EXPECT_EQ(EVP_PKEY_decrypt(context.get(), output.data(), &length, input.data(), input.size()), 1);
    return output;
  }

  /// Made once: a long key takes seconds.
  static const PkeyHandle& key() {
    static const PkeyHandle made(EVP_RSA_gen(static_cast<unsigned>(kBits)));
    return made;
  }
  const PkeyHandle& pkey_ = key();
  std::unique_ptr<RsaKey<kBits>> key_;
  std::unique_ptr<RsaBatch<kBits>> batch_ = std::make_unique<RsaBatch<kBits>>();
  std::uint64_t output_[kWords][8];
};
using KeySizes = testing::Types<KeySize<2048>, KeySize<3072>, KeySize<4096>>;
TYPED_TEST_SUITE(RsaKernel, KeySizes);

TYPED_TEST(RsaKernel, random_and_edge_inputs_give_libcryptos_results) {
  for (auto& word : this->batch_->input) word[0] = word[1] = word[2] = 0;
  this->batch_->input[0][1] = 1;
  for (std::size_t i = 0; i < this->kWords / 2; ++i)
    this->batch_->input[i][2] = ~std::uint64_t{0};  // the lower half all ones
  EXPECT_EQ(kernel_of(TypeParam{})(*this->batch_, this->output_), 0xff);
  for (std::size_t lane = 0; lane < kKernelLanes; ++lane)
    EXPECT_EQ(to_hex(this->bytes_of(this->output_, lane)), to_hex(this->reference(lane))) << "lane " << lane;
}

TYPED_TEST(RsaKernel, fault_in_any_part_of_a_key_is_seen_in_its_lane_alone) {
  auto& faulty = *this->batch_;
  constexpr std::size_t kLast = RsaShape<TypeParam::kBits>::kPrimeLimbs - 1;
  faulty.q_inverse[7][1] ^= 1;
  faulty.p.exponent[3][2] ^= 1;
  faulty.q.exponent[15][3] ^= std::uint64_t{1} << 40;
  faulty.p.r_squared[0][4] ^= 2;
  faulty.q.modulus[kLast][6] ^= 1;
  EXPECT_EQ(kernel_of(TypeParam{})(faulty, this->output_), 0xff & ~(1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 6));
}

RsaPublic<2048> public_kernel_of(KeySize<2048>) { return kIfmaRsaKernels.public_2048; }
RsaPublic<3072> public_kernel_of(KeySize<3072>) { return kIfmaRsaKernels.public_3072; }
RsaPublic<4096> public_kernel_of(KeySize<4096>) { return kIfmaRsaKernels.public_4096; }

TYPED_TEST(RsaKernel, public_operation_modulo_random_and_edge_numbers_gives_libcryptos_results) {
  constexpr std::size_t kCount = TypeParam::kBits / 64;
  constexpr std::uint64_t kTop = std::uint64_t{1} << 63;
  std::mt19937_64 generator(65'537);
  RsaPublicBatch<TypeParam::kBits> batch;
  for (std::size_t i = 0; i < kCount; ++i) {
    for (std::size_t lane = 0; lane < kKernelLanes; ++lane) {
      batch.modulus[i][lane] = generator();
      batch.input[i][lane] = generator();
    }
    batch.modulus[i][0] = ~std::uint64_t{0};  // the greatest modulus, and the least
    batch.modulus[i][1] = i == kCount - 1 ? kTop : 0;
    batch.input[i][2] = 0;
    batch.input[i][3] = i == 0 ? 1 : 0;
    batch.input[i][4] = batch.modulus[i][4];  // less one
    batch.input[i][5] = i < kCount / 2 ? ~std::uint64_t{0} : 0;
  }
  for (std::uint64_t& word : batch.modulus[0]) word |= 1;
  for (std::uint64_t& word : batch.modulus[kCount - 1]) word |= kTop;
  for (std::uint64_t& word : batch.input[kCount - 1]) word &= ~kTop;
  batch.input[kCount - 1][4] = batch.modulus[kCount - 1][4];
  batch.input[0][4] = batch.modulus[0][4] - 1;
  public_kernel_of(TypeParam{})(batch, this->output_);

  const BnContext context(BN_CTX_new());
  const BnHandle exponent(BN_new());
  BN_set_word(exponent.get(), 65'537);
  const auto number = [&](const auto& words, std::size_t lane) {
    const auto bytes = this->bytes_of(words, lane);
    return BnHandle(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  };
  for (std::size_t lane = 0; lane < kKernelLanes; ++lane) {
    const BnHandle wanted = number(batch.input, lane);
    BN_mod_exp(wanted.get(), wanted.get(), exponent.get(), number(batch.modulus, lane).get(), context.get());
    EXPECT_EQ(BN_cmp(number(this->output_, lane).get(), wanted.get()), 0) << "lane " << lane;
  }
}

/// The true kernel, but that it finds lanes 1 and 4 wrong.
std::uint8_t faulty_private_2048(const RsaBatch<2048>& batch, std::uint64_t (&output)[32][8]) {
  return static_cast<std::uint8_t>(kIfmaRsaKernels.private_2048(batch, output) & ~0x12u);
}

TEST(IfmaRsa, what_the_kernel_finds_wrong_fails_and_is_not_shown) {
  if (!cpu_runs_avx512_ifma()) GTEST_SKIP() << "no AVX-512 IFMA on this processor";
  KeyStore keys;
  SeededEntropy entropy(8'017);
  const KeyId key = *keys.generate({KeyAlgorithm::rsa, 2'048});
  RsaKernels faulty = kIfmaRsaKernels;
  faulty.private_2048 = faulty_private_2048;
  IfmaRsa rsa(keys, entropy, KernelTable{}, faulty);
  for (const Kind kind : {Kind::rsa_pss_sign, Kind::rsa_premaster}) {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<Operation*> operations;
    for (std::size_t i = 0; i < kKernelLanes; ++i) {
      jobs.push_back(std::make_unique<Job>(kind));
      jobs.back()->operation.key = key;
      jobs.back()->peer_public.assign(256, 1);
      jobs.back()->shared_secret.resize(48);
      operations.push_back(jobs.back()->bind());
    }
    rsa.run(operations);
    for (std::size_t i = 0; i < kKernelLanes; ++i) {
      const bool wrong = i == 1 || i == 4;
      const auto& shown = kind == Kind::rsa_pss_sign ? jobs[i]->signature : jobs[i]->shared_secret;
      EXPECT_EQ(operations[i]->status, wrong ? Status::failed : Status::done);
      EXPECT_EQ(shown == std::vector<std::uint8_t>(shown.size()), wrong);
    }
  }
}

TEST(RsaKey, key_of_another_size_or_exponent_does_not_suit) {
  EXPECT_EQ(RsaKey<2048>::make(PkeyHandle(EVP_RSA_gen(3'072u)).get()), nullptr);
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY_keygen_init(context.get());
  unsigned int bits = 2'048;
  unsigned int exponent = 3;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_BITS, &bits),
                                   OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent),
                                   OSSL_PARAM_construct_end()};
  ASSERT_EQ(EVP_PKEY_CTX_set_params(context.get(), parameters), 1);
  EVP_PKEY* pkey = nullptr;
  ASSERT_EQ(EVP_PKEY_generate(context.get(), &pkey), 1);
  EXPECT_EQ(RsaKey<2048>::make(PkeyHandle(pkey).get()), nullptr);
}

}  // namespace
}  // namespace handsel::crypto
