// ClientHellos changed by a seed, before our server and OpenSSL's, which are configured alike: both answer, or both
// refuse. Where they differ, a rule says why.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <initializer_list>
#include <map>
#include <string>

#include "hex.h"
#include "libssl_server.h"
#include "mutation.h"
#include "tls/names.h"
#include "tls/ticket.h"
#include "verdict.h"

namespace handsel::tls::test {
namespace {

struct Outcome {
  Verdict ours{}, theirs{};
  Error error = Error::none;
  int alert = -1;  ///< OpenSSL's
};

class Servers {
 public:
  Servers() : libssl_(LibsslCertificates::get().ecdsa) {
    ServerConfig draft = World::default_config();
    draft.min_version = Version::tls12;
    draft.groups = {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1};
    draft.alpn = {"http/1.1"};
    config_ = *prepared(std::move(draft));
    SSL_CTX* const context = libssl_.context();
    libssl_.use(LibsslCertificates::get().rsa);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context,
                            "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
                            "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305");
    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
    SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:RSA+SHA384");
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose, nullptr);
  }

  Outcome judge(Bytes message) {
    Buffer record = {22, 3, 1, static_cast<std::uint8_t>(message.size() >> 8),
                     static_cast<std::uint8_t>(message.size())};
    append(record, message);
    Outcome outcome;
    ServerEnd ours(world_, config_);
    ours.receive(record);
    ours.settle();
    outcome.error = ours.session().failure().error;
    outcome.ours = verdict(ours.failed, ours.take_output());
    libssl_.next_connection();
    libssl_.give(record);
    libssl_.run();
    outcome.alert = libssl_.alert_sent;
    outcome.theirs = verdict(outcome.alert > 0, libssl_.take_output());
    return outcome;
  }

 private:
  static Verdict verdict(bool failed, const Buffer& output) {
    if (failed) return Verdict::refused;
    return output.empty() ? Verdict::waiting : Verdict::accepted;
  }
  static int choose(SSL*, const unsigned char** out, unsigned char* bytes, const unsigned char* in, unsigned in_bytes,
                    void*) {
    static constexpr std::string_view kKnown = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int result =
        SSL_select_next_proto(&chosen, bytes, reinterpret_cast<const unsigned char*>(kKnown.data()), 9, in, in_bytes);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  World world_;
  ServerConfig config_;
  LibsslServer libssl_;
};

// RFC 7748 6.1: Alice's.
constexpr const char* kX25519Share = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
// The generator (FIPS 186-4 D.1.2.3).
constexpr const char* kP256Share =
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

/// What clients of several makes send, written out so that a seed says all.
std::vector<HelloParts> base_hellos() {
  const auto extension = [](std::uint16_t type, std::string_view hex) { return std::pair(type, from_hex(hex)); };
  const auto name = extension(0, "000f00000c6578616d706c652e74657374");
  const auto groups = extension(10, "0006001d00170018");
  const auto formats = extension(11, "0100");
  const auto schemes = extension(13, "000c040305030807080408050401");
  const auto alpn = extension(16, "000c08687474702f312e3102 6832");
  const auto ems = extension(23, "");
  const auto ticket = extension(35, "");
  const auto renegotiation = extension(0xff01, "00");
  const auto versions = extension(43, "0403040303");
  const auto modes = extension(45, "0101");
  const auto x25519 = extension(51, std::string("0024001d0020") + kX25519Share);
  const auto p256 = extension(51, std::string("004500170041") + kP256Share);
  const auto both = extension(51, std::string("0069001d0020") + kX25519Share + "00170041" + kP256Share);
  const auto no_shares = extension(51, "0000");

  HelloParts tls13;
  tls13.session_id = Buffer(32, 0x22);
  tls13.suites = from_hex("130113021303c02bc02fc02cc030");
  tls13.extensions = {name, formats, groups, ticket, ems, schemes, versions, modes, x25519, alpn};
  HelloParts tls13_alone = tls13;
  tls13_alone.session_id.clear();
  tls13_alone.suites = from_hex("1303");
  tls13_alone.extensions = {groups, schemes, extension(43, "020304"), p256};
  HelloParts browser = tls13;
  browser.suites = from_hex("0a0a130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035");
  browser.extensions = {extension(0x2a2a, ""),
                        name,
                        ems,
                        renegotiation,
                        extension(10, "00082a2a001d00170018"),
                        formats,
                        ticket,
                        alpn,
                        extension(5, "0100000000"),
                        schemes,
                        extension(18, ""),
                        extension(51, std::string("00292a2a000100001d0020") + kX25519Share),
                        modes,
                        extension(43, "063a3a03040303"),
                        extension(27, "020002"),
                        extension(0x5a5a, "00"),
                        extension(21, std::string(80, '0'))};
  HelloParts two_shares = tls13;
  two_shares.extensions = {name, groups, schemes, versions, both, modes, extension(50, "0006040308040401")};
  HelloParts retried = tls13;
  retried.extensions = {name, groups, schemes, versions, no_shares, alpn};
  HelloParts resuming = tls13;
  resuming.extensions = {name,
                         groups,
                         schemes,
                         versions,
                         x25519,
                         modes,
                         extension(28, "4001"),
                         extension(41,
                                   "000e0008aabbccddaabbccdd00001000"
                                   "002120" +
                                       std::string(64, '3'))};
  HelloParts tls12 = tls13;
  tls12.suites = from_hex("c02bc02fc02cc030cca9cca800ff");
  tls12.session_id.clear();
  tls12.extensions = {name, formats, groups, ticket, extension(22, ""), ems, schemes, alpn};
  HelloParts tls12_bare = tls12;
  tls12_bare.suites = from_hex("c02f00ff");
  tls12_bare.extensions = {groups, formats, schemes};
  return {tls13, tls13_alone, browser, two_shares, retried, resuming, tls12, tls12_bare};
}

struct Case {
  HelloParts hello;  ///< as far as it can be read
  Outcome outcome;

  bool we_refuse(std::initializer_list<Error> errors) const {
    return outcome.ours == Verdict::refused && std::ranges::find(errors, outcome.error) != errors.end();
  }
  bool only_they_refuse() const { return outcome.ours == Verdict::accepted && outcome.theirs == Verdict::refused; }
  bool has(ExtensionType type) const { return hello.extension(static_cast<std::uint16_t>(type)) != nullptr; }
  bool repeats_an_extension() const {
    for (std::size_t i = 0; i < hello.extensions.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (hello.extensions[i].first == hello.extensions[j].first) return true;
    return false;
  }
};

// What OpenSSL knows and we do not: max_fragment_length, srp, use_srtp, encrypt_then_mac, certificate_authorities,
// post_handshake_auth.
constexpr std::array<std::uint16_t, 6> kOpensslsOwn = {1, 12, 14, 22, 47, 49};

/// A difference that is meant to be, and why.
struct Rule {
  const char* name;
  bool (*applies)(const Case&);
};
constexpr std::array kRules = {
    // We are the stricter.
    Rule{"an extension that OpenSSL does not know comes twice: none may (RFC 8446 4.2)",
         [](const Case& each) { return each.we_refuse({Error::duplicate_extension}) && each.repeats_an_extension(); }},
    Rule{"record_size_limit, which OpenSSL does not know, is malformed or too small (RFC 8449 4)",
         [](const Case& each) {
           return each.we_refuse({Error::malformed_extension, Error::illegal_parameter}) &&
                  each.has(ExtensionType::record_size_limit);
         }},
    Rule{"a key share of a group that is not in supported_groups, or two of one (RFC 8446 4.2.8)",
         [](const Case& each) { return each.we_refuse({Error::duplicate_key_share}); }},
    Rule{"a host name that is none (RFC 6066 3)",
         [](const Case& each) {
           return each.we_refuse({Error::illegal_parameter}) && each.has(ExtensionType::server_name);
         }},
    Rule{"renegotiation_info that is not empty, or longer than it says (RFC 5746 3.6)",
         [](const Case& each) { return each.we_refuse({Error::handshake_refused}); }},
    Rule{"identities or binders that are malformed, behind an identity that nobody knows (RFC 8446 4.2.11)",
         [](const Case& each) {
           return each.we_refuse({Error::malformed_extension, Error::malformed_message}) &&
                  each.has(ExtensionType::pre_shared_key);
         }},
    Rule{"a cookie that we did not give, in a first ClientHello (RFC 8446 4.2.2)",
         [](const Case& each) { return each.we_refuse({Error::strange_cookie}) && each.has(ExtensionType::cookie); }},
    Rule{"something follows the ClientHello in its record (RFC 8446 5.1)",
         [](const Case& each) { return each.we_refuse({Error::straddles_key_change}); }},
    Rule{"a handshake record of no bytes (RFC 8446 5.1)",
         [](const Case& each) { return each.we_refuse({Error::empty_record}); }},
    Rule{"a message that says to be longer than our bound, for the rest of which OpenSSL waits",
         [](const Case& each) {
           return each.we_refuse({Error::message_too_long}) && each.outcome.theirs == Verdict::waiting;
         }},
    Rule{"the beginning of what cannot become a ClientHello, for the rest of which OpenSSL waits",
         [](const Case& each) {
           return each.we_refuse({Error::unexpected_handshake_message}) && each.outcome.theirs == Verdict::waiting;
         }},
    // OpenSSL is.
    Rule{"pre_shared_key without psk_key_exchange_modes (RFC 8446 4.2.9), but in TLS 1.2, which knows neither",
         [](const Case& each) {
           return each.only_they_refuse() && each.has(ExtensionType::pre_shared_key) &&
                  !each.has(ExtensionType::psk_key_exchange_modes);
         }},
    Rule{"an extension that we do not know, and so ignore, is malformed (RFC 8446 4.1.2)",
         [](const Case& each) {
           return each.only_they_refuse() && std::ranges::any_of(kOpensslsOwn, [&](std::uint16_t type) {
                    return each.hello.extension(type) != nullptr;
                  });
         }},
    Rule{"no scheme in common, which we see only after asking for another share (RFC 8446 4.1.1)",
         [](const Case& each) {
           const Buffer* const shares = each.hello.extension(static_cast<std::uint16_t>(ExtensionType::key_share));
           return each.only_they_refuse() && each.outcome.alert == SSL_AD_HANDSHAKE_FAILURE && shares != nullptr &&
                  *shares == Buffer{0, 0};
         }},
    Rule{"TLS 1.2 without supported_groups, which leaves the choice to the server (RFC 8422 4)",
         [](const Case& each) {
           return each.only_they_refuse() && !each.has(ExtensionType::supported_groups) &&
                  each.outcome.alert == SSL_AD_HANDSHAKE_FAILURE;
         }},
    Rule{"signature_algorithms_cert without the scheme of OpenSSL's chain; ours is signed by its own key",
         [](const Case& each) {
           return each.only_they_refuse() && each.has(ExtensionType::signature_algorithms_cert) &&
                  each.outcome.alert == SSL_AD_HANDSHAKE_FAILURE;
         }},
};

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kSeeds = 1'000;
#else
constexpr std::uint64_t kSeeds = 8'000;
#endif

TEST(FuzzedHello, unchanged_is_accepted_by_both) {
  Servers servers;
  for (const HelloParts& base : base_hellos()) {
    const Outcome outcome = servers.judge(base.written());
    EXPECT_EQ(outcome.ours, Verdict::accepted) << name_of(outcome.error);
    EXPECT_EQ(outcome.theirs, Verdict::accepted) << outcome.alert;
  }
}

TEST(FuzzedHello, both_servers_come_to_the_same_verdict) {
  Servers servers;
  const std::vector<HelloParts> bases = base_hellos();
  std::map<const char*, std::uint64_t> by_rule;
  std::uint64_t unexplained = 0;
  std::array<std::uint64_t, 3> by_verdict{};
  const Seeds seeds(kSeeds);
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    Mutator mutator(seed);
    const Buffer message = mutator.changed(bases[mutator.below(bases.size())]);
    const Outcome outcome = servers.judge(message);
    ++by_verdict[static_cast<std::size_t>(outcome.ours)];
    if (outcome.ours == outcome.theirs) continue;
    const Case each{HelloParts::parse(message), outcome};
    const auto rule = std::ranges::find_if(kRules, [&](const Rule& one) { return one.applies(each); });
    if (rule != kRules.end())
      ++by_rule[rule->name];
    else if (++unexplained <= 10)
      ADD_FAILURE() << "seed " << seed << ": ours " << kVerdicts[static_cast<std::size_t>(outcome.ours)] << ", "
                    << name_of(outcome.error) << "; OpenSSL's " << kVerdicts[static_cast<std::size_t>(outcome.theirs)]
                    << ", alert " << outcome.alert << "; " << to_hex(message);
  }
  EXPECT_EQ(unexplained, 0u);
  if (seeds.alone) return;
  // Both verdicts are frequent, or the mutations are no good.
  EXPECT_GT(by_verdict[0], (seeds.last - seeds.first) / 5);
  EXPECT_GT(by_verdict[1], (seeds.last - seeds.first) / 5);
  for (const auto& [name, count] : by_rule) std::printf("%8" PRIu64 "  %s\n", count, name);
}

}  // namespace
}  // namespace handsel::tls::test
