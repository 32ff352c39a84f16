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

/// A session, and what it has said: the one under test is such a one.
class Engine : public test::SessionEnd {
 public:
  template <class Config>
  Engine(Listened& side, const Config& config) : SessionEnd(side.world, config), log_(*side.aead) {}
  bool write_record(Bytes record) override;
  void start();
  bool send_early(std::string_view text) { return session().send_early(as_bytes(text), *this); }
  std::vector<Item> take_said() { return log_.take(); }
  const std::vector<Epoch>& epochs() const { return log_.epochs(); }

 private:
  RecordLog log_;
};

/// The other one, whatever it is made of.
class Peer {
 public:
  virtual ~Peer() = default;
  /// A client's.
  virtual void start() = 0;
  /// Bytes from the engine, to be thought over.
  virtual void receive(Bytes bytes) = 0;
  /// What it has said since the last call, altered, as records.
  virtual Buffer take_altered(Rules& rules) = 0;
  virtual void send(std::string_view text) = 0;
  /// A client's that resumes: behind its ClientHello. False when it may not.
  virtual bool send_early(std::string_view) { return false; }
  virtual void close() = 0;
  virtual bool connected() const = 0;
  virtual Failure failure() const = 0;
  virtual Bytes plaintext() const = 0;
  virtual Bytes early_plaintext() const { return {}; }
};

/// A session of our own.
class SessionPeer final : public Peer {
 public:
  template <class Config>
  SessionPeer(Listened& side, const Config& config) : end_(side, config), writer_(*side.aead) {}
  void start() override { end_.start(); }
  void receive(Bytes bytes) override;
  Buffer take_altered(Rules& rules) override;
  void send(std::string_view text) override { end_.send(text); }
  bool send_early(std::string_view text) override { return end_.send_early(text); }
  void close() override { end_.session().close(end_); }
  bool connected() const override { return end_.connected; }
  Failure failure() const override { return end_.session().failure(); }
  Bytes plaintext() const override { return end_.plaintext; }
  Bytes early_plaintext() const override { return end_.early_plaintext; }

 private:
  mutable Engine end_;
  RecordWriter writer_;
};

}  // namespace handsel::tls::conformance
