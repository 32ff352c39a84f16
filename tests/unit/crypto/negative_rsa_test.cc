// RSA signatures that are none: the blocks under the private key are spoilt one thing at a time, after the families of
// flaws that C2SP's Wycheproof collects and the forgeries of Bleichenbacher (CRYPTO 2006, rump session) and of
// BERserk (2014), which live on what a verifier does not look at.
#include <openssl/rsa.h>

#include <functional>

#include "crypto/openssl_handle.h"
#include "negative_signatures.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kModulusBytes = 256;

/// One key for all, as it is dear to make.
struct RsaPair {
  static const RsaPair& get() {
    static const RsaPair pair;
    return pair;
  }
  RsaPair() {
    EVP_PKEY* const made = EVP_RSA_gen(kModulusBytes * 8);
    key = PublicKey(made, {KeyAlgorithm::rsa, kModulusBytes * 8});
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(made, "n", &number);
    modulus.reset(number);
  }
  /// What the public key turns back into `block`, which must be below the modulus.
  Buffer signature_of(const Buffer& block) const {
    const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.pkey(), nullptr));
    Buffer out(kModulusBytes);
    std::size_t length = out.size();
    EXPECT_EQ(EVP_PKEY_sign_init(context.get()), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_sign(context.get(), out.data(), &length, block.data(), block.size()), 1);
    return out;
  }
  bool is_below_modulus(const Buffer& block) const {
    const BnHandle number(BN_bin2bn(block.data(), static_cast<int>(block.size()), nullptr));
    return BN_cmp(number.get(), modulus.get()) < 0;
  }
  PublicKey key;
  BnHandle modulus;
};

Buffer hash(const EVP_MD* algorithm, const Buffer& text) {
  Buffer digest(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, algorithm, nullptr);
  return digest;
}

/// RFC 8017 B.2.1.
Buffer mgf1(const EVP_MD* algorithm, const Buffer& seed, std::size_t bytes) {
  Buffer mask;
  for (std::uint8_t counter = 0; mask.size() < bytes; ++counter) {
    const Buffer block = hash(algorithm, joined({seed, {0, 0, 0, counter}}));
    mask.insert(mask.end(), block.begin(), block.end());
  }
  mask.resize(bytes);
  return mask;
}

/// RFC 8017 9.1.1, of which each step can be made wrong.
struct PssBlock {
  std::size_t salt_bytes = 32;
  std::uint8_t zeros = 8;  ///< before the digest in M'
  const EVP_MD* digest_hash = EVP_sha256();
  const EVP_MD* mask_hash = EVP_sha256();
  std::uint8_t separator = 0x01, padding = 0, trailer = 0xbc;
  bool keeps_top_bit = false;
  std::function<void(Buffer&)> change = {};  ///< the data block, before it is masked

  Buffer made(const Buffer& digest, std::uint8_t filler) const {
    const Buffer salt(salt_bytes, filler);
    const Buffer hashed = hash(digest_hash, joined({Buffer(zeros, 0), digest, salt}));
    const std::size_t data_bytes = kModulusBytes - hashed.size() - 1;
    Buffer data = joined({Buffer(data_bytes - salt_bytes - 1, padding), {separator}, salt});
    if (change) change(data);
    const Buffer mask = mgf1(mask_hash, hashed, data_bytes);
    for (std::size_t i = 0; i < data_bytes; ++i) data[i] ^= mask[i];
    data[0] = static_cast<std::uint8_t>(keeps_top_bit ? data[0] | 0x80 : data[0] & 0x7f);
    return joined({data, hashed, {trailer}});
  }
};

/// s + n, or what else is not below n; of one byte more where it must be.
Buffer with_modulus_added(const Buffer& signature) {
  BnHandle number(BN_bin2bn(signature.data(), static_cast<int>(signature.size()), nullptr));
  BN_add(number.get(), number.get(), RsaPair::get().modulus.get());
  Buffer out(static_cast<std::size_t>(std::max(BN_num_bytes(number.get()), static_cast<int>(kModulusBytes))));
  BN_bn2binpad(number.get(), out.data(), static_cast<int>(out.size()));
  return out;
}

/// What is wrong whichever the padding: lengths and numbers.
std::vector<Named> wrong_numbers(const Buffer& good) {
  Buffer modulus(kModulusBytes), below(kModulusBytes);
  BN_bn2bin(RsaPair::get().modulus.get(), modulus.data());
  below = modulus;
  --below.back();  // n is odd
  Buffer one(kModulusBytes, 0);
  one.back() = 1;
  return {{"nothing", {}},
          {"a byte short", {good.begin(), good.end() - 1}},
          {"without its first byte", {good.begin() + 1, good.end()}},
          {"a zero before", joined({{0}, good})},
          {"a zero behind", joined({good, {0}})},
          {"of twice the length", joined({Buffer(kModulusBytes, 0), good})},
          {"zero", Buffer(kModulusBytes, 0)},
          {"one", one},
          {"n - 1", below},
          {"n", modulus},
          {"all ones", Buffer(kModulusBytes, 0xff)},
          {"itself plus n", with_modulus_added(good)}};
}

class NegativeRsa : public NegativeSignatures {
 protected:
  const RsaPair& pair_ = RsaPair::get();
  Buffer digest_ = hash(EVP_sha256(), {'h', 'a', 'n', 'd', 's', 'e', 'l'});
};
INSTANTIATE_TEST_SUITE_P(Kernels, NegativeRsa, testing::ValuesIn(kernel_names()), parameter_name);

TEST_P(NegativeRsa, pss_block_that_is_wrong_in_one_thing_is_refused) {
  const Claim claim{pair_.key, SignatureAlgorithm::rsa_pss, digest_};
  const auto signed_block = [&](const PssBlock& block) {
    Buffer made;
    std::uint8_t filler = 0x17;
    do made = block.made(digest_, filler++);
    while (!pair_.is_below_modulus(made));
    return pair_.signature_of(made);
  };
  const Buffer good = signed_block({});
  expect_accepted(claim, {{"as RFC 8017 9.1.1 has it", good}});
  const auto set = [](std::size_t at, std::uint8_t value) { return [=](Buffer& data) { data[at] = value; }; };
  std::vector<Named> refused = {
      {"no salt (RFC 8446 4.2.3: as long as the digest)", signed_block({.salt_bytes = 0})},
      {"a salt of 20", signed_block({.salt_bytes = 20})},
      {"a salt of 31", signed_block({.salt_bytes = 31})},
      {"a salt of 33", signed_block({.salt_bytes = 33})},
      {"a salt of 48", signed_block({.salt_bytes = 48})},
      {"the longest salt", signed_block({.salt_bytes = kModulusBytes - 34})},
      {"seven zeros before the digest", signed_block({.zeros = 7})},
      {"no zeros before the digest", signed_block({.zeros = 0})},
      {"masked by SHA-1", signed_block({.mask_hash = EVP_sha1()})},
      {"masked by SHA-384", signed_block({.mask_hash = EVP_sha384()})},
      {"hashed by SHA-384", signed_block({.digest_hash = EVP_sha384(), .mask_hash = EVP_sha384()})},
      {"hashed by SHA3-256, of the same length", signed_block({.digest_hash = EVP_sha3_256()})},
      {"separator 0", signed_block({.separator = 0})},
      {"separator 2", signed_block({.separator = 2})},
      {"separator 0x81", signed_block({.separator = 0x81})},
      {"padding of ones", signed_block({.padding = 0xff})},
      {"padding of separators", signed_block({.padding = 1})},
      {"a one in the padding's first byte", signed_block({.change = set(0, 1)})},
      {"a one in the padding's middle", signed_block({.change = set(100, 1)})},
      {"top bit not cleared", signed_block({.keeps_top_bit = true})},
  };
  for (const unsigned trailer : {0x00u, 0xbbu, 0xbdu, 0xccu, 0xffu})
    refused.push_back(
        {"trailer " + std::to_string(trailer), signed_block({.trailer = static_cast<std::uint8_t>(trailer)})});
  for (Named& each : wrong_numbers(good)) refused.push_back(std::move(each));
  expect_refused(claim, refused);
  // The same signature for the other padding, the other hash, a longer digest.
  expect_refused({pair_.key, SignatureAlgorithm::rsa_pkcs1, digest_}, {{"PSS as PKCS #1 v1.5", good}});
  expect_refused({pair_.key, SignatureAlgorithm::rsa_pss, joined({digest_, Buffer(16, 0)})}, {{"SHA-384", good}});
  expect_refused({pair_.key, SignatureAlgorithm::rsa_pss, {digest_.begin(), digest_.end() - 1}}, {{"cut", good}});
}

/// 00 01 FF… 00 and what is behind; `padding` is what of FF… there is, and the rest is filled with `garbage` behind.
Buffer pkcs1_block(const Buffer& info, std::size_t padding, std::uint8_t garbage = 0x3c) {
  Buffer block = joined({{0, 1}, Buffer(padding, 0xff), {0}, info});
  EXPECT_LE(block.size(), kModulusBytes);
  block.resize(kModulusBytes, garbage);
  return block;
}

TEST_P(NegativeRsa, pkcs1_block_that_is_wrong_in_one_thing_is_refused) {
  const Claim claim{pair_.key, SignatureAlgorithm::rsa_pkcs1, digest_};
  // RFC 8017 9.2, note 1: DigestInfo of SHA-256.
  const Buffer oid = from_hex("0609608648016503040201");
  const Buffer octets = joined({{0x04, 0x20}, digest_});
  const auto info_of = [](const Buffer& algorithm, const Buffer& rest) {
    const auto length = static_cast<std::uint8_t>(algorithm.size());
    const Buffer body = joined({{0x30, length}, algorithm, rest});
    return joined({{0x30, static_cast<std::uint8_t>(body.size())}, body});
  };
  const Buffer algorithm = joined({oid, {0x05, 0}});
  const Buffer info = info_of(algorithm, octets);
  const auto full = [](const Buffer& behind) { return pkcs1_block(behind, kModulusBytes - 3 - behind.size()); };
  const Buffer right = full(info);
  const Buffer good = pair_.signature_of(right);
  expect_accepted(claim, {{"as RFC 8017 9.2 has it", good}});

  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Buffer block = right;
    block[at] = value;
    return block;
  };
  const std::size_t zero_at = kModulusBytes - info.size() - 1;
  const std::vector<std::pair<std::string, Buffer>> blocks = {
      {"first byte not zero", changed(0, 1)},
      {"block type 0", changed(1, 0)},
      {"block type 2", changed(1, 2)},
      {"a padding byte that is no FF, the first", changed(2, 0xfe)},
      {"a padding byte that is no FF, in the middle", changed(100, 0x7f)},
      {"a padding byte that is no FF, the last", changed(zero_at - 1, 0)},
      {"no zero behind the padding", changed(zero_at, 0xff)},
      {"one behind the padding", changed(zero_at, 1)},
      {"eight of padding, garbage behind the digest", pkcs1_block(info, 8)},
      {"eight of padding, zeros behind the digest", pkcs1_block(info, 8, 0)},
      {"seven of padding, garbage behind the digest", pkcs1_block(info, 7)},
      {"no padding, garbage behind the digest", pkcs1_block(info, 0)},
      {"one byte of garbage behind the digest", pkcs1_block(info, kModulusBytes - 4 - info.size())},
      {"NULL missing", full(info_of(oid, octets))},
      {"NULL with a length in two bytes", full(info_of(joined({oid, {0x05, 0x81, 0}}), octets))},
      {"NULL with content", full(info_of(joined({oid, {0x05, 2, 0xab, 0xcd}}), octets))},
      {"garbage in place of NULL", full(info_of(joined({oid, {0x04, 8}, Buffer(8, 0x3c)}), octets))},
      {"two NULLs", full(info_of(joined({algorithm, {0x05, 0}}), octets))},
      {"another octet string", full(info_of(algorithm, joined({octets, {0x04, 2, 0x3c, 0x3c}})))},
      {"the digest's length in two bytes", full(info_of(algorithm, joined({{0x04, 0x81, 0x20}, digest_})))},
      {"the digest cut", full(info_of(algorithm, joined({{0x04, 0x1f}, {digest_.begin(), digest_.end() - 1}})))},
      {"a digest of none", full(info_of(algorithm, {0x04, 0}))},
      {"the digest in a bit string", full(info_of(algorithm, joined({{0x03, 0x20}, digest_})))},
      {"DigestInfo's length in two bytes", full(joined({{0x30, 0x81}, {info.begin() + 1, info.end()}}))},
      {"DigestInfo of indefinite length", full(joined({{0x30, 0x80}, {info.begin() + 2, info.end()}, {0, 0}}))},
      {"DigestInfo in a set", full(joined({{0x31}, {info.begin() + 1, info.end()}}))},
      {"SHA-384 said to be the hash", full(info_of(joined({from_hex("0609608648016503040202"), {0x05, 0}}), octets))},
      {"SHA-1 said to be the hash", full(info_of(joined({from_hex("06052b0e03021a"), {0x05, 0}}), octets))},
      {"no hash said to be one", full(info_of({0x05, 0}, octets))},
      {"the digest alone", full(digest_)},
      {"the digest in its octet string alone", full(octets)},
      {"nothing but padding", full({})},
      {"nothing but zeros", Buffer(kModulusBytes, 0)},
  };
  std::vector<Named> refused = wrong_numbers(good);
  for (const auto& [name, block] : blocks) refused.push_back({name, pair_.signature_of(block)});
  expect_refused(claim, refused);
  expect_refused({pair_.key, SignatureAlgorithm::rsa_pss, digest_}, {{"PKCS #1 v1.5 as PSS", good}});
}

}  // namespace
}  // namespace handsel::crypto
