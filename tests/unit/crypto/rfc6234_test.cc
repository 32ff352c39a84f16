// RFC 6234 8.5: SHA-256 and SHA-384.
#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "hex.h"

namespace handsel::crypto {
namespace {

std::string digest_of(HashId id, std::string_view message, std::size_t repeat = 1) {
  Hash hash(id);
  for (std::size_t i = 0; i < repeat; ++i) hash.update(as_bytes(message));
  std::vector<std::uint8_t> digest(digest_bytes(id));
  hash.finish(digest);
  return to_hex(digest);
}

constexpr std::string_view kTwoBlocks256 = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
constexpr std::string_view kTwoBlocks384 =
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

TEST(Rfc6234, sha256_of_its_messages_gives_its_digests) {
  EXPECT_EQ(digest_of(HashId::sha256, ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest_of(HashId::sha256, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of(HashId::sha256, kTwoBlocks256),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest_of(HashId::sha256, "a", 1'000'000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Rfc6234, sha384_of_its_messages_gives_its_digests) {
  EXPECT_EQ(digest_of(HashId::sha384, "abc"),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(digest_of(HashId::sha384, kTwoBlocks384),
            "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712"
            "fcc7c71a557e2db966c3e9fa91746039");
  EXPECT_EQ(digest_of(HashId::sha384, "a", 1'000'000),
            "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b"
            "07b8b3dc38ecc4ebae97ddd87f3d8985");
}

TEST(Hash, copy_of_a_hash_in_progress_goes_its_own_way) {
  Hash transcript(HashId::sha256);
  transcript.update(as_bytes("ab"));
  Hash fork = transcript;
  fork.update(as_bytes("x"));
  transcript.update(as_bytes("c"));
  std::array<std::uint8_t, 32> digest;
  transcript.finish(digest);
  EXPECT_EQ(to_hex(digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  fork.finish(digest);
  EXPECT_EQ(to_hex(digest), digest_of(HashId::sha256, "abx"));
}

}  // namespace
}  // namespace handsel::crypto
