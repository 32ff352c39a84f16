// Choices and the configuration they are made from.

#include "tls/negotiate.h"

#include <gtest/gtest.h>

#include "test_world.h"

namespace handsel::tls {
namespace {

using test::Buffer;

Buffer numbers(std::initializer_list<std::uint16_t> values) {
  Buffer out;
  for (const std::uint16_t value : values) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
  }
  return out;
}

Credential credential(CredentialKind kind, std::vector<std::string> names) {
  Credential out;
  out.key.value = 1;
  out.kind = kind;
  out.chain = {{1, 2, 3}};
  out.names = std::move(names);
  return out;
}

ServerConfig several() {
  ServerConfig config;
  config.credentials = {
      credential(CredentialKind::ecdsa_p256, {"a.test"}), credential(CredentialKind::rsa, {"a.test", "*.wild.test"}),
      credential(CredentialKind::ecdsa_p256, {"*.wild.test"}), credential(CredentialKind::ecdsa_p256, {"b.test"})};
  return *prepared(config);
}

struct Wanted {
  const char* name;
  std::initializer_list<std::uint16_t> schemes;
  int credential;
  std::uint16_t scheme;
};

TEST(ChooseCredential, by_name_and_scheme) {
  const ServerConfig config = several();
  const Wanted rows[] = {
      {"", {0x0403, 0x0804}, 0, 0x0403},       {"", {0x0804}, 1, 0x0804},
      {"a.test", {0x0804, 0x0403}, 0, 0x0403}, {"a.test", {0x0805, 0x0807}, 1, 0x0805},
      {"x.wild.test", {0x0403}, 2, 0x0403},    {"x.wild.test", {0x0403, 0x0804}, 1, 0x0804},
      {"b.test", {0x0403, 0x0804}, 3, 0x0403}, {"b.test", {0x0804}, 1, 0x0804},
      {"other.test", {0x0403}, 0, 0x0403},
  };
  for (const Wanted& row : rows) {
    const Buffer schemes = numbers(row.schemes);
    const auto choice = choose_credential13(row.name, U16List(schemes), config);
    ASSERT_TRUE(choice) << row.name;
    EXPECT_EQ(choice->credential, row.credential) << row.name;
    EXPECT_EQ(static_cast<std::uint16_t>(choice->scheme), row.scheme) << row.name;
  }
}

TEST(ChooseCredential, pkcs1_signs_no_tls13_handshake) {
  const Buffer schemes = numbers({0x0401, 0x0501, 0x0601});
  EXPECT_EQ(choose_credential13("", U16List(schemes), several()).error(), Error::no_common_signature_scheme);
}

TEST(NewestVersion, supported_versions_overrule_legacy_version) {
  const Buffer list = {6, 0x0a, 0x0a, 3, 4, 3, 3};
  ClientHello hello;
  hello.supported_versions = Found(list);
  hello.legacy_version = Version::tls10;
  EXPECT_EQ(newest_version(hello), Version::tls13);
}

TEST(NewestVersion, legacy_version_alone_never_means_tls13) {
  ClientHello hello;
  hello.legacy_version = Version::tls13;
  EXPECT_EQ(newest_version(hello), Version::tls12);
}

TEST(Prepared, says_which_field_is_wrong) {
  ServerConfig draft;
  EXPECT_EQ(prepared(draft).error(), "credentials: at least one is needed");
  draft = several();
  draft.credentials[1].chain.clear();
  EXPECT_EQ(prepared(draft).error(), "credentials[1]: no certificate");
  draft = several();
  draft.credentials[2].key = {};
  EXPECT_EQ(prepared(draft).error(), "credentials[2]: no private key");
  draft = several();
  draft.groups = {NamedGroup::x25519, NamedGroup::x25519_mlkem768};
  EXPECT_EQ(prepared(draft).error(), "groups: one that is not supported");
  draft = several();
  draft.suites = {};
  EXPECT_EQ(prepared(draft).error(), "suites: at least one is needed");
  draft = several();
  draft.alpn = {""};
  EXPECT_EQ(prepared(draft).error(), "alpn: \"\" is not 1 to 255 bytes long");
}

TEST(Prepared, certificate_message_is_the_chain_in_order) {
  ServerConfig draft = several();
  draft.credentials[0].chain = {{0xaa}, {0xbb, 0xbc}};
  const Buffer expected = {11, 0, 0, 17, 0, 0, 0, 13, 0, 0, 1, 0xaa, 0, 0, 0, 0, 2, 0xbb, 0xbc, 0, 0};
  EXPECT_EQ(prepared(draft)->certificate_messages[0], expected);
}

}  // namespace
}  // namespace handsel::tls
