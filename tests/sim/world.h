#pragma once
/// A world of endpoints on links under a virtual clock. Everything random comes from one seed, so that a run replays.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "base/entropy.h"
#include "base/time.h"
#include "flow/frame_sink.h"
#include "link.h"
#include "segment.h"
#include "witness.h"

namespace handsel::sim {

/// Entropy from the world's seed.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_());
  }

 private:
  Random random_;
};

/// Somebody who takes frames and has timers.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual void receive(Frame frame, Instant now, flow::FrameSink& out) = 0;
  /// Does what is due and says what it has to say.
  virtual void run(Instant now, flow::FrameSink& out) = 0;
  virtual Instant next_deadline() const = 0;
};

/// One server and any number of clients, each client on a path of its own to the server.
class World {
 public:
  /// With HANDSEL_SIM_TRACE set in the environment every frame is printed as it is put on a link.
  explicit World(std::uint64_t seed);

  /// The server sees every client's frames; a client sees those that go to its MAC's last two bytes.
  void set_server(Endpoint& server) { server_ = &server; }
  void add_client(std::uint16_t id, Endpoint& client, const PathConfig& path);
  void add_witness(Witness& witness) { witnesses_.push_back(&witness); }

  /// Runs until `done` says so, somebody objects, or the virtual clock passes `limit`; true when it was `done`.
  bool run_until(const std::function<bool()>& done, Duration limit);
  /// What the first witness objected to; empty when nobody does.
  std::string objection() const;
  Instant now() const { return now_; }
  std::uint64_t random() { return random_(); }
  Random& dice() { return random_; }
  std::uint64_t events() const { return happened_; }

 private:
  struct Event {
    Instant at;
    std::uint64_t order;  // of events at one instant
    bool to_server;
    std::uint16_t client;
    Frame frame;
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  struct Client {
    Endpoint* endpoint;
    Link up;
    Link down;
  };
  class Sink;
  void carry(Frame frame, bool to_server, std::uint16_t client);
  void deliver(Event event);
  void run_endpoint(Endpoint& endpoint, bool is_server, std::uint16_t client);
  bool step(Instant end);
  void show(const Frame& frame, bool to_server, const char* lost) const;

  Random random_;
  bool trace_;
  Instant now_{};
  std::uint64_t order_ = 0;
  std::uint64_t happened_ = 0;
  Endpoint* server_ = nullptr;
  std::map<std::uint16_t, Client> clients_;
  std::vector<Witness*> witnesses_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

}  // namespace handsel::sim
