#include "facts.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ends.h"
#include "setup.h"
#include "stage.h"
#include "tls/names.h"

namespace handsel::tls::conformance {
namespace {

using Names = std::vector<std::string>;

void print(const std::string& name, const Names& values, const std::string& note = "") {
  std::string line;
  for (const std::string& value : values) line += (line.empty() ? "" : ", ") + value;
  std::printf("%s\t%s%s\n", name.c_str(), line.c_str(), note.c_str());
}

std::string in_code(std::string_view name) { return "`" + std::string(name) + "`"; }

/// Two ends of our own, for a handshake and more of them.
struct Meeting {
  explicit Meeting(const Setup& setup)
      : client_config(*prepared(setup.client)), server_config(*prepared(setup.server)) {
    server_side.world.worker.unix_at_zero_ms = client_side.world.worker.unix_at_zero_ms;
    connect();
  }
  void connect() {
    client.emplace(client_side, client_config);
    server.emplace(server_side, server_config);
    client->start();
    test::exchange(*client, *server);
  }
  bool connected() const { return client->connected && server->connected; }
  const Info& info() { return server->session().info(); }

  Listened client_side, server_side;
  ClientConfig client_config;
  ServerConfig server_config;
  std::optional<Engine> client, server;
};

Setup setup_for(Version version) {
  Scenario scenario;
  scenario.version = version;
  return Setup(scenario);
}

/// Whether a case of these lines goes as it says.
bool holds(const std::vector<std::string>& lines) {
  Case script;
  for (const std::string& line : lines) script.lines.push_back({0, words_of(line)});
  try {
    play(script);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

Names versions() {
  Names names;
  for (const Version version : {Version::tls13, Version::tls12})
    if (Meeting meeting(setup_for(version)); meeting.connected())
      names.emplace_back(version_name(meeting.info().version));
  return names;
}

Names refused_versions() {
  Names names;
  for (const Named& version : kVersionNames) {
    char hello[64];
    std::snprintf(hello, sizeof hello, "ClientHello.version = %04x", version.number);
    if (holds({"server 1.2", hello, "refuses protocol_version unsupported_version"})) names.emplace_back(version.name);
  }
  return names;
}

template <class Suites>
Names suites(Version version, const Suites& known) {
  Names names;
  for (const Suite& suite : known) {
    Setup setup = setup_for(version);
    (version == Version::tls13 ? setup.client.suites : setup.client.suites12) = {suite.id};
    if (Meeting meeting(setup); meeting.connected()) names.push_back(in_code(suite_name(meeting.info().cipher_suite)));
  }
  return names;
}

Names rsa_suites() {
  Names names;
  for (const char* suite : {"aes128", "aes256"})
    if (holds({"server 1.2 rsa", std::string("peer suites ") + suite, "connects"}))
      names.push_back(in_code(suite_name(static_cast<std::uint16_t>(rsa_suite(suite).id))));
  return names;
}

Names groups() {
  Names names;
  for (const Named& named : kGroupNames) {
    Setup setup = setup_for(Version::tls13);
    setup.client.groups = {static_cast<NamedGroup>(named.number)};
    setup.server.groups = setup.client.groups;
    if (!prepared(setup.client) || !prepared(setup.server)) continue;
    if (Meeting meeting(setup); meeting.connected()) names.push_back(in_code(named.name));
  }
  return names;
}

Names schemes(std::span<const SignatureScheme> known) {
  Names names;
  for (const SignatureScheme scheme : known) names.push_back(in_code(scheme_name(static_cast<std::uint16_t>(scheme))));
  return names;
}

/// What stands in the messages of one end when everything is asked for.
Names extensions(bool of_client) {
  Names names;
  for (const Version version : {Version::tls13, Version::tls12}) {
    Scenario scenario;
    scenario.version = version;
    scenario.authenticated = true;
    scenario.retry = scenario.early = version == Version::tls13;
    Setup setup(scenario);
    setup.client.alpn = setup.server.alpn = {"h2"};
    Meeting meeting(setup);
    for (int round = 0; round < 2; ++round) {
      for (const Item& item : (of_client ? meeting.client : meeting.server)->take_said())
        if (item.type == static_cast<std::uint8_t>(ContentType::handshake))
          for (std::string& name : extension_names(item.content, scenario.form()))
            if (std::ranges::find(names, in_code(name)) == names.end()) names.push_back(in_code(name));
      if (round == 0) meeting.connect();
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

void print_facts() {
  print("versions, as server and client", versions());
  print("refused by `protocol_version`", refused_versions());
  print("suites of TLS 1.3", suites(Version::tls13, kSuites13));
  print("suites of TLS 1.2", suites(Version::tls12, kSuites12));
  print("RSA key exchange, a server's, where the operator asks for it", rsa_suites());
  print("groups", groups());
  print("signatures verified in TLS 1.3", schemes(kVerifiedSchemes13));
  print("and in TLS 1.2 besides", schemes(kVerifiedSchemes12));
  print("resumption", [] {
    Names names;
    if (holds({"server 1.3 resumed", "connects"}) && holds({"client 1.3 resumed", "connects"}))
      names.emplace_back("TLS 1.3 by tickets, with (EC)DHE");
    if (holds({"server 1.2 resumed", "connects"}) && holds({"client 1.2 resumed", "connects"}))
      names.emplace_back("TLS 1.2 by tickets");
    return names;
  }());
  print("early data, where both ends ask for it", [] {
    Names names;
    if (holds({"server 1.3 early", "connects"}) && holds({"client 1.3 early", "connects"}))
      names.push_back("at most " + std::to_string(limits::kMaxEarlyData) + " bytes a connection");
    if (holds({"server 1.3 replayed", "declines replayed", "connects"})) names.emplace_back("of one ClientHello once");
    return names;
  }());
  print("extensions that a client sends", extensions(true));
  print("extensions that a server sends", extensions(false));
  const auto number = [](std::size_t value) { return std::to_string(value); };
  print("limits", {number(limits::kMaxHandshakeMessage) + " bytes a handshake message",
                   number(limits::kMaxExtensions) + " extensions", number(limits::kMaxKeyShares) + " key shares",
                   number(limits::kMaxTicketsTried) + " tickets looked at",
                   number(limits::kMaxPeerCertificates) + " certificates of a peer",
                   number(limits::kMaxEmptyRecords) + " records in a row that carry nothing",
                   number(limits::kMaxKeyUpdates) + " KeyUpdates in a row"});
}

}  // namespace handsel::tls::conformance
