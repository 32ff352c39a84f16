#include "liar.h"

#include <array>

namespace handsel::sim {
namespace {

constexpr std::uint32_t kMostLies = 500;  // segments with which it lies

}  // namespace

// Gives what the true client says to the lies first.
class Liar::Sink final : public flow::FrameSink {
 public:
  Sink(Liar& liar, flow::FrameSink& out) : liar_(liar), out_(out) {}
  MutableBytes begin(std::size_t bytes) override {
    buffer_.resize(bytes);
    return buffer_;
  }
  void commit(std::size_t bytes) override { liar_.pass(Bytes(buffer_).first(bytes), out_); }

 private:
  Liar& liar_;
  flow::FrameSink& out_;
  Frame buffer_;
};

std::string_view name_of(Lie lie) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(kLastLie) + 1> kNames = {"ack_split",
                                                                                                  "ack_old",
                                                                                                  "ack_too_much",
                                                                                                  "sack_bogus",
                                                                                                  "old_bytes_other",
                                                                                                  "one_byte_segments",
                                                                                                  "window_shrinks",
                                                                                                  "beyond_window",
                                                                                                  "reset_in_window",
                                                                                                  "syn_in_window",
                                                                                                  "timestamps_regress",
                                                                                                  "urgent",
                                                                                                  "after_fin",
                                                                                                  "tiny_mss",
                                                                                                  "ecn_always",
                                                                                                  "icmp",
                                                                                                  "options_garbage",
                                                                                                  "ack_optimistic",
                                                                                                  "window_never",
                                                                                                  "new_bytes_other",
                                                                                                  "early_fin",
                                                                                                  "storm",
                                                                                                  "silence"};
  return kNames[static_cast<std::size_t>(lie)];
}

Liar::Liar(std::unique_ptr<ClientEndpoint> client, std::vector<Lie> lies, std::uint64_t seed)
    : client_(std::move(client)), lies_(std::move(lies)), random_(seed) {}

void Liar::receive(Frame frame, Instant now, flow::FrameSink& out) {
  if (muted_) return;
  if (const auto segment = segment_of(frame); segment && !segment->header.has(wire::kRst)) {
    const wire::TcpHeader& header = segment->header;
    // Later SYN-ACKs answer lies, and acknowledge what was never sent.
    if (header.has(wire::kSyn) && !view_.established) {
      view_.established = true;
      view_.peer_first = view_.peer_end = header.seq + 1;
      view_.peer_ack = header.ack;
    } else if (view_.established && !header.has(wire::kSyn)) {
      view_.peer_end = wire::later_of(view_.peer_end, segment->end());
      view_.peer_ack = wire::later_of(view_.peer_ack, header.ack);
    }
  }
  client_->receive(std::move(frame), now, out);
}

void Liar::run(Instant now, flow::FrameSink& out) {
  if (muted_) return;
  Sink sink(*this, out);
  client_->run(now, sink);
}

Instant Liar::next_deadline() const { return muted_ ? kNever : client_->next_deadline(); }

void Liar::note(const Segment& sent) {
  if (sent.header.has(wire::kSyn)) view_.own_first = view_.own_end = sent.header.seq + 1;
  view_.own_end = wire::later_of(view_.own_end, sent.end());
  ++view_.segments;
}

void Liar::pass(Bytes frame, flow::FrameSink& out) {
  auto truth = segment_of(frame);
  if (!truth) return;
  note(*truth);
  std::vector<Segment> segments;
  segments.push_back(std::move(*truth));
  std::vector<Frame> frames;
  // Segments that draw answers that draw segments: a liar tires, or the world would never come to rest.
  if (view_.segments <= kMostLies)
    for (const Lie lie : lies_) tell(lie, view_, random_, segments, frames);
  for (const Segment& segment : segments) emit(frame_of(segment), out);
  for (const Frame& each : frames) emit(each, out);
}

void Liar::emit(const Frame& frame, flow::FrameSink& out) {
  const MutableBytes room = out.begin(frame.size());
  std::copy(frame.begin(), frame.end(), room.begin());
  out.commit(frame.size());
}

}  // namespace handsel::sim
