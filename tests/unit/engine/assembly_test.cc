#include "engine/assembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "crypto/certificate.h"

namespace handsel::engine {
namespace {

using testing::HasSubstr;

/// A folder of this test's own, gone with it.
class TlsFiles : public testing::Test {
 protected:
  TlsFiles() {
    std::string pattern = std::filesystem::temp_directory_path() / "handsel-assembly-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    settings_.name = "site";
  }
  ~TlsFiles() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, std::string_view content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  std::expected<TlsConfigs, std::vector<Fault>> load() {
    Config config;
    config.tls = {settings_};
    return load_tls(config, keys_, std::time(nullptr));
  }
  std::string only_fault() {
    const auto loaded = load();
    if (loaded) return "no fault";
    EXPECT_EQ(loaded.error().size(), 1u);
    return loaded.error().front().message;
  }
  static std::string authority_pem() {
    crypto::KeyStore keys;
    const std::array<std::string, 1> names = {"authority.test"};
    return crypto::to_pem(
        crypto::make_self_signed(keys, {crypto::KeyAlgorithm::p256, 256}, names, 1, std::time(nullptr))->chain);
  }

  std::filesystem::path folder_;
  TlsSettings settings_;
  crypto::KeyStore keys_;
};

TEST_F(TlsFiles, ClientsAreAsked_Loaded_ServerTrustsTheFilesAuthorities) {
  settings_.client_certificates = "require";
  settings_.client_ca = write("ca.pem", authority_pem() + authority_pem());
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().front().message;
  const tls::ServerConfig& config = *loaded->by_name.at("site");
  EXPECT_EQ(config.client_certificates, tls::ClientCertificates::require);
  ASSERT_NE(config.client_policy.trust, nullptr);
  EXPECT_EQ(config.client_policy.trust->size(), 2u);
  EXPECT_EQ(config.client_policy.role, crypto::PeerRole::client);
  EXPECT_FALSE(config.certificate_request.empty());
}

TEST_F(TlsFiles, ClientAuthorityWithoutCertificates_Loaded_ToldWithItsFile) {
  settings_.client_certificates = "request";
  settings_.client_ca = write("ca.pem", "nothing of use\n");
  EXPECT_THAT(only_fault(), HasSubstr("ca.pem: no certificate in PEM form was found"));
  settings_.client_ca = folder_ / "none.pem";
  EXPECT_THAT(only_fault(), HasSubstr("none.pem: cannot be read: No such file"));
}

TEST_F(TlsFiles, NobodyIsAsked_Loaded_NoCertificateRequestIsMade) {
  const auto loaded = load();
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->by_name.at("site")->certificate_request.empty());
  EXPECT_TRUE(loaded->by_name.at("site")->certificate_request12.empty());
}

TEST_F(TlsFiles, TicketKeysInAFile_Loaded_TheyAreInForce) {
  settings_.ticket_keys = write("keys", std::string(48, 'a') + std::string(48, 'b'));
  std::filesystem::permissions(settings_.ticket_keys, std::filesystem::perms::owner_read);
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().front().message;
  EXPECT_EQ(loaded->by_name.at("site")->keys_in_force()->size(), 2u);
  EXPECT_TRUE(loaded->warnings.empty());
}

TEST_F(TlsFiles, TicketKeysThatOthersMayRead_Loaded_WarnedOf) {
  settings_.ticket_keys = write("keys", std::string(48, 'a'));
  settings_.ticket_keys_at = {7, 15};
  std::filesystem::permissions(settings_.ticket_keys,
                               std::filesystem::perms::owner_read | std::filesystem::perms::group_read);
  const auto loaded = load();
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 1u);
  EXPECT_THAT(to_string(loaded->warnings[0], "f"), testing::StartsWith("f:7:15: "));
  EXPECT_THAT(loaded->warnings[0].message, HasSubstr("others than its owner may read"));
}

TEST_F(TlsFiles, TicketKeysThatAreNone_Loaded_ToldWithTheirPlace) {
  settings_.ticket_keys_at = {7, 15};
  for (const auto& [content, told] :
       {std::pair{std::string(), "there are 0 bytes"}, std::pair{std::string(47, 'a'), "there are 47 bytes"},
        std::pair{std::string(193, 'a'), "the file has 193 bytes"},
        std::pair{std::string(96, 'a'), "two of the ticket keys have the same name"}}) {
    settings_.ticket_keys = write("keys", content);
    const auto loaded = load();
    ASSERT_FALSE(loaded);
    EXPECT_THAT(to_string(loaded.error().front(), "f"),
                testing::AllOf(testing::StartsWith("f:7:15: "), HasSubstr(told)));
  }
  settings_.ticket_keys = folder_;
  EXPECT_THAT(only_fault(), HasSubstr("is not a regular file"));
}

TEST_F(TlsFiles, NoTickets_Loaded_NoKeysAreMade) {
  settings_.tickets = false;
  const auto loaded = load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->by_name.at("site")->keys_in_force(), nullptr);
}

}  // namespace
}  // namespace handsel::engine
