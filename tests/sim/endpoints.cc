#include "endpoints.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "crypto/certificate.h"
#include "tcp/reset.h"
#include "tls/config.h"
#include "wire/frame.h"
#include "wire/icmp.h"
#include "wire/icmpv6.h"

namespace handsel::sim {
namespace {

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
  SeededEntropy entropy(1);
  draft.ticket_keys = tls::TicketKeys::random(entropy);
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

const wire::MacAddress kServerMac({0x02, 0x68, 0x73, 0, 0xff, 0xff});

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

std::unique_ptr<crypto::Backend> make_backend(Entropy& entropy, std::size_t bank) {
  return crypto::make_backend(*crypto::choose_kernels(), identity().keys, entropy, bank);
}

flow::ShardConfig server_config(flow::CookieMode cookies) {
  flow::ShardConfig config;
  config.mac = kServerMac;
  config.addresses = {*wire::IpPrefix::parse("10.77.0.2/16"), *wire::IpPrefix::parse("fd77::2/64")};
  config.cookies = cookies;
  config.limits.flows = 1'024;
  config.limits.chunks = 8'192;
  config.limits.handshakes = 256;
  return config;
}

ShardEndpoint::ShardEndpoint(std::uint64_t seed, flow::ShardConfig config, std::size_t bank,
                             std::optional<Duration> core_takes)
    : entropy_(seed),
      backend_(make_backend(entropy_, bank)),
      core_takes_(core_takes),
      aead_(crypto::make_aead()),
      http_(service::make_service("http")),
      echo_(service::make_service("echo")) {
  config.listeners = {{std::nullopt, kHttpPort, nullptr, http_.get()},
                      {std::nullopt, kEchoPort, nullptr, echo_.get()},
                      {std::nullopt, kHttpsPort, identity().config, http_.get()}};
  flow::ShardResources resources{backend_->kernels(), aead_.get(), &entropy_, [] { return std::uint64_t{0}; }};
  if (core_takes_) {
    core_.emplace(std::vector{&line_}, backend_->kernels(), resources.cycles);
    resources.processor = &remote_.emplace(std::vector{&line_}, 256);
  }
  shard = std::make_unique<flow::Shard>(config, resources, Instant{});
}

void ShardEndpoint::receive(Frame frame, Instant now, flow::FrameSink& out) {
  const flow::ReceivedFrame received{frame, false};
  shard->on_burst({&received, 1}, now, out);
  std::fill(frame.begin(), frame.end(), std::uint8_t{0xee});  // nothing may be kept of it
}

void ShardEndpoint::run(Instant now, flow::FrameSink& out) {
  while (shard->run(now, true, out) || turn_core(now)) {
  }
  shard->fill_banks();
}

// Twice in a row: lanes that are not full wait for a turn that brings nothing.
bool ShardEndpoint::turn_core(Instant now) {
  if (!core_) return false;
  if (core_turns_at_ == kNever && remote_->statistics().away.get() != 0) core_turns_at_ = now + *core_takes_;
  if (core_turns_at_ > now) return false;
  core_turns_at_ = kNever;
  core_->turn(now);
  core_->turn(now);
  return true;
}

tcp::Config client_tcp(bool ipv6) {
  tcp::Config config;
  config.ipv6 = ipv6;
  config.mss = ipv6 ? 1440 : 1460;
  config.path_mss = config.mss;
  config.time_wait = std::chrono::seconds(1);
  return config;
}

ClientEndpoint::ClientEndpoint(const ClientConfig& config, std::unique_ptr<Script> script)
    : config_(config), script_(std::move(script)) {}

void ClientEndpoint::take(const tcp::Outcome& outcome) {
  if (outcome.peer_finished) peer_finished_ = true;
  if (outcome.ended != tcp::End::none) ended_ = outcome.ended;
}

// What a host's own stack would do with the errors that come back.
void ClientEndpoint::take_icmp(const wire::FrameView& frame, Instant now) {
  const std::uint16_t headers = config_.ipv6 ? 60 : 40;
  std::uint32_t mtu = 0;
  std::expected<wire::EmbeddedDatagram, Drop> about = std::unexpected(Drop::icmp_ignored);
  if (frame.is_icmp()) {
    const auto icmp = wire::IcmpView::parse(frame.transport);
    if (!icmp || icmp->type() != wire::IcmpType::unreachable || icmp->code() != wire::kFragmentationNeeded) return;
    mtu = icmp->next_hop_mtu();
    about = icmp->embedded();
  } else {
    const auto icmp = wire::Icmpv6View::parse(frame.transport);
    if (!icmp || icmp->type() != wire::Icmpv6Type::packet_too_big) return;
    mtu = std::min<std::uint32_t>(icmp->mtu(), 0xFFFF);
    about = icmp->embedded();
  }
  if (!about || mtu < headers) return;
  take(connection_->on_packet_too_big(static_cast<std::uint16_t>(mtu - headers), about->seq, now));
}

void ClientEndpoint::receive(Frame frame, Instant now, flow::FrameSink&) {
  if (!connection_) return;
  const auto view = wire::parse_frame(frame, {});
  if (!view) return;
  if (view->is_icmp() || view->is_icmpv6()) return take_icmp(*view, now);
  if (!view->is_tcp()) return;
  const wire::TcpHeader header = view->tcp.to_header();
  const tcp::Outcome outcome =
      connection_->on_segment(header, view->tcp.payload(), static_cast<std::uint8_t>(view->ecn()), now);
  take(outcome);
  if (outcome.refuse) reset_ = tcp::reset_for(header, view->tcp.payload().size());
  step(now);
  connection_->detach_segment();
  std::fill(frame.begin(), frame.end(), std::uint8_t{0xee});
}

void ClientEndpoint::step(Instant now) {
  if (script_done_ || !connection_) return;
  script_done_ = script_->step(*connection_, peer_finished_, now);
  if (script_done_) connection_->shutdown_write();
}

void ClientEndpoint::run(Instant now, flow::FrameSink& out) {
  if (!connection_) {
    if (now < config_.opens_at) return;
    connection_.emplace(config_.tcp, chunks_, wire::SeqNum(config_.iss), now);
  }
  if (now >= connection_->next_deadline()) take(connection_->on_timer(now));
  step(now);
  if (reset_) send(*std::exchange(reset_, std::nullopt), nullptr, out);
  while (const auto segment = connection_->next_segment(now)) send(segment->header, &*segment, out);
}

void ClientEndpoint::send(wire::TcpHeader header, const tcp::OutSegment* segment, flow::FrameSink& out) {
  header.source_port = client_port(config_.id);
  header.destination_port = config_.port;
  const bool ipv6 = config_.ipv6;
  const wire::LinkHeader link{.destination = kServerMac, .source = client_mac(config_.id)};
  const std::size_t headers = wire::tcp_frame_header_bytes(link, server_address(ipv6), header);
  const MutableBytes frame = out.begin(headers + (segment ? segment->payload_bytes : 0));
  if (segment) connection_->copy_payload(*segment, frame.subspan(headers));
  wire::write_tcp_frame(frame, link,
                        {.source = client_address(config_.id, ipv6),
                         .destination = server_address(ipv6),
                         .traffic_class = segment ? segment->ip_ecn : std::uint8_t{0}},
                        header, std::nullopt, {});
  out.commit(frame.size());
}

Instant ClientEndpoint::next_deadline() const {
  if (!connection_) return config_.opens_at;
  const Instant wakes = script_done_ ? kNever : script_->wakes_at();
  return std::min(connection_->next_deadline(), wakes);
}

}  // namespace handsel::sim
