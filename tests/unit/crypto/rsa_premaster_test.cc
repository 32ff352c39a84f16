/// What a client of TLS 1.2 encrypted to our certificate: given back, or replaced, and never told apart.

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "backend_fixture.h"
#include "crypto/openssl_handle.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kModulusBytes = 256;

class RsaPremaster : public BackendTest {
 protected:
  RsaPremaster() {
    const std::vector<std::string> names = {"example.test"};
    auto made = make_self_signed(keys_, {KeyAlgorithm::rsa, 2'048}, names, 30, 1'800'000'000);
    key_ = made->key;
    const unsigned char* der = made->chain.der[0].data();
    const X509Handle certificate(d2i_X509(nullptr, &der, static_cast<long>(made->chain.der[0].size())));
    public_.reset(X509_get_pubkey(certificate.get()));
    job_.operation.key = key_;
    job_.operation.client_version = 0x0303;
    job_.shared_secret.resize(48);
  }
  /// `padding` RSA_NO_PADDING: `text` fills the modulus.
  std::vector<std::uint8_t> encrypted(const std::vector<std::uint8_t>& text, int padding = RSA_PKCS1_PADDING) {
    const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, public_.get(), nullptr));
    std::vector<std::uint8_t> out(kModulusBytes);
    std::size_t length = out.size();
    EXPECT_EQ(EVP_PKEY_encrypt_init(context.get()), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), padding), 1);
    EXPECT_EQ(EVP_PKEY_encrypt(context.get(), out.data(), &length, text.data(), text.size()), 1);
    return out;
  }
  std::vector<std::uint8_t> premaster(std::uint8_t minor = 3) {
    std::vector<std::uint8_t> secret = random(48);
    secret[0] = 3;
    secret[1] = minor;
    return secret;
  }
  /// A block as PKCS #1 v1.5 wants it, to be spoilt.
  std::vector<std::uint8_t> block_of(const std::vector<std::uint8_t>& secret) {
    std::vector<std::uint8_t> block(kModulusBytes, 0xaa);
    block[0] = 0;
    block[1] = 2;
    block[kModulusBytes - secret.size() - 1] = 0;
    std::copy(secret.begin(), secret.end(), block.end() - static_cast<long>(secret.size()));
    return block;
  }
  std::vector<std::uint8_t> decrypted(std::vector<std::uint8_t> ciphertext) {
    job_.peer_public = std::move(ciphertext);
    EXPECT_EQ(run(job_), Status::done);
    return job_.shared_secret;
  }
  /// Another secret each time, and never the one inside.
  void expect_replaced(const std::vector<std::uint8_t>& ciphertext, const std::vector<std::uint8_t>& inside) {
    const auto first = decrypted(ciphertext);
    EXPECT_NE(first, inside);
    EXPECT_NE(first, decrypted(ciphertext));
  }

  KeyId key_;
  PkeyHandle public_;
  Job job_{Kind::rsa_premaster};
};

TEST_P(RsaPremaster, comes_back_as_it_was_sent) {
  for (int i = 0; i < 4; ++i) {
    const auto secret = premaster();
    EXPECT_EQ(decrypted(encrypted(secret)), secret);
  }
}

TEST_P(RsaPremaster, of_another_version_is_replaced) {
  const auto secret = premaster(2);
  expect_replaced(encrypted(secret), secret);
  job_.operation.client_version = 0x0302;  // what the ClientHello said counts, not what was agreed on
  EXPECT_EQ(decrypted(encrypted(secret)), secret);
}

TEST_P(RsaPremaster, in_a_malformed_block_is_replaced) {
  const auto secret = premaster();
  const auto good = block_of(secret);
  ASSERT_EQ(decrypted(encrypted(good, RSA_NO_PADDING)), secret);
  const std::pair<std::size_t, std::uint8_t> changes[] = {{1, 1}, {1, 3},   {2, 0},
                                                          {9, 0}, {100, 0}, {kModulusBytes - 49, 1}};
  for (const auto& [at, value] : changes) {
    auto block = good;
    block[at] = value;
    SCOPED_TRACE(at);
    expect_replaced(encrypted(block, RSA_NO_PADDING), secret);
  }
  for (const std::size_t bytes : {47u, 49u, 0u}) {
    auto other = premaster();
    other.resize(bytes);
    expect_replaced(encrypted(other), other);
  }
}

TEST_P(RsaPremaster, in_a_number_not_below_the_modulus_is_replaced) {
  expect_replaced(std::vector<std::uint8_t>(kModulusBytes, 0xff), {});
  expect_replaced(std::vector<std::uint8_t>(kModulusBytes, 0), {});
}

TEST_P(RsaPremaster, of_another_length_than_the_modulus_is_no_ciphertext) {
  for (const std::size_t bytes : {0u, 1u, 255u, 257u}) {
    job_.peer_public = random(bytes);
    EXPECT_EQ(run(job_), Status::invalid_input);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, RsaPremaster, testing::ValuesIn(kernel_names()), parameter_name);

}  // namespace
}  // namespace handsel::crypto
