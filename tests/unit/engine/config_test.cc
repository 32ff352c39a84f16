#include "engine/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/config_keys.h"

namespace handsel::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::string_view kWhole = R"([engine]
name = "edge-1"
workers = [0, 1]
memory_mib = 512
kernels = "libcrypto"
crypto = [5, 4]
log = "debug"
runtime_dir = "/run/edge"

[[port]]
device = "net_tap0,iface=handsel0"
addresses = ["10.77.0.2/24", "fd77::2/64"]
kernel_addresses = ["10.77.0.1/24"]
gateway = ["10.77.0.1", "fe80::1"]
vlan = 7
mtu = 9000
queues = 2

[[listener]]
address = "10.77.0.2"
port = 443
tls = "site"
service = "echo"

[[listener]]
port = 80

[tls.site]
certificates = [{chain = "site.pem", key = "/etc/keys/site.key", ocsp = "site.ocsp"}]
client_certificates = "request"
client_ca = "ca.pem"
alpn = ["http/1.1"]
groups = ["secp256r1", "x25519"]
suites = ["TLS_AES_256_GCM_SHA384"]
min_version = "1.3"
ticket_keys = "tickets"

[limits]
flows = 1000
half_open = 100
handshakes_per_second = 5_000
pacing = true
handshake_timeout = "250ms"
session_ids = 0
idle_timeout = 90
drain_timeout = "2min"

[crypto]
bank = 1000
)";

/// The smallest configuration without a fault: line 1 is its first section.
constexpr std::string_view kPort = "[[port]]\ndevice = \"net_tap0\"\naddresses = [\"10.0.0.2/24\"]\n";
constexpr std::string_view kListener = "[[listener]]\nport = 80\n";

std::string good_and(std::string_view more) { return std::string(kPort) + std::string(kListener) + std::string(more); }

/// The faults as an operator reads them.
std::vector<std::string> faults_of(std::string_view text) {
  const auto config = parse_config(text);
  std::vector<std::string> lines;
  if (config) return lines;
  for (const Fault& fault : config.error()) lines.push_back(to_string(fault, "f"));
  return lines;
}

TEST(Config, WholeFile_Parsed_EverySettingArrives) {
  const auto config = parse_config(kWhole, "/etc/handsel");
  ASSERT_TRUE(config) << to_string(config.error().front(), "f");
  EXPECT_EQ(config->engine.name, "edge-1");
  EXPECT_THAT(config->engine.worker_cores, ElementsAre(0, 1));
  EXPECT_EQ(config->engine.worker_count, 2);
  EXPECT_EQ(config->engine.memory_mib, 512u);
  EXPECT_EQ(config->engine.kernels, "libcrypto");
  EXPECT_THAT(config->engine.crypto_cores, ElementsAre(5, 4));
  EXPECT_EQ(config->engine.log, "debug");
  EXPECT_EQ(config->engine.runtime_dir, "/run/edge");
  ASSERT_EQ(config->ports.size(), 1u);
  const PortSettings& port = config->ports[0];
  EXPECT_EQ(port.device, "net_tap0,iface=handsel0");
  EXPECT_THAT(port.addresses,
              ElementsAre(*wire::IpPrefix::parse("10.77.0.2/24"), *wire::IpPrefix::parse("fd77::2/64")));
  EXPECT_THAT(port.kernel_addresses, ElementsAre(*wire::IpPrefix::parse("10.77.0.1/24")));
  EXPECT_THAT(port.gateways, ElementsAre(*wire::IpAddress::parse("10.77.0.1"), *wire::IpAddress::parse("fe80::1")));
  EXPECT_EQ(port.vlan, 7);
  EXPECT_EQ(port.mtu, 9000);
  EXPECT_EQ(port.queues, 2);
  ASSERT_EQ(config->listeners.size(), 2u);
  EXPECT_EQ(config->listeners[0].address, wire::IpAddress::parse("10.77.0.2"));
  EXPECT_EQ(config->listeners[0].port, 443);
  EXPECT_EQ(config->listeners[0].tls, "site");
  EXPECT_EQ(config->listeners[0].service, "echo");
  EXPECT_FALSE(config->listeners[1].address);
  EXPECT_EQ(config->listeners[1].service, "http");
  const TlsSettings* tls = config->find_tls("site");
  ASSERT_NE(tls, nullptr);
  ASSERT_EQ(tls->certificates.size(), 1u);
  EXPECT_EQ(tls->certificates[0].chain, "/etc/handsel/site.pem") << "relative to the file's folder";
  EXPECT_EQ(tls->certificates[0].key, "/etc/keys/site.key");
  EXPECT_THAT(tls->alpn, ElementsAre("http/1.1"));
  EXPECT_EQ(tls->certificates[0].ocsp, "/etc/handsel/site.ocsp");
  EXPECT_EQ(tls->client_certificates, "request");
  EXPECT_EQ(tls->client_ca, "/etc/handsel/ca.pem");
  EXPECT_EQ(tls->ticket_keys, "/etc/handsel/tickets");
  EXPECT_THAT(tls->groups, ElementsAre(23, 29));
  EXPECT_THAT(tls->suites, ElementsAre(0x1302));
  EXPECT_EQ(config->crypto.bank, 1000u);
  EXPECT_EQ(config->limits.flows, 1000u);
  EXPECT_TRUE(config->limits.pacing);
  EXPECT_EQ(config->limits.half_open, 100u);
  EXPECT_EQ(config->limits.handshakes_per_second, 5'000u);
  EXPECT_EQ(config->limits.handshake_timeout, 250ms);
  EXPECT_EQ(config->limits.idle_timeout, 90s);
  EXPECT_EQ(config->limits.drain_timeout, 2min);
  EXPECT_EQ(config->limits.close_timeout, 10s) << "the default stays";
}

TEST(Config, NoFile_Defaults_ServeHttpsAndHttpOnATap) {
  const Config config = default_config();
  ASSERT_EQ(config.ports.size(), 1u);
  EXPECT_EQ(config.ports[0].device, "net_tap0,iface=handsel0");
  EXPECT_EQ(config.ports[0].addresses[0].to_string(), "10.77.0.2/24");
  EXPECT_EQ(config.ports[0].kernel_addresses[1].to_string(), "fd77::1/64");
  ASSERT_EQ(config.listeners.size(), 2u);
  EXPECT_EQ(config.listeners[0].port, 443);
  EXPECT_NE(config.find_tls(config.listeners[0].tls), nullptr);
  EXPECT_EQ(config.listeners[1].port, 80);
  EXPECT_TRUE(config.listeners[1].tls.empty());
}

struct OneFault {
  std::string_view name;
  std::string text;
  std::string line;  ///< what is told, from "f:" on
};
void PrintTo(const OneFault& fault, std::ostream* out) { *out << fault.name; }

class FaultyConfig : public testing::TestWithParam<OneFault> {};

TEST_P(FaultyConfig, Parsed_ToldAtItsPlace) { EXPECT_THAT(faults_of(GetParam().text), ElementsAre(GetParam().line)); }

// kPort takes lines 1 to 3, kListener 4 and 5; what is added begins on line 6.
INSTANTIATE_TEST_SUITE_P(
    Each, FaultyConfig,
    testing::Values(
        OneFault{"UnknownSection", good_and("[engin]\n"), "f:6:2: unknown section \"engin\": did you mean \"engine\"?"},
        OneFault{"UnknownKey", good_and("mut = 1500\n"),
                 "f:6:1: unknown key \"mut\" in [[listener]]; known are port, address, tls, service"},
        OneFault{"UnknownKeyNearKnown", good_and("[engine]\nworker = 1\n"),
                 "f:7:1: unknown key \"worker\" in [engine]: did you mean \"workers\"?"},
        OneFault{"BankTooLarge", good_and("[crypto]\nbank = 1048577\n"),
                 "f:7:8: bank = 1048577 is out of range: 0 to 1048576"},
        OneFault{"KeySwapped", good_and("[limits]\n  folws = 5\n"),
                 "f:7:3: unknown key \"folws\" in [limits]: did you mean \"flows\"?"},
        OneFault{"UnknownKernels", good_and("[engine]\nkernels = \"ifna\"\n"),
                 "f:7:11: kernels = \"ifna\" is unknown: did you mean \"ifma\"?"},
        OneFault{"CryptoUnknownPlace", good_and("[engine]\ncrypto = \"gpu\"\n"),
                 "f:7:10: crypto = \"gpu\" is to be \"inline\" or a list of cores"},
        OneFault{"CryptoOfWrongType", good_and("[engine]\ncrypto = 3\n"),
                 "f:7:10: crypto wants \"inline\" or a list of cores and is an integer"},
        OneFault{"CryptoWithoutCore", good_and("[engine]\ncrypto = []\n"),
                 "f:7:10: crypto lists no core; \"inline\" needs none"},
        OneFault{"CryptoCoreTwice", good_and("[engine]\ncrypto = [3, 4, 3]\n"), "f:7:17: core 3 is there twice"},
        OneFault{"CryptoCoreOfAWorker", good_and("[engine]\ncrypto = [3, 4]\nworkers = [1, 4]\n"),
                 "f:7:14: core 4 is a worker's already: a crypto core needs one of its own"},
        OneFault{"CryptoCoresAndAMap", good_and("[engine]\ncrypto = [3]\nlcores = \"0@0,1@1\"\n"),
                 "f:8:10: lcores is a whole map, and leaves no say to crypto: one of the two must go"},
        OneFault{"WrongType", good_and("[engine]\nmemory_mib = \"much\"\n"),
                 "f:7:14: memory_mib wants an integer and is a text"},
        OneFault{"OutOfRange", good_and("[engine]\nmemory_mib = 1\n"),
                 "f:7:14: memory_mib = 1 is out of range: 64 to 1048576"},
        OneFault{"ImpairmentNoProbability", std::string(kPort) + "impair = { loss = 1.5 }\n" + std::string(kListener),
                 "f:4:19: loss = 1.5 is no probability: 0 to 1"},
        OneFault{"ImpairmentNotANumber", std::string(kPort) + "impair = { loss = nan }\n" + std::string(kListener),
                 "f:4:19: loss = nan is no probability: 0 to 1"},
        OneFault{"ImpairmentText", std::string(kPort) + "impair = { loss = \"1 %\" }\n" + std::string(kListener),
                 "f:4:19: loss wants a number and is a text"},
        OneFault{"ImpairmentUnknownKey", std::string(kPort) + "impair = { los = 0.1 }\n" + std::string(kListener),
                 "f:4:12: unknown key \"los\" in impair: did you mean \"loss\"?"},
        OneFault{"UnknownLogLevel", good_and("[engine]\nlog = \"inof\"\n"),
                 "f:7:7: log = \"inof\" is unknown: did you mean \"info\"?"},
        OneFault{"CoreTwice", good_and("[engine]\nworkers = [1, 1]\n"),
                 "f:7:15: core 1 is there twice: a worker needs a core of its own"},
        OneFault{"NameWithSlash", good_and("[engine]\nname = \"a/b\"\n"),
                 "f:7:8: name = \"a/b\" is to be 1 to 32 letters, digits, '-' or '_'"},
        OneFault{"NotADuration", good_and("[limits]\nidle_timeout = \"10 parsecs\"\n"),
                 "f:7:16: idle_timeout = \"10 parsecs\" is no duration; write it like \"250ms\", \"10s\", \"2min\" or "
                 "\"1h\""},
        OneFault{"DurationTooLong", good_and("[limits]\nidle_timeout = \"9223372036854775807h\"\n"),
                 "f:7:16: idle_timeout is out of range: 1ms to 24h"},
        OneFault{"ServiceUnknown", good_and("service = \"htpp\"\n"),
                 "f:6:11: service = \"htpp\" is unknown: did you mean \"http\"?"},
        OneFault{"TlsMissing", good_and("tls = \"site\"\n"), "f:4:1: there is no [tls.site]; write one"},
        OneFault{"TlsMisspelt", good_and("tls = \"sit\"\n[tls.site]\n"),
                 "f:4:1: there is no [tls.sit]: did you mean \"site\"?"},
        OneFault{"ListenerElsewhere", good_and("address = \"10.0.0.9\"\n"),
                 "f:4:1: address 10.0.0.9 is not among any port's addresses"},
        OneFault{"ListenerTwice", good_and("[[listener]]\nport = 80\n"),
                 "f:6:1: port 80 is there twice, first on line 4"},
        OneFault{"ListenerWithoutPort", good_and("[[listener]]\nservice = \"echo\"\n"),
                 "f:6:1: [[listener]] lacks port: The TCP port, 1 to 65535."},
        OneFault{"NoNetwork",
                 std::string(kListener) + "[[port]]\ndevice = \"net_tap0\"\naddresses = [\"10.0.0.256/24\"]\n",
                 "f:5:14: \"10.0.0.256/24\" is no address with its network; write it like \"10.77.0.2/24\""},
        OneFault{"BroadcastAddress",
                 std::string(kListener) + "[[port]]\ndevice = \"net_tap0\"\naddresses = [\"10.0.0.255/24\"]\n",
                 "f:5:14: \"10.0.0.255/24\" is its network's broadcast address"},
        OneFault{"GatewayElsewhere", std::string(kListener) + std::string(kPort) + "gateway = \"10.1.0.1\"\n",
                 "f:3:1: gateway 10.1.0.1 is in none of the port's networks"},
        OneFault{"SecondGateway",
                 std::string(kListener) + std::string(kPort) + "gateway = [\"10.0.0.1\", \"10.0.0.3\"]\n",
                 "f:6:24: a second gateway for IPv4: only one is used"},
        OneFault{"SmallMtuWithIpv6",
                 std::string(kListener) + "[[port]]\ndevice = \"net_tap0\"\naddresses = [\"fd77::2/64\"]\nmtu = 1000\n",
                 "f:3:1: an MTU of 1000 is too small for IPv6, which asks for 1280"},
        OneFault{"QueuesWithoutWorkers", std::string(kListener) + std::string(kPort) + "queues = 2\n",
                 "f:3:1: 2 queues for 1 workers: every queue needs a worker, and every worker a queue"},
        OneFault{"KernelAddressesOnPci",
                 std::string(kListener) + "[[port]]\ndevice = \"0000:3b:00.0\"\naddresses = "
                                          "[\"10.0.0.2/24\"]\nkernel_addresses = [\"10.0.0.1/24\"]\n",
                 "f:3:1: kernel_addresses belong to a net_tap device, and this is 0000:3b:00.0"},
        OneFault{"GroupUnknown", good_and("[tls.a]\ngroups = [\"x25519\", \"x448\"]\n"),
                 "f:7:21: groups = \"x448\" is unknown; known are x25519, secp256r1, X25519, P-256, prime256v1, "
                 "secp384r1, P-384"},
        OneFault{"GroupTwiceUnderTwoNames", good_and("[tls.a]\ngroups = [\"P-256\", \"secp256r1\"]\n"),
                 "f:7:20: groups has secp256r1 twice"},
        OneFault{"ClientsAskedAndNobodyTrusted", good_and("[tls.a]\nclient_certificates = \"require\"\n"),
                 "f:6:6: client_certificates = \"require\" needs client_ca: who vouches for them"},
        OneFault{"ClientAuthorityInVain", good_and("[tls.a]\nclient_ca = \"ca.pem\"\n"),
                 "f:7:13: client_ca has no effect: no client is asked; set client_certificates to \"request\" or "
                 "\"require\""},
        OneFault{"ClientCertificatesMisspelt", good_and("[tls.a]\nclient_certificates = \"required\"\n"),
                 "f:7:23: client_certificates = \"required\" is unknown: did you mean \"require\"?"},
        OneFault{"TicketRotationBesideAFile", good_and("[tls.a]\nticket_keys = \"k\"\nticket_rotation = \"1h\"\n"),
                 "f:8:19: ticket_rotation has no effect: the keys change when the file of ticket_keys does"},
        OneFault{"TicketRotationWithoutTickets", good_and("[tls.a]\ntickets = false\nticket_rotation = 60\n"),
                 "f:8:19: ticket_rotation has no effect: tickets = false"},
        OneFault{"EarlyDataWithoutTickets", good_and("[tls.a]\ntickets = false\nearly_data = 100\n"),
                 "f:8:14: early_data has no effect: tickets = false"},
        OneFault{"EarlyDataBeyondWhatIsHeld", good_and("[tls.a]\nearly_data = 32769\n"),
                 "f:7:14: early_data = 32769 is out of range: 0 to 32768"},
        OneFault{"TicketKeysWithoutTickets", good_and("[tls.a]\ntickets = false\nticket_keys = \"k\"\n"),
                 "f:8:15: ticket_keys has no effect: tickets = false"},
        OneFault{"CertificateWithoutKey", good_and("[tls.a]\ncertificates = [{chain = \"a.pem\"}]\n"),
                 "f:7:17: certificates lacks key: A PEM file: the certificate's private key, without a passphrase."},
        OneFault{"PortAsOneTable", "port = 5\n" + std::string(kListener),
                 "f:1:8: port wants a table and is an integer"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Config, SeveralFaults_Parsed_AllToldInTheOrderOfTheText) {
  const auto lines = faults_of(good_and("tls = 5\n[engine]\nlog = \"loud\"\nworkerz = 2\n[limits]\nflows = 0\n"));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], testing::StartsWith("f:6:7: "));
  EXPECT_THAT(lines[1], testing::StartsWith("f:8:7: "));
  EXPECT_THAT(lines[2], testing::StartsWith("f:9:1: "));
  EXPECT_THAT(lines[3], testing::StartsWith("f:11:9: "));
}

TEST(Config, BrokenToml_Parsed_ToldWithItsPlace) {
  const auto lines = faults_of("[engine\nname = 1\n");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], testing::StartsWith("f:1:8: "));
}

TEST(Config, EmptyText_Parsed_SaysWhatIsLacking) {
  const auto lines = faults_of("");
  EXPECT_THAT(lines, ElementsAre("f: there is no [[listener]]: nothing would be answered",
                                 "f: there is no [[port]]: nothing could come in"));
}

TEST(Config, Impairment_Parsed_OnlyWhereItIsGiven) {
  const std::string impaired = "impair = { loss = 0.01, duplicate = 1, reorder = 0.0, seed = 7 }\n";
  const auto config = parse_config(std::string(kPort) + impaired + std::string(kListener));
  ASSERT_TRUE(config);
  const auto& impairment = config->ports[0].impairment;
  ASSERT_TRUE(impairment);
  EXPECT_EQ(impairment->loss, 0.01);
  EXPECT_EQ(impairment->duplicate, 1.0);
  EXPECT_EQ(impairment->reorder, 0.0);
  EXPECT_EQ(impairment->seed, 7u);
  EXPECT_FALSE(parse_config(good_and(""))->ports[0].impairment);
}

TEST(Config, TwoPortsOneWorker_Parsed_Refused) {
  const auto lines = faults_of(good_and("[[port]]\ndevice = \"net_tap1\"\naddresses = [\"10.1.0.2/24\"]\n"));
  EXPECT_THAT(lines, ElementsAre("f: 2 ports and 1 workers: each port needs a worker of its own"));
}

TEST(Config, ThreeWorkersTwoPorts_Dealt_FirstPortHasTwo) {
  Config config = default_config();
  config.ports.push_back(config.ports[0]);
  config.engine.worker_count = 3;
  EXPECT_EQ(config.workers_of(0), 2);
  EXPECT_EQ(config.workers_of(1), 1);
}

TEST(Config, MissingFile_Loaded_FaultSaysWhy) {
  const auto config = load_config("/nonexistent/handsel.toml");
  ASSERT_FALSE(config);
  EXPECT_THAT(to_string(config.error().front(), "handsel.toml"),
              "handsel.toml: it can't be read: No such file or directory");
}

TEST(Config, CoreAndFilesThatDoNotExist_CheckedOnTheMachine_ToldAtTheirPlaces) {
  const auto config =
      parse_config(good_and("[engine]\nworkers = [1023]\ncrypto = [0, 1022]\n[tls.a]\ncertificates = [{chain = "
                            "\"/none/a.pem\", key = \"/none/a.key\"}]\n"));
  ASSERT_TRUE(config);
  const auto faults = check_machine(*config);
  ASSERT_EQ(faults.size(), 4u);
  EXPECT_THAT(to_string(faults[0], "f"), HasSubstr("f:7:11: there is no core 1023"));
  EXPECT_THAT(to_string(faults[1], "f"), HasSubstr("f:8:14: there is no core 1022"));
  EXPECT_EQ(to_string(faults[2], "f"), "f:10:26: /none/a.pem can't be read: No such file or directory");
  EXPECT_EQ(to_string(faults[3], "f"), "f:10:47: /none/a.key can't be read: No such file or directory");
}

TEST(ConfigKeys, Table_Listed_EveryKeyExplainsItself) {
  const auto keys = config_keys();
  EXPECT_GT(keys.size(), 30u);
  for (const KeyHelp& key : keys) {
    EXPECT_FALSE(key.type.empty()) << key.name;
    EXPECT_FALSE(key.default_value.empty()) << key.name;
    EXPECT_THAT(std::string(key.help), testing::EndsWith(".")) << key.name;
  }
}

}  // namespace
}  // namespace handsel::engine
