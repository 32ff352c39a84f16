#include "tls/key_schedule12.h"

#include <gtest/gtest.h>

#include "hex.h"

namespace handsel::tls {
namespace {

using test::from_hex;
using test::to_hex;
using Buffer = std::vector<std::uint8_t>;

// The vector for P_SHA256 that has gone round the IETF's TLS list since 2009.
TEST(Prf12, sha256_vector) {
  Buffer out(100);
  prf12(crypto::Hmac(crypto::HashId::sha256, from_hex("9bbe436ba940f017b17652849a71db35")), "test label",
        from_hex("a0ba9f936cda311827a6f796ffd5198c"), {}, out);
  EXPECT_EQ(to_hex(out),
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7"
            "077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66");
}

// The one for P_SHA384 from the same list.
TEST(Prf12, sha384_vector) {
  Buffer out(148);
  prf12(crypto::Hmac(crypto::HashId::sha384, from_hex("b80b733d6ceefcdc71566ea48e5567df")), "test label",
        from_hex("cd665cf6a8447dd6ff8b27555edb7465"), {}, out);
  EXPECT_EQ(to_hex(out),
            "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb40"
            "0fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d"
            "31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f");
}

TEST(MasterSecret12, both_sides_keys_differ_and_depend_on_both_randoms) {
  const Buffer premaster(32, 1), client(32, 2), server(32, 3), other(32, 4);
  const auto master = MasterSecret12::plain(crypto::HashId::sha256, premaster, client, server);
  const KeyBlock12 keys = master.key_block(crypto::AeadId::aes_128_gcm, client, server);
  EXPECT_EQ(keys.client_key.size(), 16u);
  EXPECT_EQ(keys.server_iv.size(), 4u);
  EXPECT_NE(to_hex(keys.client_key.view()), to_hex(keys.server_key.view()));
  EXPECT_NE(to_hex(MasterSecret12::plain(crypto::HashId::sha256, premaster, other, server).view()),
            to_hex(master.view()));
  EXPECT_NE(to_hex(MasterSecret12::extended(crypto::HashId::sha256, premaster, client).view()), to_hex(master.view()));
}

}  // namespace
}  // namespace handsel::tls
