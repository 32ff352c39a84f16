#include "recorder.h"

#include <cstdio>
#include <map>
#include <memory>

#include "engine/ladder.h"
#include "wire/frame.h"
#include "wire/print.h"

namespace handsel::sim {
namespace {

// The pcap file format with nanoseconds (draft-ietf-opsawg-pcap): a header of 24 bytes, then 16 bytes before each
// frame.
constexpr std::uint32_t kPcapNanoseconds = 0xa1b2'3c4d;
constexpr std::uint32_t kPcapVersion = 2 | 4 << 16;
constexpr std::uint32_t kLinkTypeEthernet = 1;

void put(std::FILE* file, std::initializer_list<std::uint32_t> words) {
  for (const std::uint32_t word : words) std::fwrite(&word, sizeof word, 1, file);
}

std::string endpoint_text(const wire::IpAddress& address, std::uint16_t port) {
  return address.to_string() + ":" + std::to_string(port);
}

engine::LadderEvent event_of(const wire::TcpHeader& header, std::size_t payload_bytes) {
  engine::LadderEvent event;
  event.flags = wire::flag_names(header.flags);
  event.seq = header.seq.raw();
  if (header.has(wire::kAck)) event.ack = header.ack.raw();
  event.payload_bytes = static_cast<std::uint32_t>(payload_bytes);
  event.window = header.window;
  event.options = wire::describe(header.options);
  return event;
}

}  // namespace

void Recorder::keep(const Passage& passage, Bytes frame, const char* lost) {
  if (bytes_.size() + frame.size() > kMostBytes) return;
  records_.push_back({passage, lost, bytes_.size(), frame.size()});
  bytes_.insert(bytes_.end(), frame.begin(), frame.end());
}

void Recorder::on_sent(const Passage& passage, Bytes frame) {
  if (!passage.to_server) keep(passage, frame, nullptr);
}

void Recorder::on_lost(const Passage& passage, Bytes frame, const char* why) {
  if (passage.to_server)
    keep(passage, frame, why);
  else if (!records_.empty())
    records_.back().lost = why;
}

void Recorder::on_delivered(const Passage& passage, Bytes frame) {
  if (passage.to_server) keep(passage, frame, nullptr);
}

bool Recorder::write_pcap(const std::string& path) const {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), &std::fclose);
  if (!file) return false;
  put(file.get(), {kPcapNanoseconds, kPcapVersion, 0, 0, 65'535, kLinkTypeEthernet});
  for (const Record& record : records_) {
    if (record.passage.to_server && record.lost) continue;  // never seen at the server's port
    const auto at = static_cast<std::uint64_t>(record.passage.at.time_since_epoch().count());
    const auto size = static_cast<std::uint32_t>(record.size);
    put(file.get(),
        {static_cast<std::uint32_t>(at / 1'000'000'000), static_cast<std::uint32_t>(at % 1'000'000'000), size, size});
    std::fwrite(bytes_.data() + record.begin, 1, record.size, file.get());
  }
  return std::ferror(file.get()) == 0;
}

std::string Recorder::ladders(std::size_t most_events) const {
  std::map<std::string, engine::Ladder> by_connection;
  std::map<std::string, std::int64_t> began;
  for (const Record& record : records_) {
    const auto view = wire::parse_frame(frame_of(record), {false, false});
    if (!view || !view->is_tcp()) continue;
    const bool received = record.passage.to_server;
    const wire::TcpHeader header = view->tcp.to_header();
    const std::string from = endpoint_text(view->source, header.source_port);
    const std::string to = endpoint_text(view->destination, header.destination_port);
    engine::Ladder& ladder = by_connection[received ? from + to : to + from];
    ladder.client = received ? from : to;
    ladder.server = received ? to : from;
    if (ladder.events.size() >= most_events) {
      ++ladder.events_lost;
      continue;
    }
    const std::int64_t at = record.passage.at.time_since_epoch().count();
    engine::LadderEvent event = event_of(header, view->tcp.payload().size());
    event.t_ns = at - began.try_emplace(ladder.client, at).first->second;
    event.received = received;
    if (record.lost) event.drop = record.lost;
    ladder.events.push_back(std::move(event));
  }
  std::string text;
  for (const auto& [name, ladder] : by_connection) text += engine::render_ladder(ladder) + "\n";
  return text;
}

}  // namespace handsel::sim
