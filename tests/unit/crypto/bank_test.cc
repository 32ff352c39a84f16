// Banks of key pairs and nonces: each entry serves one operation, is what libcrypto would have made, and is wiped.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "backend_fixture.h"
#include "crypto/cpu.h"
#include "crypto/ecdsa.h"
#include "crypto/entry_stack.h"
#include "crypto/ifma_banks.h"
#include "crypto/verify.h"

namespace handsel::crypto {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::size_t kCapacity = 40;

bool all_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

using Block = std::array<std::uint8_t, 32>;

TEST(EntryStack, hands_each_entry_out_once_the_last_first) {
  alignas(64) std::array<std::uint8_t, EntryStack<Block>::bytes_for(3)> memory{};
  EntryStack<Block> stack(memory, 3);
  for (std::uint8_t i = 1; i <= 3; ++i) stack.put().fill(i);
  std::vector<int> seen;
  while (stack.take([&](const Block& block) { seen.push_back(block[0]); })) {
  }
  EXPECT_EQ(seen, (std::vector<int>{3, 2, 1}));
  EXPECT_EQ(stack.level(), 0u);
}

TEST(EntryStack, nothing_is_left_of_an_entry_that_was_taken_or_of_any_after_wiping) {
  alignas(64) std::array<std::uint8_t, EntryStack<Block>::bytes_for(3)> memory{};
  EntryStack<Block> stack(memory, 3);
  for (int i = 0; i < 3; ++i) stack.put().fill(0x5a);
  const auto secrets = [&] { return std::ranges::count(memory, std::uint8_t{0x5a}); };
  ASSERT_EQ(secrets(), 96);
  stack.take([](const Block&) {});
  EXPECT_EQ(secrets(), 64);
  stack.wipe();
  EXPECT_TRUE(all_zero(memory));
  EXPECT_EQ(stack.level(), 0u);
}

TEST(Banks, libcrypto_has_none) {
  KeyStore keys;
  SeededEntropy entropy(1);
  const auto backend = make_backend(*choose_kernels("libcrypto"), keys, entropy, kCapacity);
  for (const Kernel& kernel : backend->kernels()) EXPECT_EQ(kernel.bank, nullptr);
}

class IfmaBanksTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!cpu_runs_avx512_ifma()) GTEST_SKIP() << "no AVX-512 IFMA on this processor";
    fill_all(kCapacity);
  }
  void fill_all(std::size_t capacity) {
    backend_ = make_backend(*choose_kernels("ifma"), keys_, entropy_, capacity);
    kernels_ = backend_->kernels();
    for (const Kernel& kernel : kernels_)
      while (kernel.bank != nullptr && kernel.bank->wants_batch()) ASSERT_EQ(kernel.bank->fill(), kKernelLanes);
  }
  const Kernel& kernel(Kind kind) const { return kernels_[static_cast<std::size_t>(kind)]; }
  Bank::Taken take(Job& job) { return kernel(job.operation.kind).bank->take(*job.bind()); }
  // libcrypto's public key to a private one.
  std::vector<std::uint8_t> reference(Kind kind, const std::vector<std::uint8_t>& private_key) {
    Job job(kind);
    job.private_key = private_key;
    Operation* const operation = job.bind();
    const Kernel& scalar = reference_kernels_[static_cast<std::size_t>(kind)];
    scalar.run(scalar.context, {&operation, 1});
    return job.public_key;
  }
  Job& signing(Job& job, std::uint8_t message) {
    job.operation.key = signer_.key;
    job.message.assign(32, message);
    return job;
  }
  bool genuine(const Job& job) { return ecdsa_p256_verify(signer_.chain.der[0], job.message, job.signed_bytes()); }

  KeyStore keys_;
  SeededEntropy entropy_{20'261'124};
  const std::vector<std::string> names_{"a.example"};
  SelfSigned signer_ = *make_self_signed(keys_, {KeyAlgorithm::p256, 256}, names_, 1, kNow);
  std::unique_ptr<Backend> backend_;
  KernelTable kernels_;
  std::unique_ptr<Backend> reference_ = make_backend(*choose_kernels("libcrypto"), keys_, entropy_);
  KernelTable reference_kernels_ = reference_->kernels();
};

TEST_F(IfmaBanksTest, every_banked_pair_is_genuine_and_serves_one_operation) {
  for (const Kind kind : {Kind::x25519_keygen, Kind::p256_keygen}) {
    std::set<std::vector<std::uint8_t>> private_keys;
    ASSERT_EQ(kernel(kind).bank->level(), kCapacity);
    for (std::size_t i = 0; i < kCapacity; ++i) {
      Job job(kind);
      ASSERT_EQ(take(job), Bank::Taken::taken);
      EXPECT_EQ(to_hex(job.public_key), to_hex(reference(kind, job.private_key)));
      EXPECT_TRUE(private_keys.insert(job.private_key).second) << name_of(kind) << " handed a pair out twice";
    }
    Job late(kind);
    EXPECT_EQ(take(late), Bank::Taken::none);
    EXPECT_TRUE(all_zero(late.private_key) && all_zero(late.public_key));
  }
}

// Two signatures of one key with one nonce give the key away, and show it by their r.
TEST_F(IfmaBanksTest, every_banked_nonce_signs_once_and_libcrypto_takes_what_it_signed) {
  std::set<std::array<std::uint64_t, 4>> points;
  for (std::size_t i = 0; i < kCapacity; ++i) {
    Job job(Kind::ecdsa_p256_sign);
    ASSERT_EQ(take(signing(job, static_cast<std::uint8_t>(i / 2))), Bank::Taken::taken);
    EXPECT_TRUE(genuine(job));
    const auto signature = ecdsa_parse(job.signed_bytes());
    ASSERT_TRUE(signature);
    EXPECT_TRUE(points.insert(signature->r.limb).second) << "a nonce signed twice";
  }
  Job late(Kind::ecdsa_p256_sign);
  EXPECT_EQ(take(signing(late, 1)), Bank::Taken::none);
  EXPECT_EQ(late.operation.signature_bytes, 0u);
  EXPECT_TRUE(all_zero(late.signature));
}

TEST_F(IfmaBanksTest, refilled_bank_hands_out_no_entry_that_it_had_before) {
  std::set<std::array<std::uint64_t, 4>> points;
  Bank& bank = *kernel(Kind::ecdsa_p256_sign).bank;
  for (int round = 0; round < 4; ++round) {
    for (std::size_t i = 0; i < kKernelLanes + 3; ++i) {
      Job job(Kind::ecdsa_p256_sign);
      ASSERT_EQ(take(signing(job, 7)), Bank::Taken::taken);
      EXPECT_TRUE(points.insert(ecdsa_parse(job.signed_bytes())->r.limb).second) << "a nonce signed twice";
    }
    if (bank.wants_batch()) bank.fill();
  }
}

TEST_F(IfmaBanksTest, operations_that_no_entry_could_serve_spend_none) {
  Job short_key(Kind::x25519_keygen);
  short_key.private_key.resize(31);
  EXPECT_EQ(take(short_key), Bank::Taken::unfit);
  Job compressed(Kind::p256_keygen);
  compressed.public_key.resize(33);
  EXPECT_EQ(take(compressed), Bank::Taken::unfit);
  Job no_key(Kind::ecdsa_p256_sign);
  EXPECT_EQ(take(no_key), Bank::Taken::unfit);
  Job other_key(Kind::ecdsa_p256_sign);
  signing(other_key, 1).operation.key = *keys_.generate({KeyAlgorithm::ed25519, 256});
  EXPECT_EQ(take(other_key), Bank::Taken::unfit);
  Job long_digest(Kind::ecdsa_p256_sign);
  signing(long_digest, 1).message.resize(48);
  EXPECT_EQ(take(long_digest), Bank::Taken::unfit);
  Job no_room(Kind::ecdsa_p256_sign);
  signing(no_room, 1).signature.resize(kMaxEcdsaP256DerBytes - 1);
  EXPECT_EQ(take(no_room), Bank::Taken::unfit);
  for (const Kind kind : {Kind::x25519_keygen, Kind::p256_keygen, Kind::ecdsa_p256_sign})
    EXPECT_EQ(kernel(kind).bank->level(), kCapacity) << name_of(kind);
}

TEST_F(IfmaBanksTest, only_kinds_with_something_to_bank_have_one_and_none_without_capacity) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    const auto each = static_cast<Kind>(kind);
    const bool banked = each == Kind::x25519_keygen || each == Kind::p256_keygen || each == Kind::ecdsa_p256_sign;
    EXPECT_EQ(kernels_[kind].bank != nullptr, banked) << name_of(each);
  }
  for (const std::size_t less_than_a_batch : {0u, 7u}) {
    fill_all(less_than_a_batch);
    for (const Kernel& each : kernels_) EXPECT_EQ(each.bank, nullptr);
  }
  fill_all(13);
  EXPECT_EQ(kernel(Kind::p256_keygen).bank->capacity(), 8u);
  EXPECT_EQ(kernel(Kind::p256_keygen).bank->level(), 8u);
}

TEST_F(IfmaBanksTest, nonces_are_banked_only_once_there_is_a_key_on_p256) {
  KeyStore keys;
  ASSERT_TRUE(keys.generate({KeyAlgorithm::ed25519, 256}));
  const auto backend = make_backend(*choose_kernels("ifma"), keys, entropy_, kCapacity);
  Bank& bank = *backend->kernels()[static_cast<std::size_t>(Kind::ecdsa_p256_sign)].bank;
  EXPECT_FALSE(bank.wants_batch());
  ASSERT_TRUE(keys.generate({KeyAlgorithm::p384, 384}));
  EXPECT_FALSE(bank.wants_batch());
  ASSERT_TRUE(keys.generate({KeyAlgorithm::p256, 256}));
  EXPECT_TRUE(bank.wants_batch());
}

TEST_F(IfmaBanksTest, forked_child_finds_the_banks_empty) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::size_t entries = 0;
    for (const Kernel& each : kernels_) entries += each.bank == nullptr ? 0 : each.bank->level();
    _exit(entries == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(kernel(Kind::ecdsa_p256_sign).bank->level(), kCapacity);
}

// A bank in memory that the test can see.
class NonceBankMemory : public IfmaBanksTest {
 protected:
  static constexpr std::size_t kEntries = 8;
  static constexpr std::size_t kPairsAt = 64;  // behind the stack's header

  NonceBank made(Entropy& entropy) { return {memory_, kEntries, entropy, keys_}; }

  alignas(64) std::array<std::uint8_t, EntryStack<NoncePair>::bytes_for(kEntries)> memory_{};
};

TEST_F(NonceBankMemory, holds_nothing_of_nonces_that_have_signed_or_were_wiped) {
  NonceBank bank = made(entropy_);
  const Bytes pairs = Bytes(memory_).subspan(kPairsAt);
  ASSERT_EQ(bank.fill(), kEntries);
  ASSERT_FALSE(all_zero(pairs));
  for (std::size_t i = 0; i < kEntries; ++i) {
    Job job(Kind::ecdsa_p256_sign);
    ASSERT_EQ(bank.take(*signing(job, 1).bind()), Bank::Taken::taken);
    EXPECT_TRUE(all_zero(pairs.subspan((kEntries - 1 - i) * sizeof(NoncePair)))) << "after " << i + 1;
  }
  ASSERT_EQ(bank.fill(), kEntries);
  bank.wipe();
  EXPECT_TRUE(all_zero(memory_));
}

TEST_F(NonceBankMemory, nonce_whose_inverse_went_bad_signs_nothing_and_is_spent) {
  NonceBank bank = made(entropy_);
  ASSERT_EQ(bank.fill(), kEntries);
  for (std::size_t at = 0; at < 64; ++at) {  // of the nonce and its inverse
    if (bank.level() == 0) bank.fill();
    memory_[kPairsAt + (bank.level() - 1) * sizeof(NoncePair) + at] ^= 0x10;
    Job job(Kind::ecdsa_p256_sign);
    ASSERT_EQ(bank.take(*signing(job, 1).bind()), Bank::Taken::spoiled) << "byte " << at;
    EXPECT_TRUE(all_zero(job.signature));
    EXPECT_EQ(job.operation.signature_bytes, 0u);
  }
}

// Numbers that are no nonces.
struct FixedEntropy final : Entropy {
  explicit FixedEntropy(std::uint8_t every) : byte(every) {}
  void fill(MutableBytes out) override { std::ranges::fill(out, byte); }
  std::uint8_t byte;
};

TEST_F(NonceBankMemory, numbers_above_the_order_and_zeros_become_no_nonces) {
  for (const std::uint8_t byte : {std::uint8_t{0}, std::uint8_t{0xff}}) {
    FixedEntropy entropy(byte);
    NonceBank bank = made(entropy);
    EXPECT_EQ(bank.fill(), 0u);
    EXPECT_EQ(bank.level(), 0u);
    EXPECT_TRUE(all_zero(memory_));
  }
}

}  // namespace
}  // namespace handsel::crypto
