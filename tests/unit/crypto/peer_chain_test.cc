// Chains with one thing wrong, and the fault that each is refused for.

#include "crypto/peer_chain.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "authority.h"

namespace handsel::crypto {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

const Authority& authority() {
  static const Authority made(kNow);
  return made;
}

const std::shared_ptr<const TrustStore>& trust() {
  static const std::shared_ptr<const TrustStore> made = *TrustStore::from_pem(authority().root().pem());
  return made;
}

/// Everything that goes into one judgement; a test changes one field.
struct Case {
  Wanted wanted;
  std::string host = "example.test";
  std::int64_t now = kNow;
  bool with_intermediate = true;
  std::function<void(std::vector<std::vector<std::uint8_t>>& chain)> alter = {};
  std::vector<KeyPin> pins = {};
  bool with_trust = true;

  std::expected<PublicKey, ChainFault> judge() const {
    std::vector<std::vector<std::uint8_t>> chain = {authority().make(wanted).der()};
    if (with_intermediate) chain.push_back(authority().intermediate().der());
    if (alter) alter(chain);
    const std::vector<Bytes> views(chain.begin(), chain.end());
    return accept_chain(views, {with_trust ? trust() : nullptr, host, pins}, now);
  }
};

struct Fault {
  const char* name;
  ChainFault fault;
  std::function<void(Case&)> change;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class RefusedChain : public testing::TestWithParam<Fault> {};

TEST_P(RefusedChain, has_its_fault) {
  Case changed;
  GetParam().change(changed);
  const auto key = changed.judge();
  ASSERT_FALSE(key);
  EXPECT_EQ(static_cast<int>(key.error()), static_cast<int>(GetParam().fault));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, RefusedChain,
    testing::Values(
        Fault{"other_name", ChainFault::wrong_name, [](Case& c) { c.host = "other.test"; }},
        Fault{"name_only_in_the_common_name", ChainFault::wrong_name, [](Case& c) { c.wanted.names = ""; }},
        Fault{"wildcard_of_two_labels", ChainFault::wrong_name,
              [](Case& c) {
                c.wanted.names = "DNS:*.example.test";
                c.host = "a.b.example.test";
              }},
        Fault{"wildcard_inside_a_label", ChainFault::wrong_name,
              [](Case& c) {
                c.wanted.names = "DNS:ww*.example.test";
                c.host = "www.example.test";
              }},
        Fault{"address_where_a_name_is_meant", ChainFault::wrong_name, [](Case& c) { c.host = "192.0.2.1"; }},
        Fault{"other_address", ChainFault::wrong_name,
              [](Case& c) {
                c.wanted.names = "IP:192.0.2.1";
                c.host = "192.0.2.2";
              }},
        Fault{"expired", ChainFault::not_valid_now, [](Case& c) { c.wanted.not_after = kNow - 1; }},
        Fault{"not_yet_valid", ChainFault::not_valid_now, [](Case& c) { c.wanted.not_before = kNow + 1; }},
        Fault{"authority_expired", ChainFault::not_valid_now,
              [](Case& c) {
                c.now = kNow + 2 * 86'400;
                c.wanted.not_after = kNow + 9 * 86'400;
              }},
        Fault{"intermediate_missing", ChainFault::unknown_authority, [](Case& c) { c.with_intermediate = false; }},
        Fault{"from_a_stranger", ChainFault::unknown_authority,
              [](Case& c) {
                c.alter = [](auto& chain) {
                  const Authority stranger(kNow, "stranger");
                  chain = {stranger.make({}).der(), stranger.intermediate().der(), stranger.root().der()};
                };
              }},
        Fault{"from_a_stranger_under_the_same_names", ChainFault::bad_signature,
              [](Case& c) {
                c.alter = [](auto& chain) {
                  const Authority stranger(kNow);
                  chain = {stranger.make({}).der(), stranger.intermediate().der(), stranger.root().der()};
                };
              }},
        Fault{"signed_by_itself", ChainFault::unknown_authority,
              [](Case& c) {
                c.alter = [](auto& chain) { chain = {issue({.not_before = kNow - 9, .not_after = kNow + 9}).der()}; };
              }},
        Fault{"signature_altered", ChainFault::bad_signature,
              [](Case& c) { c.alter = [](auto& chain) { chain[0].back() ^= 1; }; }},
        Fault{"signed_by_sha1", ChainFault::bad_signature, [](Case& c) { c.wanted.digest = EVP_sha1(); }},
        Fault{"issued_by_no_authority", ChainFault::bad_signature,
              [](Case& c) {
                c.alter = [](auto& chain) {
                  const Issued middle = authority().make({.common_name = "middle"});
                  chain = {issue({.not_before = kNow - 9, .not_after = kNow + 9}, &middle).der(), middle.der(),
                           authority().intermediate().der()};
                };
              }},
        Fault{"for_clients_only", ChainFault::not_for_signing,
              [](Case& c) { c.wanted.extended_key_usage = "clientAuth"; }},
        Fault{"key_not_for_signatures", ChainFault::not_for_signing,
              [](Case& c) { c.wanted.key_usage = "critical,keyAgreement"; }},
        Fault{"key_on_another_curve", ChainFault::unsupported_key, [](Case& c) { c.wanted.curve = "P-521"; }},
        Fault{"rsa_key_too_short", ChainFault::unsupported_key,
              [](Case& c) {
                c.wanted.curve = nullptr;
                c.wanted.rsa_bits = 1'024;
              }},
        Fault{"no_certificate", ChainFault::malformed, [](Case& c) { c.alter = [](auto& chain) { chain.clear(); }; }},
        Fault{"not_der", ChainFault::malformed, [](Case& c) { c.alter = [](auto& chain) { chain[0] = {1, 2, 3}; }; }},
        Fault{"bytes_behind_it", ChainFault::malformed,
              [](Case& c) { c.alter = [](auto& chain) { chain[0].push_back(0); }; }},
        Fault{"second_is_not_der", ChainFault::malformed,
              [](Case& c) { c.alter = [](auto& chain) { chain[1] = {1, 2, 3}; }; }},
        Fault{"pin_of_another_key", ChainFault::wrong_pin, [](Case& c) { c.pins = {KeyPin{}}; }},
        Fault{"pin_of_another_key_without_authorities", ChainFault::wrong_pin,
              [](Case& c) {
                c.pins = {KeyPin{}};
                c.with_trust = false;
              }}),
    [](const testing::TestParamInfo<Fault>& row) { return std::string(row.param.name); });

struct Good {
  const char* name;
  std::function<void(Case&)> change;
};
void PrintTo(const Good& good, std::ostream* out) { *out << good.name; }

class AcceptedChain : public testing::TestWithParam<Good> {};

TEST_P(AcceptedChain, gives_the_key) {
  Case changed;
  GetParam().change(changed);
  const auto key = changed.judge();
  ASSERT_TRUE(key) << static_cast<int>(key.error());
  EXPECT_TRUE(*key);
}

INSTANTIATE_TEST_SUITE_P(
    Good, AcceptedChain,
    testing::Values(Good{"as_it_is", [](Case&) {}}, Good{"case_of_the_host", [](Case& c) { c.host = "EXAMPLE.test"; }},
                    Good{"wildcard",
                         [](Case& c) {
                           c.wanted.names = "DNS:*.example.test";
                           c.host = "www.example.test";
                         }},
                    Good{"address",
                         [](Case& c) {
                           c.wanted.names = "IP:2001:db8::1";
                           c.host = "2001:db8::1";
                         }},
                    Good{"rsa", [](Case& c) { c.wanted.curve = nullptr; }},
                    Good{"no_key_usage_at_all", [](Case& c) { c.wanted.key_usage = nullptr; }},
                    Good{"root_shown_too",
                         [](Case& c) { c.alter = [](auto& chain) { chain.push_back(authority().root().der()); }; }},
                    Good{"out_of_order",
                         [](Case& c) {
                           c.alter = [](auto& chain) {
                             chain.push_back(authority().root().der());
                             std::swap(chain[1], chain[2]);
                           };
                         }},
                    Good{"anything_when_nothing_is_asked",
                         [](Case& c) {
                           c.with_trust = false;
                           c.host = "other.test";
                           c.wanted.not_after = kNow - 1;
                         }}),
    [](const testing::TestParamInfo<Good>& row) { return std::string(row.param.name); });

TEST(KeyPin, of_the_right_key_is_enough_without_authorities_and_not_enough_with_them) {
  const Issued made = authority().make({.names = "DNS:other.test", .common_name = "other.test"});
  const std::vector<std::uint8_t> der = made.der();
  const Bytes view(der);
  const KeyPin pin = *pin_of(view);
  EXPECT_TRUE(accept_chain({&view, 1}, {nullptr, "example.test", {KeyPin{}, pin}}, 0));
  EXPECT_FALSE(accept_chain({&view, 1}, {trust(), "example.test", {pin}}, kNow));
}

TEST(PeerKeyCache, takes_nothing_on_trust) {
  PeerKeyCache cache;
  const auto fault_of = [&cache](Bytes certificate, const PeerPolicy& policy) {
    const auto key = accept_chain({&certificate, 1}, policy, kNow, &cache);
    return key ? std::nullopt : std::optional(key.error());
  };
  const std::vector<std::uint8_t> der = authority().make({}).der();
  const Bytes view(der);
  for (int time = 0; time < 2; ++time) {
    const auto key = accept_chain({&view, 1}, {}, 0, &cache);
    ASSERT_TRUE(key);
    EXPECT_TRUE(std::ranges::equal(key->point(), public_key_of(view)->point()));
    EXPECT_TRUE(accept_chain({&view, 1}, {nullptr, "", {*pin_of(view)}}, 0, &cache));
    EXPECT_EQ(fault_of(view, {nullptr, "", {KeyPin{}}}), ChainFault::wrong_pin);
    EXPECT_EQ(fault_of(view, {trust(), "other.test", {}}), ChainFault::unknown_authority);
  }
  const std::vector<std::uint8_t> not_for_signing = authority().make({.key_usage = "critical,keyAgreement"}).der();
  const Bytes other(not_for_signing);
  for (int time = 0; time < 2; ++time) EXPECT_EQ(fault_of(other, {}), ChainFault::not_for_signing);
}

TEST(PeerKeyCache, knows_a_certificate_by_every_byte_until_others_have_come) {
  PeerKeyCache cache;
  std::vector<std::uint8_t> der = authority().make({}).der();
  PeerCertificate said{*public_key_of(der), {}, true};
  cache.keep(der, said);
  ASSERT_NE(cache.find(der), nullptr);
  der.back() ^= 1;
  EXPECT_EQ(cache.find(der), nullptr);
  EXPECT_EQ(cache.find(Bytes(der).first(der.size() - 1)), nullptr);
  der.back() ^= 1;
  for (std::uint8_t i = 1; i <= PeerKeyCache::kEntries; ++i) {
    EXPECT_NE(cache.find(der), nullptr);
    cache.keep(std::vector<std::uint8_t>(i, i), said);
  }
  EXPECT_EQ(cache.find(der), nullptr);
  cache.keep(std::vector<std::uint8_t>(PeerKeyCache::kMaxCertificateBytes + 1), said);
  EXPECT_EQ(cache.find(std::vector<std::uint8_t>(PeerKeyCache::kMaxCertificateBytes + 1)), nullptr);
}

TEST(TrustStore, trusts_what_it_holds_as_it_stands) {
  // An authority without its root; and peers that have signed for themselves, all of one name.
  const auto below = *TrustStore::from_pem(authority().intermediate().pem());
  const std::vector<std::uint8_t> leaf = authority().make({}).der();
  const Bytes leaf_view(leaf);
  EXPECT_TRUE(accept_chain({&leaf_view, 1}, {below, "example.test", {}}, kNow));

  std::string pem;
  std::vector<std::vector<std::uint8_t>> alone;
  for (const char* curve : {"P-256", "P-384", "ED25519"}) {
    const Issued made = issue({.curve = curve,
                               .not_before = kNow - 9,
                               .not_after = kNow + 9,
                               .digest = std::string_view(curve) == "ED25519" ? nullptr : EVP_sha256()});
    pem += made.pem();
    alone.push_back(made.der());
  }
  const auto all = *TrustStore::from_pem(pem);
  for (const Bytes der : alone) EXPECT_TRUE(accept_chain({&der, 1}, {all, "example.test", {}}, kNow));
}

TEST(TrustStore, says_what_is_wrong_with_a_text) {
  EXPECT_NE(TrustStore::from_pem("").error().find("no certificate"), std::string::npos);
  std::string damaged = authority().root().pem();
  damaged[80] = '!';
  EXPECT_NE(TrustStore::from_pem(authority().root().pem() + damaged).error().find("certificate 2 is damaged"),
            std::string::npos);
  EXPECT_EQ((*TrustStore::from_pem(authority().root().pem() + authority().intermediate().pem()))->size(), 2u);
}

}  // namespace
}  // namespace handsel::crypto
