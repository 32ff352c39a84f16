// A server's flight of which one message is changed by a seed, before our client and OpenSSL's, which are configured
// alike: both go on, or both refuse. The server lies to both, so that only what it says is judged: what it signs and
// hashes is what it sends. Where they differ, a rule says why. Keys and randoms are new in every run; a seed changes
// the same places of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <string>

#include "hex.h"
#include "libssl_client.h"
#include "mutation.h"
#include "test_server.h"
#include "tls/names.h"
#include "verdict.h"

namespace handsel::tls::test {
namespace {

struct Outcome {
  Verdict ours{}, theirs{};
  Error error = Error::none;
  int alert = -1;        ///< OpenSSL's
  Buffer message;        ///< as our client got it
  Buffer their_message;  ///< as OpenSSL's did: its keys, randoms and signatures are others

  /// False when a byte that went missing let one of those slide into the message's length: the two clients were then
  /// not asked the same.
  bool asked_alike() const {
    const auto header = [](const Buffer& of) { return Bytes(of).first(std::min(of.size(), kHandshakeHeaderBytes)); };
    return std::ranges::equal(header(message), header(their_message));
  }
};

/// A flight, and which of its messages is changed.
struct Scenario {
  const char* name;
  Step step;
  Script script = {};
};

std::vector<Scenario> scenarios() {
  Script tls13;
  tls13.encrypted_extensions = {{10, {0, 4, 0, 29, 0, 23}}, {16, from_hex("000908687474702f312e31")}, {0, {}}};
  Script asks = tls13;
  asks.asks_for_certificate = true;
  Script retries = tls13;
  retries.retries = true;
  retries.group = NamedGroup::secp256r1;
  // A signature by RSA is as long in one handshake as in the next, so that a seed changes the same of it.
  Script rsa13 = tls13;
  rsa13.credential = Certificates::get().rsa;
  rsa13.scheme = SignatureScheme::rsa_pss_rsae_sha256;
  Script tls12;
  tls12.version = Version::tls12;
  tls12.suite = CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256;
  Script asks12 = tls12;
  asks12.asks_for_certificate = true;
  Script rsa12 = tls12;
  rsa12.suite = CipherSuite::ecdhe_rsa_aes_128_gcm_sha256;
  rsa12.credential = rsa13.credential;
  rsa12.scheme = rsa13.scheme;
  // ServerHello and EncryptedExtensions most often: that is where there is most to say.
  return {{"ServerHello", Step::server_hello, tls13},
          {"ServerHello", Step::server_hello, tls13},
          {"ServerHello behind a HelloRetryRequest", Step::server_hello, retries},
          {"HelloRetryRequest", Step::retry_request, retries},
          {"HelloRetryRequest", Step::retry_request, retries},
          {"EncryptedExtensions", Step::encrypted_extensions, tls13},
          {"EncryptedExtensions", Step::encrypted_extensions, tls13},
          {"CertificateRequest", Step::certificate_request, asks},
          {"Certificate", Step::certificate, tls13},
          {"CertificateVerify", Step::certificate_verify, rsa13},
          {"Finished", Step::finished, tls13},
          {"ServerHello of TLS 1.2", Step::server_hello, tls12},
          {"ServerHello of TLS 1.2", Step::server_hello, tls12},
          {"Certificate of TLS 1.2", Step::certificate, tls12},
          {"ServerKeyExchange", Step::server_key_exchange, rsa12},
          {"CertificateRequest of TLS 1.2", Step::certificate_request, asks12},
          {"ServerHelloDone", Step::server_hello_done, tls12}};
}

void change(Mutator mutator, Step step, Buffer& message) {
  if (step == Step::server_hello || step == Step::retry_request)
    message = mutator.changed(HelloParts::parse(message));
  else if (step == Step::encrypted_extensions && mutator.below(5) != 0)
    mutator.change_extensions(message, kHandshakeHeaderBytes);
  else
    mutator.change_bytes(message, 1);  // two could undo each other, as what was there has it
}

/// Else what follows would fill it up with the random bytes of keys and signatures: it is the last of its flight.
bool is_whole(const Buffer& message) {
  return message.size() >= kHandshakeHeaderBytes &&
         message.size() == kHandshakeHeaderBytes + (std::size_t{message[1]} << 16 | message[2] << 8 | message[3]);
}

/// A ClientHello in the clear, behind whatever ChangeCipherSpec.
bool holds_client_hello(Bytes output) {
  while (output.size() > kRecordHeaderBytes && output[0] == 20) output = output.subspan(kRecordHeaderBytes + 1);
  return output.size() > kRecordHeaderBytes && output[0] == 22 && output[kRecordHeaderBytes] == 1;
}
/// The client of TLS 1.2 goes on with a message in the clear.
bool answers_in_the_clear(Bytes output) { return !output.empty() && output[0] == 22 && !holds_client_hello(output); }

class Clients {
 public:
  Clients() {
    ClientConfig draft = default_client();
    draft.alpn = {"h2", "http/1.1"};
    config_ = *prepared(std::move(draft));
    SSL_CTX* const context = libssl_.context();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context,
                            "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
                            "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305");
    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>("\x02h2\x08http/1.1"), 12);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    for (const Credential& each : {Certificates::get().ecdsa, Certificates::get().rsa}) {
      const unsigned char* der = each.chain[0].data();
      X509* const certificate = d2i_X509(nullptr, &der, static_cast<long>(each.chain[0].size()));
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
      X509_free(certificate);
    }
  }

  /// Without a mutator nothing is changed.
  Outcome judge(const Scenario& scenario, const Mutator* mutator) {
    Outcome outcome;
    const auto server_for = [&](Buffer& seen) {
      Script script = scenario.script;
      if (mutator != nullptr)
        script.message = [&seen, &scenario, mutator, ended = false](Step step, Buffer& message) mutable {
          if (ended) message.clear();
          if (step != scenario.step) return;
          change(*mutator, step, message);
          seen = message;
          ended = !is_whole(message);
        };
      return TestServer(server_world_, std::move(script));
    };
    TestServer for_ours = server_for(outcome.message);
    ClientEnd ours(world_, config_);
    ours.start();
    Buffer output = ours.take_output();
    while (holds_client_hello(output)) {
      for_ours.receive(output);
      ours.receive(for_ours.take_output());
      ours.settle();
      output = ours.take_output();
    }
    outcome.error = ours.session().failure().error;
    outcome.ours = verdict(ours.failed, ours.connected || answers_in_the_clear(output));

    TestServer for_theirs = server_for(outcome.their_message);
    libssl_.next_connection();
    SSL_set1_host(libssl_.ssl(), "example.test");
    libssl_.run();
    output = libssl_.take_output();
    while (holds_client_hello(output)) {
      for_theirs.receive(output);
      libssl_.give(for_theirs.take_output());
      libssl_.run();
      output = libssl_.take_output();
    }
    outcome.alert = libssl_.alert_sent;
    outcome.theirs = verdict(outcome.alert > 0, libssl_.connected() || answers_in_the_clear(output));
    return outcome;
  }

 private:
  static Verdict verdict(bool failed, bool went_on) {
    if (failed) return Verdict::refused;
    return went_on ? Verdict::accepted : Verdict::waiting;
  }
  World server_world_;
  ClientWorld world_;
  ClientConfig config_;
  LibsslClient libssl_;
};

struct Case {
  Step step;
  Outcome outcome;
  HelloParts hello = {};  ///< the changed message, when it is one

  bool we_refuse(Error error) const { return outcome.ours == Verdict::refused && outcome.error == error; }
  bool only_we_refuse(Error error) const { return we_refuse(error) && outcome.theirs != Verdict::refused; }
  bool they_wait() const { return outcome.theirs == Verdict::waiting; }
  bool has(ExtensionType type) const { return hello.extension(static_cast<std::uint16_t>(type)) != nullptr; }
};

/// A difference that is meant to be, and why.
struct Rule {
  const char* name;
  bool (*applies)(const Case&);
};
constexpr std::array kRules = {
    // We are the stricter.
    Rule{"an extension that was not asked for (RFC 8446 4.2): OpenSSL passes over those that it does not know, and has "
         "itself asked for encrypt_then_mac",
         [](const Case& each) { return each.only_we_refuse(Error::unsolicited_extension); }},
    Rule{"an extension that OpenSSL does not know comes twice: none may (RFC 8446 4.2)",
         [](const Case& each) { return each.only_we_refuse(Error::duplicate_extension); }},
    Rule{
        "a legacy_version that is not TLS 1.2's (RFC 8446 4.1.3)",
        [](const Case& each) { return each.only_we_refuse(Error::illegal_parameter) && each.hello.version != 0x0303; }},
    Rule{"TLS 1.3 chosen by legacy_version alone (RFC 8446 4.1.3)",
         [](const Case& each) {
           return each.only_we_refuse(Error::unsupported_version) && each.hello.version == 0x0304;
         }},
    Rule{"a HelloRetryRequest without supported_versions (RFC 8446 4.1.4)",
         [](const Case& each) {
           return each.step == Step::retry_request && each.only_we_refuse(Error::missing_extension) &&
                  !each.has(ExtensionType::supported_versions);
         }},
    Rule{"extended_master_secret that is not empty (RFC 7627 5.1)",
         [](const Case& each) {
           return each.only_we_refuse(Error::malformed_extension) && each.has(ExtensionType::extended_master_secret);
         }},
    Rule{"supported_groups in a ServerHello of TLS 1.2 (RFC 8422 5.2)",
         [](const Case& each) {
           return each.only_we_refuse(Error::misplaced_extension) && each.has(ExtensionType::supported_groups);
         }},
    Rule{"something follows the server's last message of a flight in its record (RFC 8446 5.1)",
         [](const Case& each) { return each.only_we_refuse(Error::straddles_key_change); }},
    Rule{"a message that says to be longer than our bound, for the rest of which OpenSSL waits",
         [](const Case& each) { return each.we_refuse(Error::message_too_long) && each.they_wait(); }},
    Rule{"the beginning of what is not the message that is due, for the rest of which OpenSSL waits",
         [](const Case& each) { return each.we_refuse(Error::unexpected_handshake_message) && each.they_wait(); }},
    // OpenSSL is.
    Rule{"a message that says to be longer than it is, as none of its kind can be: we wait for the rest, up to our "
         "bound",
         [](const Case& each) {
           return each.outcome.ours == Verdict::waiting && each.outcome.theirs == Verdict::refused &&
                  !is_whole(each.outcome.message);
         }},
};

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kSeeds = 400;
#else
constexpr std::uint64_t kSeeds = 3'000;
#endif

TEST(FuzzedFlight, unchanged_is_accepted_by_both) {
  Clients clients;
  for (const Scenario& scenario : scenarios()) {
    const Outcome outcome = clients.judge(scenario, nullptr);
    EXPECT_EQ(outcome.ours, Verdict::accepted) << scenario.name << ": " << name_of(outcome.error);
    EXPECT_EQ(outcome.theirs, Verdict::accepted) << scenario.name << ": " << outcome.alert;
  }
}

TEST(FuzzedFlight, both_clients_come_to_the_same_verdict) {
  Clients clients;
  const std::vector<Scenario> all = scenarios();
  std::map<const char*, std::uint64_t> by_rule;
  std::uint64_t unexplained = 0, asked_apart = 0;
  std::array<std::uint64_t, 3> by_verdict{};
  const Seeds seeds(kSeeds);
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    Mutator mutator(seed);
    const Scenario& scenario = all[mutator.below(all.size())];
    const Outcome outcome = clients.judge(scenario, &mutator);
    ++by_verdict[static_cast<std::size_t>(outcome.ours)];
    if (!outcome.asked_alike()) {
      ++asked_apart;
      continue;
    }
    if (outcome.ours == outcome.theirs) continue;
    Case each{scenario.step, outcome};
    if (scenario.step == Step::server_hello || scenario.step == Step::retry_request)
      each.hello = HelloParts::parse(outcome.message);
    const auto rule = std::ranges::find_if(kRules, [&](const Rule& one) { return one.applies(each); });
    if (rule != kRules.end())
      ++by_rule[rule->name];
    else if (++unexplained <= 10)
      ADD_FAILURE() << "seed " << seed << ", " << scenario.name << ": ours "
                    << kVerdicts[static_cast<std::size_t>(outcome.ours)] << ", " << name_of(outcome.error)
                    << "; OpenSSL's " << kVerdicts[static_cast<std::size_t>(outcome.theirs)] << ", alert "
                    << outcome.alert << "; " << to_hex(outcome.message);
  }
  EXPECT_EQ(unexplained, 0u);
  if (seeds.alone) return;
  // Both verdicts are frequent, or the mutations are no good.
  EXPECT_GT(by_verdict[0], (seeds.last - seeds.first) / 20);
  EXPECT_GT(by_verdict[1], (seeds.last - seeds.first) / 5);
  EXPECT_LT(asked_apart, (seeds.last - seeds.first) / 100);
  for (const auto& [name, count] : by_rule) std::printf("%8" PRIu64 "  %s\n", count, name);
}

}  // namespace
}  // namespace handsel::tls::test
