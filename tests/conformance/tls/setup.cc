#include "setup.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <sstream>
#include <stdexcept>

#include "authority.h"
#include "client_end.h"
#include "crypto/random.h"

namespace handsel::tls::conformance {
namespace {

using std::runtime_error;
using test::Certificates;

/// Clients' certificates by the kind of their keys, each made when it is first asked for, and who vouches for them.
class ClientIdentities {
 public:
  static ClientIdentities& get() {
    static ClientIdentities made;
    return made;
  }
  const Credential& credential(const std::string& kind) {
    const auto known = credentials_.find(kind);
    return known != credentials_.end() ? known->second : credentials_.emplace(kind, make(kind)).first->second;
  }
  const std::shared_ptr<const crypto::TrustStore>& trust() const { return trust_; }

 private:
  Credential make(const std::string& kind) const {
    static const std::map<std::string, const char*> kCurves = {
        {"ecdsa", "P-256"}, {"rsa", nullptr}, {"pss", "RSA-PSS"}};
    const auto curve = kCurves.find(kind);
    if (curve == kCurves.end()) throw runtime_error("no such certificate of a client: " + kind);
    crypto::Wanted wanted;
    wanted.names.clear();
    wanted.curve = curve->second;
    wanted.extended_key_usage = "clientAuth";
    const crypto::Issued issued = authority_.make(wanted);
    Credential credential;
    credential.key = *Certificates::get().keys.add_pem(issued.key_pem());
    credential.kind = credential_kind(Certificates::get().keys.type(credential.key).algorithm);
    credential.chain = {issued.der(), authority_.intermediate().der()};
    return credential;
  }

  crypto::Authority authority_{std::time(nullptr)};
  std::shared_ptr<const crypto::TrustStore> trust_ = *crypto::TrustStore::from_pem(authority_.root().pem());
  std::map<std::string, Credential> credentials_;
};

std::vector<std::string> list_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string each; std::getline(stream, each, ',');) out.push_back(each);
  return out;
}

template <class T>
T named(const std::map<std::string, T>& known, const std::string& name) {
  const auto found = known.find(name);
  if (found == known.end()) throw runtime_error("no such value: " + name);
  return found->second;
}

template <class T>
std::vector<T> all_named(const std::map<std::string, T>& known, const std::string& names) {
  std::vector<T> out;
  for (const std::string& each : list_of(names))
    if (const T value = named(known, each); std::ranges::find(out, value) == out.end()) out.push_back(value);
  return out;
}

const std::map<std::string, NamedGroup> kGroups = {
    {"x25519", NamedGroup::x25519}, {"p256", NamedGroup::secp256r1}, {"p384", NamedGroup::secp384r1}};
const std::map<std::string, CipherSuite> kSuites = {{"aes128", CipherSuite::aes_128_gcm_sha256},
                                                    {"aes256", CipherSuite::aes_256_gcm_sha384},
                                                    {"chacha", CipherSuite::chacha20_poly1305_sha256},
                                                    {"ecdsa-aes128", CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256},
                                                    {"ecdsa-aes256", CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384},
                                                    {"ecdsa-chacha", CipherSuite::ecdhe_ecdsa_chacha20_poly1305_sha256},
                                                    {"rsa-aes128", CipherSuite::ecdhe_rsa_aes_128_gcm_sha256},
                                                    {"rsa-aes256", CipherSuite::ecdhe_rsa_aes_256_gcm_sha384},
                                                    {"rsa-chacha", CipherSuite::ecdhe_rsa_chacha20_poly1305_sha256}};
const std::map<std::string, Version> kVersions = {{"1.2", Version::tls12}, {"1.3", Version::tls13}};

bool is_1_2(CipherSuite suite) { return static_cast<std::uint16_t>(suite) >> 8 != 0x13; }

void set_client(ClientConfig& draft, const std::string& key, const std::string& value) {
  if (key == "groups") {
    draft.groups = all_named(kGroups, value);
  } else if (key == "shares") {
    draft.shares = std::stoul(value);
  } else if (key == "suites") {
    (is_1_2(named(kSuites, list_of(value)[0])) ? draft.suites12 : draft.suites) = all_named(kSuites, value);
  } else if (key == "versions") {
    draft.min_version = named(kVersions, list_of(value).front());
    draft.max_version = named(kVersions, list_of(value).back());
  } else if (key == "alpn") {
    draft.alpn = list_of(value);
  } else if (key == "name") {
    draft.server_name = value;
  } else if (key == "resumption") {
    draft.resume_sessions = value == "on";
  } else if (key == "compatibility") {
    draft.compatibility_mode = value == "on";
  } else if (key == "records_per_key") {
    draft.records_per_key = std::stoul(value);
  } else if (key == "early_data") {
    draft.early_data = value == "on";
  } else if (key == "certificate") {
    draft.credential = ClientIdentities::get().credential(value);
  } else if (key == "verification") {
    draft.verification = Verification::none;
  } else {
    throw runtime_error("no such setting of a client: " + key);
  }
}

void set_server(ServerConfig& draft, const std::string& key, const std::string& value) {
  const Certificates& certificates = Certificates::get();
  static const std::map<std::string, const Credential*> kCredentials = {
      {"ecdsa", &certificates.ecdsa},     {"rsa", &certificates.rsa},     {"p384", &certificates.ecdsa_p384},
      {"ed25519", &certificates.ed25519}, {"pss", &certificates.rsa_pss}, {"other", &certificates.other}};
  if (key == "groups") {
    draft.groups = all_named(kGroups, value);
  } else if (key == "suites") {
    draft.suites = all_named(kSuites, value);
  } else if (key == "versions") {
    draft.min_version = named(kVersions, value);
  } else if (key == "alpn") {
    draft.alpn = list_of(value);
  } else if (key == "credentials") {
    draft.credentials.clear();
    for (const Credential* each : all_named(kCredentials, value)) draft.credentials.push_back(*each);
  } else if (key == "asks") {
    draft.client_certificates = ClientCertificates::request;
    draft.client_trust = ClientIdentities::get().trust();
  } else if (key == "rsa") {
    draft.rsa_key_exchange = value == "on";
  } else if (key == "tickets") {
    if (value == "off") draft.ticket_keys = nullptr;
  } else if (key == "early_data") {
    draft.max_early_data = static_cast<std::uint32_t>(std::stoul(value));
  } else if (key == "record_size_limit") {
    draft.record_size_limit = static_cast<std::uint16_t>(std::stoul(value));
  } else if (key == "records_per_key") {
    draft.records_per_key = std::stoul(value);
  } else {
    throw runtime_error("no such setting of a server: " + key);
  }
}

}  // namespace

Scenario Scenario::parse(const Words& words) {
  Scenario scenario;
  if (words.size() < 2 || (words[0] != "server" && words[0] != "client"))
    throw runtime_error("a case begins with the role and the version of the end that is tested");
  scenario.engine_is_server = words[0] == "server";
  scenario.version = named(kVersions, words[1]);
  for (auto word = words.begin() + 2; word != words.end(); ++word)
    *named(std::map<std::string, bool*>{{"retry", &scenario.retry},
                                        {"resumed", &scenario.resumed},
                                        {"early", &scenario.early},
                                        {"replayed", &scenario.replayed},
                                        {"rsa", &scenario.rsa},
                                        {"authenticated", &scenario.authenticated}},
           *word) = true;
  scenario.early |= scenario.replayed;
  scenario.resumed |= scenario.early;
  return scenario;
}

const Suite& rsa_suite(const std::string& name) {
  static const std::map<std::string, const Suite*> kNames = {{"aes128", &kRsaKeyExchangeSuites12[0]},
                                                             {"aes256", &kRsaKeyExchangeSuites12[1]}};
  return *named(kNames, name);
}

Setup::Setup(const Scenario& scenario) : client(test::default_client()), server(test::World::default_config()) {
  static crypto::SystemEntropy entropy;
  client.min_version = client.max_version = scenario.version;
  server.min_version = Version::tls12;
  server.ticket_keys = TicketKeys::random(entropy);
  server.rsa_key_exchange = scenario.rsa;
  client.exporters = server.exporters = true;
  client.early_data = scenario.early;
  if (scenario.early) server.max_early_data = 1'000;
  if (scenario.retry) server.groups = {NamedGroup::secp256r1};
  if (scenario.authenticated) {
    server.client_certificates = ClientCertificates::require;
    server.client_trust = ClientIdentities::get().trust();
    client.credential = ClientIdentities::get().credential("ecdsa");
  }
}

void Setup::set(const Scenario& scenario, const Words& words) {
  if (scenario.rsa && words.at(0) == "peer") {
    if (words.at(1) == "premaster")
      premaster = words.at(2);
    else if (words.at(1) == "suites")
      rsa_suite = &conformance::rsa_suite(words.at(2));
    else
      throw runtime_error("no such setting of a client with RSA key exchange: " + words[1]);
    return;
  }
  const bool server_side = scenario.engine_is_server == (words.at(0) == "engine");
  if (server_side)
    set_server(server, words.at(1), words.at(2));
  else
    set_client(client, words.at(1), words.at(2));
}

}  // namespace handsel::tls::conformance
