#pragma once
/// A shard with one plain and one TLS listener, a hand-driven clock, and a peer that sends whatever segment a test
/// wants.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "capture_sink.h"
#include "crypto/certificate.h"
#include "crypto/crypto_core.h"
#include "crypto/kernels.h"
#include "crypto/remote_stage.h"
#include "flow/shard.h"
#include "wire/control_frame.h"
#include "wire/frame.h"

namespace handsel::flow {

/// Sends back what it receives; "abort" resets the connection.
class TestService final : public Service {
 public:
  std::string_view name() const override { return "test"; }
  bool takes_early_data() const override { return takes_early; }
  void on_open(Stream& stream) override {
    ++opened;
    if (stream.early()) ++opened_early;
  }
  bool wants_data(Stream&) override { return willing; }
  std::size_t on_data(Stream& stream, Bytes bytes) override {
    if (opened == closed) ++unopened_data;
    received.append(as_text(bytes));
    if (as_text(bytes) == "abort")
      stream.abort();
    else
      stream.send(bytes);
    return bytes.size();
  }
  void on_closed(Stream&) override { ++closed; }
  void on_peer_closed(Stream& stream, bool) override {
    if (closes_with_peer) stream.close();
  }

  bool willing = true;
  bool closes_with_peer = true;
  bool takes_early = false;
  int opened = 0;
  int opened_early = 0;
  int unopened_data = 0;  ///< that came while no connection was open
  int closed = 0;
  std::string received;
};

class TestEntropy final : public Entropy {
 public:
  void fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_());
  }

 private:
  std::mt19937_64 random_{7};
};

class ShardRig : public ::testing::Test {
 protected:
  static constexpr std::uint16_t kPlain = 80;
  static constexpr std::uint16_t kTls = 443;
  static inline const wire::MacAddress kOurMac{{2, 0, 0, 0, 0, 2}};
  static inline const wire::MacAddress kPeerMac{{2, 0, 0, 0, 0, 1}};
  static inline const wire::IpAddress kOurs = wire::IpAddress::from_v4(10, 77, 0, 2);
  static inline const wire::IpAddress kPeer = wire::IpAddress::from_v4(10, 77, 0, 1);

  static constexpr std::size_t kJobs = 64;
  static std::uint64_t no_cycles() { return 0; }

  /// A test changes `config` first, then calls start().
  void SetUp() override {
    config.mac = kOurMac;
    config.addresses = {*wire::IpPrefix::parse("10.77.0.2/24"), *wire::IpPrefix::parse("fd77::2/64")};
    config.limits.flows = 64;
    config.limits.half_open = 32;
    config.limits.chunks = 512;
    config.limits.handshakes = 16;
  }
  void start() {
    config.listeners = {{std::nullopt, kPlain, nullptr, &service}, {std::nullopt, kTls, tls_config(), &service}};
    shard = std::make_unique<Shard>(config, resources(), now);
  }
  ShardResources resources() {
    ShardResources made{backend->kernels(), aead.get(), &entropy, no_cycles};
    if (!with_core) return made;
    crypto::CryptoLine* const line = lines.emplace_back(std::make_unique<crypto::CryptoLine>(kJobs)).get();
    cores.push_back(std::make_unique<crypto::CryptoCore>(std::vector{line}, backend->kernels(), no_cycles));
    remotes.push_back(std::make_unique<crypto::RemoteStage>(std::vector{line}, kJobs));
    made.processor = remotes.back().get();
    return made;
  }
  /// True when any crypto core had something to do.
  bool turn_cores() {
    bool worked = false;
    for (auto& each : cores) worked |= each->turn(now);
    return worked;
  }

  static wire::TcpHeader segment(std::uint16_t from, std::uint16_t to, std::uint8_t flags, std::uint32_t seq,
                                 std::uint32_t ack) {
    return {.source_port = from,
            .destination_port = to,
            .seq = wire::SeqNum(seq),
            .ack = wire::SeqNum(ack),
            .flags = flags,
            .window = 65'535};
  }
  std::vector<std::uint8_t> frame_of(const wire::TcpHeader& header, std::string_view text = {}) {
    const wire::LinkHeader link{.destination = kOurMac, .source = kPeerMac};
    const std::size_t headers = wire::tcp_frame_header_bytes(link, kOurs, header);
    std::vector<std::uint8_t> frame(headers + text.size());
    std::copy(text.begin(), text.end(), frame.begin() + static_cast<std::ptrdiff_t>(headers));
    wire::write_tcp_frame(frame, link, {.source = kPeer, .destination = kOurs}, header, std::nullopt, {});
    return frame;
  }
  /// Gives a frame to the shard and lets it say all that it has to say.
  void give(std::vector<std::uint8_t> frame) {
    const ReceivedFrame received{frame, false};
    shard->on_burst({&received, 1}, now, sink);
    settle();
  }
  void give_arp(wire::ArpOperation operation, const wire::MacAddress& sender_mac, const wire::IpAddress& sender_ip,
                const wire::IpAddress& target_ip) {
    std::vector<std::uint8_t> frame(64);
    Writer writer(frame);
    wire::emit_arp_frame(
        {.destination = kOurMac, .source = sender_mac},
        {.operation = operation, .sender_mac = sender_mac, .sender_ip = sender_ip, .target_ip = target_ip}, writer);
    frame.resize(writer.size());
    give(frame);
  }
  void settle() {
    while (shard->run(now, true, sink)) {
    }
  }
  void pass(Duration time) {
    // In steps, as a poll loop would see it.
    for (const Instant end = now + time; now < end; now += std::chrono::milliseconds(100)) settle();
    settle();
  }
  /// The segments sent since the last call.
  std::vector<wire::TcpHeader> sent() {
    std::vector<wire::TcpHeader> headers;
    for (const auto& frame : sink.frames)
      if (const auto view = wire::parse_frame(frame, {}); view && view->is_tcp()) {
        headers.push_back(view->tcp.to_header());
        payload.append(as_text(view->tcp.payload()));
      }
    sink.frames.clear();
    return headers;
  }
  /// Opens a connection from `port`; afterwards our next sequence number is 101 and the shard's is `their_next`.
  void open(std::uint16_t port, std::uint16_t to) {
    wire::TcpHeader syn = segment(port, to, wire::kSyn, 100, 0);
    syn.options.mss = 1'460;
    give(frame_of(syn));
    const auto answer = sent();
    ASSERT_EQ(answer.size(), 1u);
    ASSERT_EQ(answer[0].flags & (wire::kSyn | wire::kAck), wire::kSyn | wire::kAck);
    their_next = answer[0].seq.raw() + 1;
    give(frame_of(segment(port, to, wire::kAck, 101, their_next)));
    sent();
  }
  std::uint64_t drops(Drop reason) const { return shard->statistics().drops.get(reason); }
  const TcpStatistics& tcp() const { return shard->statistics().tcp; }
  void expect_clean() {
    EXPECT_EQ(shard->flows(), 0u);
    EXPECT_EQ(shard->chunks_available(), config.limits.chunks);
    EXPECT_EQ(shard->handshakes_in_progress(), 0u);
    EXPECT_EQ(tcp().half_open.get(), 0u);
    EXPECT_EQ(service.opened, service.closed);
  }

  ShardConfig config;
  tls::ServerConfig server_tls;  ///< the TLS listener's, but for its certificate
  TestService service;
  TestEntropy entropy;
  crypto::KeyStore keys;
  std::unique_ptr<crypto::Backend> backend = crypto::make_backend(*crypto::choose_kernels(), keys, entropy);
  std::unique_ptr<crypto::Aead> aead = crypto::make_aead();
  bool with_core = false;  ///< each shard's operations are computed by a crypto core, which turn_cores() drives
  std::vector<std::unique_ptr<crypto::CryptoLine>> lines;
  std::vector<std::unique_ptr<crypto::CryptoCore>> cores;
  std::vector<std::unique_ptr<crypto::RemoteStage>> remotes;
  CaptureSink sink;
  std::unique_ptr<Shard> shard;
  Instant now{std::chrono::seconds(1)};
  std::uint32_t their_next = 0;
  std::string payload;  ///< of all segments that sent() has seen

 private:
  std::shared_ptr<const tls::ServerConfig> tls_config() {
    const std::array<std::string, 1> names = {"handsel.test"};
    auto made = crypto::make_self_signed(keys, {crypto::KeyAlgorithm::p256, 256}, names, 30, 1'800'000'000);
    tls::ServerConfig draft = server_tls;
    draft.credentials.push_back({made->key, tls::CredentialKind::ecdsa_p256, made->chain.der, made->chain.dns_names});
    return std::make_shared<const tls::ServerConfig>(*tls::prepared(std::move(draft)));
  }
};

}  // namespace handsel::flow
