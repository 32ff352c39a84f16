// What a client's configuration is refused for, and what its ClientHello then says.

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "client_end.h"
#include "tls/messages/client_hello.h"
#include "tls/messages/extensions.h"

namespace handsel::tls::test {
namespace {

struct Wrong {
  const char* field;
  std::function<void(ClientConfig&)> change;
};

TEST(ClientConfig, says_which_field_is_wrong) {
  const std::vector<Wrong> rows = {
      {"server_name", [](ClientConfig& c) { c.server_name = ""; }},
      {"server_name", [](ClientConfig& c) { c.server_name = "two words"; }},
      {"server_name", [](ClientConfig& c) { c.server_name = std::string(254, 'a'); }},
      {"trust", [](ClientConfig& c) { c.trust = nullptr; }},
      {"pins", [](ClientConfig& c) { c.verification = Verification::pinned; }},
      {"pins",
       [](ClientConfig& c) {
         c.verification = Verification::none;
         c.pins = {crypto::KeyPin{}};
       }},
      {"min_version", [](ClientConfig& c) { c.min_version = Version::tls11; }},
      {"min_version",
       [](ClientConfig& c) {
         c.min_version = Version::tls13;
         c.max_version = Version::tls12;
       }},
      {"groups", [](ClientConfig& c) { c.groups = {}; }},
      {"groups", [](ClientConfig& c) { c.groups = {NamedGroup::x25519_mlkem768}; }},
      {"groups", [](ClientConfig& c) { c.groups = {NamedGroup::x25519, NamedGroup::x25519}; }},
      {"shares", [](ClientConfig& c) { c.shares = 0; }},
      {"shares", [](ClientConfig& c) { c.shares = 3; }},
      {"suites", [](ClientConfig& c) { c.suites = {}; }},
      {"suites", [](ClientConfig& c) { c.suites = {CipherSuite::ecdhe_rsa_aes_128_gcm_sha256}; }},
      {"suites12", [](ClientConfig& c) { c.suites12 = {CipherSuite::aes_128_gcm_sha256}; }},
      {"alpn", [](ClientConfig& c) { c.alpn = {""}; }},
      {"alpn", [](ClientConfig& c) { c.alpn = std::vector<std::string>(5, std::string(255, 'x')); }},
      {"credential", [](ClientConfig& c) { c.credential.emplace(); }},
  };
  for (const Wrong& row : rows) {
    ClientConfig draft = default_client();
    row.change(draft);
    const auto made = prepared(draft);
    ASSERT_FALSE(made) << row.field;
    EXPECT_EQ(made.error().find(row.field), 0u) << made.error();
  }
}

/// The ClientHello that a configuration makes, as one record.
Buffer hello_of(ClientWorld& world, const ClientConfig& config) {
  ClientEnd client(world, config);
  client.start();
  return client.take_output();
}

TEST(ClientHelloOfOurs, holds_what_the_configuration_says) {
  ClientWorld world;
  ClientConfig draft = default_client();
  draft.server_name = "Example.Test.";
  draft.alpn = {"h2", "echo"};
  const ClientConfig config = *prepared(draft);
  const Buffer record = hello_of(world, config);
  EXPECT_EQ(record[0], 22);
  const auto hello = ClientHello::parse(Bytes(record).subspan(9));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->legacy_version, Version::tls12);
  EXPECT_EQ(hello->session_id.size(), 32u);
  EXPECT_EQ(hello->suites.size(), 9u);
  EXPECT_EQ(*read_server_name(*hello->server_name), "example.test");
  const auto versions = read_client_versions(*hello->supported_versions);
  EXPECT_EQ(versions->size(), 2u);
  EXPECT_TRUE(versions->contains(Version::tls13) && versions->contains(Version::tls12));
  const auto shares = KeyShares::read(*hello->key_share);
  EXPECT_EQ(shares->size(), 1u);
  EXPECT_EQ(shares->find(NamedGroup::x25519).size(), 32u);
  EXPECT_EQ(ProtocolNames::read(*hello->application_protocols)->size(), 2u);
  EXPECT_TRUE(hello->extended_master_secret && hello->renegotiation_info && hello->psk_key_exchange_modes);
  EXPECT_FALSE(hello->pre_shared_key || hello->cookie || hello->early_data || hello->record_size_limit);
}

TEST(ClientHelloOfOurs, for_tls13_alone_says_nothing_of_tls12) {
  ClientWorld world;
  ClientConfig draft = default_client();
  draft.min_version = Version::tls13;
  draft.shares = 2;
  draft.resume_sessions = false;
  draft.compatibility_mode = false;
  const ClientConfig config = *prepared(draft);
  const Buffer record = hello_of(world, config);
  const auto hello = ClientHello::parse(Bytes(record).subspan(9));
  ASSERT_TRUE(hello);
  EXPECT_TRUE(hello->session_id.empty());
  EXPECT_EQ(hello->suites.size(), 3u);
  EXPECT_EQ(KeyShares::read(*hello->key_share)->size(), 2u);
  EXPECT_FALSE(hello->extended_master_secret || hello->renegotiation_info || hello->ec_point_formats ||
               hello->session_ticket || hello->psk_key_exchange_modes);
  EXPECT_FALSE(read_numbers(*hello->signature_algorithms)->contains(SignatureScheme::rsa_pkcs1_sha256));
}

TEST(ClientHelloOfOurs, for_tls12_alone_says_nothing_of_tls13) {
  ClientWorld world;
  ClientConfig draft = default_client();
  draft.max_version = Version::tls12;
  const ClientConfig config = *prepared(draft);
  const Buffer record = hello_of(world, config);
  const auto hello = ClientHello::parse(Bytes(record).subspan(9));
  ASSERT_TRUE(hello);
  EXPECT_TRUE(hello->session_id.empty());
  EXPECT_EQ(hello->suites.size(), 6u);
  EXPECT_FALSE(hello->supported_versions || hello->key_share || hello->psk_key_exchange_modes);
  EXPECT_EQ(world.statistics.handshakes_abandoned.get(), 1u);
}

TEST(ClientHelloOfOurs, names_no_address_and_differs_each_time) {
  ClientWorld world;
  ClientConfig draft = default_client();
  draft.server_name = "2001:db8::1";
  const ClientConfig config = *prepared(draft);
  const Buffer one = hello_of(world, config), other = hello_of(world, config);
  EXPECT_FALSE(ClientHello::parse(Bytes(one).subspan(9))->server_name);
  EXPECT_NE(Buffer(one.begin() + 11, one.begin() + 43), Buffer(other.begin() + 11, other.begin() + 43));
}

}  // namespace
}  // namespace handsel::tls::test
