#pragma once
/// A world of endpoints on links under a virtual clock. Everything random comes from one seed, so that a run replays.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "base/entropy.h"
#include "base/time.h"
#include "flow/frame_sink.h"

namespace handsel::sim {

/// Entropy from the world's seed.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_());
  }

 private:
  std::mt19937_64 random_;
};

/// What a link does to frames, each direction alike.
struct LinkConfig {
  Duration delay = std::chrono::milliseconds(1);
  Duration jitter{};  ///< added, uniform: more than the spacing of frames reorders them
  double loss = 0;    ///< probability, of each of these
  double duplicate = 0;
  double corrupt = 0;  ///< one bit flipped
};

/// What a link did.
struct LinkCounts {
  std::uint64_t carried = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t corrupted = 0;
};

using Frame = std::vector<std::uint8_t>;

/// Somebody who takes frames and has timers.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual void receive(Frame frame, Instant now, flow::FrameSink& out) = 0;
  /// Does what is due and says what it has to say.
  virtual void run(Instant now, flow::FrameSink& out) = 0;
  virtual Instant next_deadline() const = 0;
};

/// One server and any number of clients, each client on a link of its own to the server.
class World {
 public:
  /// With HANDSEL_SIM_TRACE set in the environment every frame is printed as it is put on a link.
  World(std::uint64_t seed, const LinkConfig& link);

  /// The server sees every client's frames; a client sees those that go to its MAC's last two bytes.
  void set_server(Endpoint& server) { server_ = &server; }
  void add_client(std::uint16_t id, Endpoint& client) { clients_[id] = &client; }

  /// Runs until `done` says so or the virtual clock passes `limit`; true when it was `done`.
  bool run_until(const std::function<bool()>& done, Duration limit);
  Instant now() const { return now_; }
  std::uint64_t random() { return random_(); }
  const LinkCounts& counts() const { return counts_; }

 private:
  struct Event {
    Instant at;
    std::uint64_t order;  // of events at one instant
    bool to_server;
    std::uint16_t client;
    Frame frame;
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  class Sink;
  void carry(Frame frame, bool to_server, std::uint16_t client);
  void deliver(Event event);
  void run_endpoint(Endpoint& endpoint, bool is_server, std::uint16_t client);
  bool chance(double probability);
  void show(const Frame& frame, bool to_server) const;

  std::mt19937_64 random_;
  LinkConfig link_;
  bool trace_;
  LinkCounts counts_;
  Instant now_{};
  std::uint64_t order_ = 0;
  Endpoint* server_ = nullptr;
  std::map<std::uint16_t, Endpoint*> clients_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

}  // namespace handsel::sim
