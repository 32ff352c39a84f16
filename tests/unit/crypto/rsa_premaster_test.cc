/// What a client of TLS 1.2 encrypted to our certificate: given back, or replaced, and never told apart.
#include "crypto/rsa_premaster.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <map>
#include <set>

#include "backend_fixture.h"
#include "crypto/openssl_handle.h"
#include "pem.h"

namespace handsel::crypto {
namespace {

using Block = std::vector<std::uint8_t>;
constexpr std::uint16_t kVersion = 0x0303;
constexpr std::size_t kModulusBytes = 256;

/// Made once: a long key takes seconds.
const PkeyHandle& pkey_of(std::uint16_t bits) {
  static std::map<std::uint16_t, PkeyHandle> made;
  PkeyHandle& pkey = made[bits];
  if (!pkey) pkey.reset(EVP_RSA_gen(static_cast<unsigned>(bits)));
  return pkey;
}

Block modulus_of(std::uint16_t bits) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(pkey_of(bits).get(), OSSL_PKEY_PARAM_RSA_N, &number);
  const BnHandle modulus(number);
  Block bytes(bits / 8u);
  BN_bn2binpad(modulus.get(), bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

/// By libcrypto. `padding` RSA_NO_PADDING: `text` fills the modulus.
Block encrypted(const Block& text, int padding = RSA_PKCS1_PADDING, std::uint16_t bits = 2'048) {
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey_of(bits).get(), nullptr));
  Block out(bits / 8u);
  std::size_t length = out.size();
  EXPECT_EQ(EVP_PKEY_encrypt_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), padding), 1);
  EXPECT_EQ(EVP_PKEY_encrypt(context.get(), out.data(), &length, text.data(), text.size()), 1);
  return out;
}

/// A block as PKCS #1 v1.5 wants it, to be spoilt.
Block block_of(const Block& secret) {
  Block block(kModulusBytes, 0xaa);
  block[0] = 0;
  block[1] = 2;
  block[kModulusBytes - secret.size() - 1] = 0;
  std::ranges::copy(secret, block.end() - std::ssize(secret));
  return block;
}

/// A change of one byte that makes a block malformed.
struct Fault {
  const char* name;
  std::size_t at;
  std::uint8_t value;
};
constexpr Fault kFaults[] = {
    {"first byte", 0, 1},
    {"block type of a signature", 1, 1},
    {"block type 3", 1, 3},
    {"block type 0", 1, 0},
    {"zero as the first of the padding", 2, 0},
    {"zero as the eighth of the padding", 9, 0},
    {"zero as the ninth of the padding", 10, 0},
    {"zero amid the padding", 100, 0},
    {"zero as the last of the padding", kModulusBytes - 50, 0},
    {"no zero", kModulusBytes - 49, 1},
    {"another major version", kModulusBytes - 48, 2},
    {"another minor version", kModulusBytes - 47, 1},
};

/// What one client sent. `secret` is what stands where a premaster secret would, and is given back if `good`.
struct Sent {
  Block ciphertext;
  Block secret;
  bool good = true;
  std::uint16_t bits = 2'048;
};

class RsaPremaster : public BackendTest {
 protected:
  Block premaster(std::uint8_t minor = 3) {
    Block secret = random(kPremasterBytes);
    secret[0] = 3;
    secret[1] = minor;
    return secret;
  }
  Sent good(std::uint16_t bits = 2'048) {
    const Block secret = premaster();
    return {encrypted(secret, RSA_PKCS1_PADDING, bits), secret, true, bits};
  }
  Sent spoilt(const Fault& fault) {
    Block block = block_of(premaster());
    block[fault.at] = fault.value;
    return {encrypted(block, RSA_NO_PADDING), Block(block.end() - kPremasterBytes, block.end()), false};
  }
  std::unique_ptr<Job> job_of(const Sent& sent) {
    auto job = std::make_unique<Job>(Kind::rsa_premaster);
    auto [key, unknown] = ids_.try_emplace(sent.bits);
    if (unknown) key->second = *keys_.add_pem(to_pem(pkey_of(sent.bits)));
    job->operation.key = key->second;
    job->operation.client_version = version_;
    job->peer_public = sent.ciphertext;
    job->shared_secret.resize(kPremasterBytes);
    return job;
  }
  /// In calls with as many lanes as there are.
  std::vector<Block> decrypted(const std::vector<Sent>& all) {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<Job*> batch;
    for (const Sent& sent : all) {
      batch.push_back(jobs.emplace_back(job_of(sent)).get());
      if (batch.size() < lanes(Kind::rsa_premaster) && jobs.size() < all.size()) continue;
      run(batch);
      batch.clear();
    }
    std::vector<Block> secrets;
    for (const auto& job : jobs) {
      EXPECT_EQ(job->operation.status, Status::done);
      secrets.push_back(job->shared_secret);
    }
    return secrets;
  }
  /// A good one comes back. Of any other there comes something else each time and in each lane, and never what is
  /// inside.
  void expect_outcomes(const std::vector<Sent>& all) {
    std::set<Block> replacements;
    for (int run = 0; run < 2; ++run) {
      const std::vector<Block> secrets = decrypted(all);
      for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(secrets[i] == all[i].secret, all[i].good) << "lane " << i;
        EXPECT_TRUE(all[i].good || replacements.insert(secrets[i]).second) << "lane " << i;
      }
    }
  }
  /// In the next lane each time, with good ones in all others.
  void expect_replaced(const Sent& bad) {
    std::vector<Sent> all(lanes(Kind::rsa_premaster), good());
    all[next_lane_++ % all.size()] = bad;
    expect_outcomes(all);
  }

  std::uint16_t version_ = kVersion;
  std::map<std::uint16_t, KeyId> ids_;
  std::size_t next_lane_ = 0;
};

TEST_P(RsaPremaster, comes_back_or_is_replaced_in_every_number_of_lanes) {
  for (std::size_t filled = 1; filled <= lanes(Kind::rsa_premaster); ++filled) {
    std::vector<Sent> all;
    for (std::size_t i = 0; i < filled; ++i) all.push_back(good());
    SCOPED_TRACE(filled);
    expect_outcomes(all);
    for (std::size_t i = filled % 2; i < filled; i += 2) all[i] = spoilt(kFaults[(i + filled) % std::size(kFaults)]);
    expect_outcomes(all);
  }
}

TEST_P(RsaPremaster, of_another_version_is_replaced) {
  const Block secret = premaster(2);
  expect_replaced({encrypted(secret), secret, false});
  version_ = 0x0302;  // what the ClientHello said counts, not what was agreed on
  expect_outcomes(std::vector<Sent>(lanes(Kind::rsa_premaster), {encrypted(secret), secret}));
}

TEST_P(RsaPremaster, in_a_malformed_block_is_replaced_beside_good_ones) {
  const Block secret = premaster();
  expect_outcomes(std::vector<Sent>(lanes(Kind::rsa_premaster), {encrypted(block_of(secret), RSA_NO_PADDING), secret}));
  for (const Fault& fault : kFaults) {
    SCOPED_TRACE(fault.name);
    expect_replaced(spoilt(fault));
  }
}

TEST_P(RsaPremaster, of_another_length_is_replaced) {
  for (const std::size_t bytes : {0u, 1u, 47u, 49u, 100u}) {
    Block other = premaster();
    other.resize(bytes);
    Block block = block_of(other);
    SCOPED_TRACE(bytes);
    expect_replaced({encrypted(other), Block(block.end() - kPremasterBytes, block.end()), false});
  }
}

TEST_P(RsaPremaster, in_a_number_not_below_the_modulus_is_replaced) {
  Block modulus = modulus_of(2'048);
  expect_replaced({modulus, Block(kPremasterBytes), false});
  expect_replaced({Block(kModulusBytes, 0xff), Block(kPremasterBytes), false});
  modulus.back() ^= 1;  // one below it: it is odd
  expect_replaced({modulus, Block(modulus.end() - kPremasterBytes, modulus.end()), false});
  expect_replaced({Block(kModulusBytes), Block(kPremasterBytes), false});
}

TEST_P(RsaPremaster, under_keys_of_several_sizes_comes_back_side_by_side) {
  constexpr std::uint16_t kSizes[] = {2'048, 3'072, 4'096, 2'048, 2'560, 3'072, 4'096, 2'048};  // the fifth: no kernel
  std::vector<Sent> all;
  for (const std::uint16_t bits : kSizes) all.push_back(good(bits));
  expect_outcomes(all);
  for (std::size_t i = 0; i < all.size(); i += 2) {
    const Block text(all[i].bits / 8u, 1);
    all[i] = {encrypted(text, RSA_NO_PADDING, all[i].bits), Block(kPremasterBytes, 1), false, all[i].bits};
  }
  expect_outcomes(all);
}

TEST_P(RsaPremaster, of_another_length_than_the_modulus_is_no_ciphertext) {
  for (const std::size_t bytes : {0u, 1u, 255u, 257u, 384u}) {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<Job*> batch;
    for (std::size_t i = 0; i < lanes(Kind::rsa_premaster); ++i)
      batch.push_back(jobs.emplace_back(job_of(good())).get());
    batch.back()->peer_public.resize(bytes);
    run(batch);
    for (const Job* job : batch)
      EXPECT_EQ(job->operation.status, job == batch.back() ? Status::invalid_input : Status::done);
  }
}

TEST_P(RsaPremaster, without_room_or_key_fails) {
  std::vector<std::unique_ptr<Job>> jobs;
  std::vector<Job*> batch;
  for (std::size_t i = 0; i < lanes(Kind::rsa_premaster); ++i) {
    batch.push_back(jobs.emplace_back(job_of(good())).get());
    if (i % 2 == 0)
      batch.back()->shared_secret.resize(32);
    else
      batch.back()->operation.key = KeyId{};
  }
  run(batch);
  for (const Job* job : batch) EXPECT_EQ(job->operation.status, Status::failed);
}

INSTANTIATE_TEST_SUITE_P(Kernels, RsaPremaster, testing::ValuesIn(kernel_names()), parameter_name);

TEST(UnwrapPremaster, every_value_of_every_byte_decides_as_pkcs1_says) {
  Block secret(kPremasterBytes, 0x5a);
  secret[0] = secret[1] = 3;
  const Block block = block_of(secret);
  const Block fallback(kPremasterBytes, 0xf0);
  constexpr std::size_t kSeparator = kModulusBytes - kPremasterBytes - 1;
  for (std::size_t at = 0; at < kModulusBytes; ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      Block changed = block;
      changed[at] = static_cast<std::uint8_t>(value);
      const bool is_padding = at >= 2 && at < kSeparator;
      const bool is_free = at >= kSeparator + 3;
      const bool good = is_padding ? value != 0 : is_free || changed == block;
      Block out(kPremasterBytes);
      unwrap_premaster(changed, kVersion, fallback, out);
      ASSERT_EQ(out, good ? Block(changed.end() - kPremasterBytes, changed.end()) : fallback) << at << ": " << value;
    }
  }
}

}  // namespace
}  // namespace handsel::crypto
