#pragma once
/// What honest clients do: fetch a body, or have bytes echoed. Every byte of either has one right value, by its place.

#include <algorithm>
#include <array>
#include <string>

#include "endpoints.h"
#include "fetch.h"

namespace handsel::sim {

/// How fast a reader reads: at most `bytes` at a time, then nothing for `pause`. Slow ones close their window.
struct Pace {
  std::size_t bytes = ~std::size_t{0};
  Duration pause{};
};

/// Reads at a pace.
class PacedReader final {
 public:
  explicit PacedReader(const Pace& pace) : pace_(pace) {}

  template <class Take>
  void read(tcp::Connection& connection, Instant now, Take&& take) {
    if (now < next_) return;
    std::size_t left = pace_.bytes;
    for (Bytes bytes = connection.readable(); !bytes.empty() && left != 0; bytes = connection.readable()) {
      const Bytes piece = bytes.first(std::min(bytes.size(), left));
      take(piece);
      left -= piece.size();
      connection.consume(piece.size());
    }
    if (left == 0) next_ = now + pace_.pause;
    waiting_ = left == 0;
  }
  Instant wakes_at() const { return waiting_ ? next_ : kNever; }

 private:
  Pace pace_;
  Instant next_{};
  bool waiting_ = false;
};

/// GET /bytes/N.
class Fetch final : public Script {
 public:
  explicit Fetch(std::uint64_t bytes, const Pace& pace = {})
      : check_(bytes), request_(check_.request()), reader_(pace) {}

  bool step(tcp::Connection& connection, bool peer_finished, Instant now) override {
    if (!request_.empty()) request_.erase(0, connection.write(as_bytes(request_)));
    reader_.read(connection, now, [&](Bytes bytes) { check_.take(bytes); });
    if (peer_finished && connection.readable_bytes() == 0) check_.finish();
    return check_.finished();
  }
  Instant wakes_at() const override { return reader_.wakes_at(); }
  std::string complaint() const override { return check_.complaint(); }

 private:
  FetchCheck check_;
  std::string request_;
  PacedReader reader_;
};

/// Writes N bytes of a pattern, in pieces, closes its half, and reads them all back.
class EchoCheck final : public Script {
 public:
  EchoCheck(std::uint64_t bytes, std::size_t piece, const Pace& pace) : bytes_(bytes), piece_(piece), reader_(pace) {}

  bool step(tcp::Connection& connection, bool peer_finished, Instant now) override {
    write(connection);
    reader_.read(connection, now, [&](Bytes piece) {
      for (const std::uint8_t byte : piece) {
        if (byte != byte_at(read_) && wrong_.empty()) wrong_ = "wrong byte at offset " + std::to_string(read_);
        ++read_;
      }
    });
    finished_ = peer_finished && connection.readable_bytes() == 0;
    return finished_;
  }
  Instant wakes_at() const override { return reader_.wakes_at(); }
  std::string complaint() const override {
    if (!wrong_.empty()) return wrong_;
    if (!finished_) return "the server has not finished";
    if (read_ != bytes_) return std::to_string(read_) + " bytes came back in place of " + std::to_string(bytes_);
    return {};
  }

 private:
  static std::uint8_t byte_at(std::uint64_t offset) { return static_cast<std::uint8_t>(offset * 131 + (offset >> 9)); }

  void write(tcp::Connection& connection) {
    if (connection.state() < tcp::State::established) return;
    std::array<std::uint8_t, 4'096> buffer;
    while (written_ != bytes_) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>({piece_, buffer.size(), bytes_ - written_}));
      for (std::size_t i = 0; i < count; ++i) buffer[i] = byte_at(written_ + i);
      const std::size_t taken = connection.write(Bytes(buffer).first(count));
      written_ += taken;
      if (taken != count) return;
    }
    connection.shutdown_write();
  }

  std::uint64_t bytes_;
  std::size_t piece_;
  PacedReader reader_;
  std::uint64_t written_ = 0;
  std::uint64_t read_ = 0;
  bool finished_ = false;
  std::string wrong_;
};

}  // namespace handsel::sim
