#pragma once
/// Remembers a world's frames: as a pcap of the server's port and as ladders.

#include <string>
#include <vector>

#include "witness.h"

namespace handsel::sim {

class Recorder final : public Witness {
 public:
  void on_sent(const Passage& passage, Bytes frame) override;
  void on_lost(const Passage& passage, Bytes frame, const char* why) override;
  void on_delivered(const Passage& passage, Bytes frame) override;

  /// What the server sent and received, at the instant it did: pcap with nanoseconds, virtual time. False when the
  /// file cannot be written.
  bool write_pcap(const std::string& path) const;
  /// One ladder a connection, with what the links lost marked as dropped. A connection's drawing ends after
  /// `most_events` segments.
  std::string ladders(std::size_t most_events = 400) const;

 private:
  struct Record {
    Passage passage;
    const char* lost;
    std::size_t begin;  // in bytes_
    std::size_t size;
  };
  void keep(const Passage& passage, Bytes frame, const char* lost);
  Bytes frame_of(const Record& record) const { return Bytes(bytes_).subspan(record.begin, record.size); }

  static constexpr std::size_t kMostBytes = 64 * 1'024 * 1'024;
  std::vector<Record> records_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace handsel::sim
