#include "shard_client.h"

#include <algorithm>
#include <array>

namespace handsel::sim {
namespace {

constexpr Duration kRetry = std::chrono::seconds(2);
constexpr int kMostRetries = 5;

std::uint8_t echo_byte(std::uint64_t offset) { return static_cast<std::uint8_t>(offset * 41 + (offset >> 7)); }

}  // namespace

Errands::Errands(std::vector<Errand> errands) {
  for (const Errand& errand : errands)
    runs_.push_back({.errand = errand, .begins = errand.begins, .fetch = FetchCheck(errand.bytes)});
}

// The stream's state is the errand's number.
Errands::Run& Errands::run_of(flow::Stream& stream) { return runs_[stream.state()[0]]; }

void Errands::begin(flow::Shard& shard, Instant now) {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    Run& run = runs_[i];
    if (run.state != State::waiting || run.begins > now) continue;
    const std::array<std::uint8_t, 1> state = {static_cast<std::uint8_t>(i)};
    const bool begun = shard
                           .connect({.address = server_address(run.errand.ipv6),
                                     .port = run.errand.port,
                                     .endpoint = {.service = this},
                                     .state = state},
                                    now)
                           .has_value();
    run.state = begun ? State::opening : State::waiting;
    run.begins = now + kRetry;
  }
}

Instant Errands::next_begin() const {
  Instant next = kNever;
  for (const Run& run : runs_)
    if (run.state == State::waiting) next = std::min(next, run.begins);
  return next;
}

void Errands::on_open(flow::Stream& stream) {
  Run& run = run_of(stream);
  run.state = State::open;
  if (run.errand.port == kHttpPort)
    stream.send(as_bytes(run.fetch.request()));
  else
    write(stream, run);
}

void Errands::write(flow::Stream& stream, Run& run) {
  std::array<std::uint8_t, 2'000> buffer;
  const Errand& errand = run.errand;
  if (errand.port != kEchoPort || run.written > errand.bytes) return;
  while (run.written != errand.bytes) {
    const auto count = static_cast<std::size_t>(
        std::min<std::uint64_t>({buffer.size(), errand.bytes - run.written, stream.send_room()}));
    if (count == 0) return;
    for (std::size_t i = 0; i < count; ++i) buffer[i] = echo_byte(run.written + i);
    stream.send(Bytes(buffer).first(count));
    run.written += count;
  }
  run.written = errand.bytes + 1;
  stream.finish();
}

std::size_t Errands::on_data(flow::Stream& stream, Bytes bytes) {
  Run& run = run_of(stream);
  if (run.errand.port == kHttpPort) {
    run.fetch.take(bytes);
    run.read += bytes.size();
    return bytes.size();
  }
  for (const std::uint8_t byte : bytes) {
    if (byte != echo_byte(run.read) && run.complaint.empty())
      run.complaint = "wrong byte at offset " + std::to_string(run.read);
    ++run.read;
  }
  return bytes.size();
}

void Errands::on_writable(flow::Stream& stream) { write(stream, run_of(stream)); }

void Errands::on_peer_closed(flow::Stream& stream, bool) {
  Run& run = run_of(stream);
  run.peer_closed = true;
  run.fetch.finish();
  stream.close();
}

void Errands::on_closed(flow::Stream& stream) {
  Run& run = run_of(stream);
  // Reset before the server had said a word: it did not know the connection (it knew a cookie only, perhaps).
  if (!run.peer_closed && stream.end() == tcp::End::reset_by_peer && run.read == 0 && run.again != kMostRetries) {
    run = {.errand = run.errand,
           .begins = stream.now() + kRetry,
           .fetch = FetchCheck(run.errand.bytes),
           .again = run.again + 1};
    return;
  }
  run.state = State::closed;
  const bool http = run.errand.port == kHttpPort;
  if (!run.peer_closed && run.complaint.empty()) run.complaint = "the connection ended before the server had finished";
  if (http && run.complaint.empty()) run.complaint = run.fetch.complaint();
  if (!http && run.read != run.errand.bytes && run.complaint.empty())
    run.complaint = std::to_string(run.read) + " bytes came back in place of " + std::to_string(run.errand.bytes);
}

void Errands::on_open_failed(flow::Stream& stream, flow::OpenFailure) {
  Run& run = run_of(stream);
  run.state = State::waiting;
  run.begins = stream.now() + kRetry;
}

bool Errands::finished() const {
  return std::ranges::all_of(runs_, [](const Run& run) { return run.state == State::closed; });
}

std::string Errands::complaint() const {
  for (const Run& run : runs_)
    if (!run.complaint.empty()) return run.complaint;
  return {};
}

// --- the endpoint ----------------------------------------------------------------------------------------------------

ShardClient::ShardClient(std::uint16_t id, std::uint64_t seed, flow::ShardConfig config, std::vector<Errand> errands)
    : entropy_(seed),
      backend_(make_backend(entropy_, bank_of(seed))),
      aead_(crypto::make_aead()),
      errands_(std::move(errands)) {
  config.mac = client_mac(id);
  config.addresses = {{client_address(id, false), 16}, {client_address(id, true), 64}};
  config.listeners.clear();
  shard_ = std::make_unique<flow::Shard>(
      config, flow::ShardResources{backend_->kernels(), aead_.get(), &entropy_, [] { return std::uint64_t{0}; }},
      Instant{});
}

void ShardClient::receive(Frame frame, Instant now, flow::FrameSink& out) {
  const flow::ReceivedFrame received{frame, false};
  shard_->on_burst({&received, 1}, now, out);
  std::fill(frame.begin(), frame.end(), std::uint8_t{0xee});
}

void ShardClient::run(Instant now, flow::FrameSink& out) {
  errands_.begin(*shard_, now);
  while (shard_->run(now, true, out)) {
  }
  shard_->fill_banks();
}

Instant ShardClient::next_deadline() const { return std::min(errands_.next_begin(), shard_->next_deadline()); }

}  // namespace handsel::sim
