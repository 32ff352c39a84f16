// What handsel-load is told of TLS, and what becomes of it.

#include "engine/load_tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>

#include "crypto/certificate.h"

namespace handsel::engine {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHost = "10.77.1.1";
constexpr std::int64_t kNow = 1'800'000'000;

class LoadTlsOptions : public ::testing::Test {
 protected:
  void SetUp() override { settings.insecure = true; }
  void expect_fault(std::string_view words) {
    const auto made = make_load_tls(settings, kHost, keys, kNow);
    ASSERT_FALSE(made) << words;
    EXPECT_THAT(made.error(), HasSubstr(words));
  }
  LoadTls made() {
    auto tls = make_load_tls(settings, kHost, keys, kNow);
    EXPECT_TRUE(tls) << tls.error();
    if (tls) return *tls;
    const auto nothing = std::make_shared<const tls::ClientConfig>();
    return {.full = nothing, .resuming = nothing};
  }
  /// A certificate in a file that goes with the test.
  std::string certificate_file() {
    const auto own = crypto::make_self_signed(keys, {crypto::KeyAlgorithm::p256, 256},
                                              std::array<std::string, 1>{"a.test"}, 30, kNow);
    const auto path = std::filesystem::path(::testing::TempDir()) / "load_tls_test.pem";
    std::ofstream(path) << crypto::to_pem(own->chain);
    pin = *crypto::pin_of(own->chain.der.front());
    return path;
  }

  LoadTlsSettings settings;
  crypto::KeyStore keys;
  crypto::KeyPin pin{};
};

TEST_F(LoadTlsOptions, nothing_said_offers_all_and_resumes_nothing) {
  const LoadTls tls = made();
  EXPECT_TRUE(tls.full->offers(tls::Version::tls12));
  EXPECT_TRUE(tls.full->offers(tls::Version::tls13));
  EXPECT_EQ(tls.full->policy.host, kHost);
  EXPECT_EQ(tls.full->sent_name, "");  // an address is not sent
  EXPECT_FALSE(tls.full->resume_sessions);
  EXPECT_EQ(tls.resuming, nullptr);
}

TEST_F(LoadTlsOptions, who_is_not_told_otherwise_verifies_the_chain) {
  settings.insecure = false;
  settings.ca = certificate_file();
  EXPECT_EQ(made().full->verification, tls::Verification::chain);
  EXPECT_NE(made().full->policy.trust, nullptr);
  settings.pins = {settings.ca};
  EXPECT_EQ(made().full->verification, tls::Verification::chain);  // and the pin
  settings.ca.clear();
  EXPECT_EQ(made().full->verification, tls::Verification::pinned);
}

TEST_F(LoadTlsOptions, pin_is_a_digest_or_that_of_a_file) {
  settings.insecure = false;
  settings.pins = {certificate_file(), std::string(62, '0') + "fF"};
  const std::vector<crypto::KeyPin> pins = made().full->pins;
  ASSERT_EQ(pins.size(), 2u);
  EXPECT_EQ(pins[0], pin);
  EXPECT_EQ(pins[1].back(), 0xff);
}

TEST_F(LoadTlsOptions, suites_go_to_their_versions_and_leave_out_the_other) {
  settings.suites = {"TLS_AES_256_GCM_SHA384"};
  EXPECT_FALSE(made().full->offers(tls::Version::tls12));
  settings.suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_FALSE(made().full->offers(tls::Version::tls13));
  settings.suites.emplace_back("TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(made().full->suites.size(), 1u);
  EXPECT_EQ(made().full->suites12.size(), 1u);
  EXPECT_TRUE(made().full->offers(tls::Version::tls12));
}

TEST_F(LoadTlsOptions, names_versions_and_groups_arrive) {
  settings.server_name = "Example.test";
  settings.versions = {"1.3"};
  settings.groups = {"P-384", "x25519"};
  settings.alpn = {"http/1.1"};
  const LoadTls tls = made();
  EXPECT_EQ(tls.full->sent_name, "example.test");
  EXPECT_FALSE(tls.full->offers(tls::Version::tls12));
  EXPECT_EQ(tls.full->groups, (std::vector{tls::NamedGroup::secp384r1, tls::NamedGroup::x25519}));
  EXPECT_EQ(tls.full->alpn, settings.alpn);
}

TEST_F(LoadTlsOptions, those_that_resume_and_those_that_do_not_share_their_sessions) {
  settings.resume = 0.5;
  const LoadTls tls = made();
  ASSERT_NE(tls.resuming, nullptr);
  EXPECT_EQ(tls.full->session_scope, tls.resuming->session_scope);
  EXPECT_TRUE(tls.full->resume_sessions);
  EXPECT_FALSE(tls.full->offer_sessions);
  EXPECT_TRUE(tls.resuming->offer_sessions);
  EXPECT_GE(session_memory(tls, 1'000).sessions, 1'000u);
}

TEST_F(LoadTlsOptions, faults_say_which_option_and_what_helps) {
  settings.versions = {"1.1"};
  expect_fault("--tls: \"1.1\" is neither 1.2 nor 1.3");
  settings.versions = {"1.3"};
  settings.suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};
  expect_fault("--suites: none of TLS 1.3");
  settings.suites = {"TLS_RSA_WITH_AES_128_GCM_SHA256"};
  expect_fault("TLS_AES_128_GCM_SHA256");
  settings.suites.clear();
  settings.groups = {"P-521"};
  expect_fault("--groups: \"P-521\"");
  settings.groups.clear();
  settings.ca = "system";
  expect_fault("--insecure contradicts");
  settings.insecure = false;
  settings.ca = "/no/such/file.pem";
  expect_fault("--ca: /no/such/file.pem");
  settings.ca.clear();
  settings.pins = {"12ab"};
  expect_fault("--pin: neither 64 hexadecimal digits");
  settings.pins = {std::string(64, '0')};
  settings.chain = "own.pem";
  expect_fault("--cert and --key belong together");
  settings.key = "own.key";
  expect_fault("--cert: own.pem");
}

}  // namespace
}  // namespace handsel::engine
