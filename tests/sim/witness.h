#pragma once
/// Who sees everything that happens in a world, and may object to it.

#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/time.h"

namespace handsel::sim {

/// Where and when a frame was seen.
struct Passage {
  Instant at;
  bool to_server;
  std::uint16_t client;  ///< whose link it is
};

class Witness {
 public:
  virtual ~Witness() = default;
  virtual void on_sent(const Passage&, Bytes) {}
  /// After on_sent, when the link does not carry it.
  virtual void on_lost(const Passage&, Bytes, const char*) {}
  /// Just before the endpoint takes it.
  virtual void on_delivered(const Passage&, Bytes) {}
  /// Something has happened at the server, at a client, or at both; everybody has said what there was to say.
  virtual void after_event(Instant) {}

  /// What was wrong first; empty as long as nothing is.
  const std::string& objection() const { return objection_; }

 protected:
  void object(std::string what) {
    if (objection_.empty()) objection_ = std::move(what);
  }

 private:
  std::string objection_;
};

}  // namespace handsel::sim
