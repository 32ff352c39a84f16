#include "flow/trace.h"

#include <algorithm>
#include <utility>

#include "tls/protocol.h"

namespace handsel::flow {

Tracer::Tracer(std::uint16_t worker, std::size_t records)
    : worker_(worker),
      capacity_(std::min<std::size_t>(records, kNoRecord)),
      records_(new TraceRecord[capacity_]),
      notes_(new Note[capacity_]),
      finished_(capacity_),
      free_(capacity_) {
  for (std::size_t i = 0; i < capacity_; ++i) free_.push(&records_[i]);
}

void Tracer::apply(const TraceRequest& request) {
  const bool flush = wanted_.flush || request.flush;
  if (request.count != 0 || !request.flush) wanted_ = request;
  wanted_.flush = flush;
  if (request.flush) wanted_.count = 0;
}

bool Tracer::take_flush() { return std::exchange(wanted_.flush, false); }

std::uint8_t Tracer::start(const FlowKey& key, Handle owner, Instant now) {
  if (wanted_.count == 0) [[likely]]
    return kNoRecord;
  const bool everyone = wanted_.source.length == 0 && wanted_.source.address.is_unspecified();
  if (!everyone && !wanted_.source.contains(key.remote)) return kNoRecord;
  const std::optional<TraceRecord*> record = free_.pop();
  if (!record) return kNoRecord;
  --wanted_.count;
  const auto index = static_cast<std::uint8_t>(*record - records_.get());
  **record = TraceRecord{};
  (*record)->key = key;
  (*record)->worker = worker_;
  (*record)->started = now;
  notes_[index] = {.owner = owner};
  return index;
}

void Tracer::add(std::uint8_t index, const TraceEvent& event) {
  TraceRecord& record = records_[index];
  if (record.event_count == record.events.size()) {
    ++record.events_lost;
    return;
  }
  TraceEvent& slot = record.events[record.event_count++];
  slot = event;
  if (event.sent && event.payload_bytes != 0 && !event.retransmission) {
    slot.messages = notes_[index].messages;
    slot.message_count = std::exchange(notes_[index].count, std::uint8_t{0});
  }
}

void Tracer::add_message(std::uint8_t index, bool sent, TraceEvent::Message message) {
  // Records of application data one after the other are told of as one.
  const auto append = [&](auto& messages, std::uint8_t& count) {
    const bool data = message.content_type == static_cast<std::uint8_t>(tls::ContentType::application_data);
    if (data && count != 0 && messages[count - 1u].content_type == message.content_type) return;
    if (count < messages.size()) messages[count++] = message;
  };
  if (sent) {
    append(notes_[index].messages, notes_[index].count);
    return;
  }
  TraceRecord& record = records_[index];
  for (std::size_t i = record.event_count; i-- > 0;)
    if (!record.events[i].sent) {
      append(record.events[i].messages, record.events[i].message_count);
      return;
    }
}

void Tracer::finish(std::uint8_t index) {
  notes_[index].owner = {};
  finished_.push(&records_[index]);  // as many slots as records: it fits
}

TraceRecord* Tracer::take_finished() { return finished_.pop().value_or(nullptr); }

void Tracer::release(TraceRecord* record) { free_.push(std::move(record)); }

}  // namespace handsel::flow
