#include "endpoints.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "crypto/certificate.h"
#include "tls/config.h"
#include "wire/frame.h"

namespace handsel::sim {
namespace {

const wire::MacAddress kServerMac({0x02, 0x68, 0x73, 0, 0xff, 0xff});

template <class T>
T must(std::expected<T, std::string> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().c_str());
  std::abort();
}

// Made once: a key of RSA takes longer to find than a world takes to run.
struct Identity {
  crypto::KeyStore keys;
  std::shared_ptr<const tls::ServerConfig> config;
};

std::shared_ptr<const tls::ServerConfig> make_tls_config(crypto::KeyStore& keys) {
  const std::array<std::string, 1> names = {"handsel.test"};
  tls::ServerConfig draft;
  for (const auto type :
       {crypto::KeyType{crypto::KeyAlgorithm::p256, 256}, crypto::KeyType{crypto::KeyAlgorithm::rsa, 2048}}) {
    crypto::SelfSigned made = must(crypto::make_self_signed(keys, type, names, 30, 1'800'000'000));
    const bool p256 = type.algorithm == crypto::KeyAlgorithm::p256;
    draft.credentials.push_back({made.key, p256 ? tls::CredentialKind::ecdsa_p256 : tls::CredentialKind::rsa,
                                 std::move(made.chain.der), std::move(made.chain.dns_names)});
  }
  return std::make_shared<const tls::ServerConfig>(must(tls::prepared(std::move(draft))));
}

const Identity& identity() {
  static const std::unique_ptr<const Identity> made = [] {
    auto fresh = std::make_unique<Identity>();
    fresh->config = make_tls_config(fresh->keys);
    return fresh;
  }();
  return *made;
}

}  // namespace

wire::IpAddress server_address(bool ipv6) { return *wire::IpAddress::parse(ipv6 ? "fd77::2" : "10.77.0.2"); }
wire::IpAddress client_address(std::uint16_t id, bool ipv6) {
  const auto high = static_cast<std::uint8_t>(id >> 8);
  const auto low = static_cast<std::uint8_t>(id);
  if (!ipv6) return wire::IpAddress::from_v4(10, 77, static_cast<std::uint8_t>(100 + high), low);
  return wire::IpAddress::from_v6({0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, high, low});
}
wire::MacAddress client_mac(std::uint16_t id) {
  return wire::MacAddress({0x02, 0, 0, 0, static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)});
}

ShardEndpoint::ShardEndpoint(std::uint64_t seed, flow::CookieMode cookies)
    : entropy_(seed),
      backend_(crypto::make_backend(*crypto::choose_kernels(), identity().keys, entropy_)),
      aead_(crypto::make_aead()),
      http_(service::make_service("http")),
      echo_(service::make_service("echo")) {
  flow::ShardConfig config;
  config.mac = kServerMac;
  config.addresses = {*wire::IpPrefix::parse("10.77.0.2/16"), *wire::IpPrefix::parse("fd77::2/64")};
  config.listeners = {{std::nullopt, kHttpPort, nullptr, http_.get()},
                      {std::nullopt, kEchoPort, nullptr, echo_.get()},
                      {std::nullopt, kHttpsPort, identity().config, http_.get()}};
  config.cookies = cookies;
  config.limits.flows = 1'024;
  config.limits.chunks = 8'192;
  config.limits.handshakes = 256;
  shard = std::make_unique<flow::Shard>(
      config, flow::ShardResources{backend_->kernels(), aead_.get(), &entropy_, [] { return std::uint64_t{0}; }},
      Instant{});
}

void ShardEndpoint::receive(Frame frame, Instant now, flow::FrameSink& out) {
  const flow::ReceivedFrame received{frame, false};
  shard->on_burst({&received, 1}, now, out);
  std::fill(frame.begin(), frame.end(), std::uint8_t{0xee});  // nothing may be kept of it
}

void ShardEndpoint::run(Instant now, flow::FrameSink& out) {
  while (shard->run(now, true, out)) {
  }
}

ClientEndpoint::ClientEndpoint(std::uint16_t id, std::uint16_t port, bool ipv6, std::unique_ptr<Script> script,
                               std::uint64_t seed, Instant opens_at)
    : id_(id),
      port_(port),
      ipv6_(ipv6),
      script_(std::move(script)),
      iss_(static_cast<std::uint32_t>(seed)),
      opens_at_(opens_at) {}

void ClientEndpoint::take(const tcp::Outcome& outcome) {
  if (outcome.peer_finished) peer_finished_ = true;
  if (outcome.ended != tcp::End::none) ended_ = outcome.ended;
}

void ClientEndpoint::receive(Frame frame, Instant now, flow::FrameSink&) {
  if (!connection_) return;
  const auto view = wire::parse_frame(frame, {});
  if (!view || !view->is_tcp()) return;
  take(
      connection_->on_segment(view->tcp.to_header(), view->tcp.payload(), static_cast<std::uint8_t>(view->ecn()), now));
  step();
  connection_->detach_segment();
}

void ClientEndpoint::step() {
  if (script_done_ || !connection_) return;
  script_done_ = script_->step(*connection_, peer_finished_);
  if (script_done_) connection_->shutdown_write();
}

void ClientEndpoint::run(Instant now, flow::FrameSink& out) {
  if (!connection_) {
    if (now < opens_at_) return;
    tcp::Config config;
    config.ipv6 = ipv6_;
    config.mss = ipv6_ ? 1440 : 1460;
    config.path_mss = config.mss;
    config.time_wait = std::chrono::seconds(1);
    connection_.emplace(config, chunks_, iss_, now);
  }
  if (now >= connection_->next_deadline()) take(connection_->on_timer(now));
  step();
  while (const auto segment = connection_->next_segment(now)) {
    wire::TcpHeader header = segment->header;
    header.source_port = static_cast<std::uint16_t>(40'000 + id_);
    header.destination_port = port_;
    const wire::LinkHeader link{.destination = kServerMac, .source = client_mac(id_)};
    const std::size_t headers = wire::tcp_frame_header_bytes(link, server_address(ipv6_), header);
    const MutableBytes frame = out.begin(headers + segment->payload_bytes);
    connection_->copy_payload(*segment, frame.subspan(headers));
    wire::write_tcp_frame(frame, link, {.source = client_address(id_, ipv6_), .destination = server_address(ipv6_)},
                          header, std::nullopt, {});
    out.commit(frame.size());
  }
}

Instant ClientEndpoint::next_deadline() const {
  if (!connection_) return opens_at_;
  return connection_->next_deadline();
}

}  // namespace handsel::sim
