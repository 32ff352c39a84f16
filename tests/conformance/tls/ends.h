#pragma once
/// The two ends of a case: the engine under test, and the one that misbehaves. Both are sessions of our own; what the
/// latter says passes through the case's rules.

#include <memory>

#include "client_end.h"
#include "records.h"
#include "rules.h"
#include "tap.h"

namespace handsel::tls::conformance {

/// A worker whose crypto is listened to.
struct Listened {
  Listened();
  KernelTap kernels;
  AeadTap* aead = nullptr;  // owned by the world
  test::ClientWorld world;
};

/// The session under test, and what it has said.
class Engine : public test::SessionEnd {
 public:
  template <class Config>
  Engine(Listened& side, const Config& config) : SessionEnd(side.world, config), log_(*side.aead) {}
  bool write_record(Bytes record) override;
  void start();
  std::vector<Item> take_said() { return log_.take(); }

 private:
  RecordLog log_;
};

/// The other one.
class Peer : public test::SessionEnd {
 public:
  template <class Config>
  Peer(Listened& side, const Config& config) : SessionEnd(side.world, config), log_(*side.aead), writer_(*side.aead) {}
  bool write_record(Bytes record) override;
  void start();
  /// What it has said since the last call, altered, as records.
  Buffer take_altered(Rules& rules);

 private:
  RecordLog log_;
  RecordWriter writer_;
};

}  // namespace handsel::tls::conformance
