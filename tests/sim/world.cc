#include "world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "wire/print.h"

namespace handsel::sim {

// Puts an endpoint's frames on its link.
class World::Sink final : public flow::FrameSink {
 public:
  Sink(World& world, bool from_server, std::uint16_t client)
      : world_(world), from_server_(from_server), client_(client) {}
  MutableBytes begin(std::size_t bytes) override {
    buffer_.resize(bytes);
    return buffer_;
  }
  void commit(std::size_t bytes) override {
    Frame frame(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(bytes));
    // The client is named by the last two bytes of its MAC; what goes to a group reaches nobody in this world.
    std::uint16_t client = client_;
    if (from_server_) client = (frame[0] & 1) != 0 ? 0 : load_be16(frame.data() + 4);
    world_.carry(std::move(frame), !from_server_, client);
  }

 private:
  World& world_;
  bool from_server_;
  std::uint16_t client_;
  Frame buffer_;
};

World::World(std::uint64_t seed, const LinkConfig& link)
    : random_(seed), link_(link), trace_(std::getenv("HANDSEL_SIM_TRACE") != nullptr) {}

void World::show(const Frame& frame, bool to_server) const {
  const double ms = static_cast<double>(now_.time_since_epoch().count()) / 1e6;
  std::printf("%12.3f ms %s %s\n", ms, to_server ? ">" : "<", wire::describe_frame(frame).c_str());
}

bool World::chance(double probability) {
  return probability > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < probability;
}

void World::carry(Frame frame, bool to_server, std::uint16_t client) {
  if (trace_) show(frame, to_server);
  if (chance(link_.loss)) {
    ++counts_.lost;
    return;
  }
  if (chance(link_.corrupt)) {
    ++counts_.corrupted;
    // Past the link header: what Ethernet itself carries is under its frame check sequence, and damage there is loss.
    constexpr std::size_t kLinkBytes = 14;
    frame[kLinkBytes + random_() % (frame.size() - kLinkBytes)] ^= static_cast<std::uint8_t>(1u << random_() % 8);
  }
  const int copies = chance(link_.duplicate) ? 2 : 1;
  counts_.duplicated += static_cast<std::uint64_t>(copies - 1);
  for (int copy = 0; copy < copies; ++copy) {
    const Duration jitter =
        link_.jitter.count() == 0
            ? Duration{}
            : Duration(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(link_.jitter.count())));
    events_.push({now_ + link_.delay + jitter, order_++, to_server, client, frame});
    ++counts_.carried;
  }
}

void World::deliver(Event event) {
  if (event.to_server) {
    Sink sink(*this, true, 0);
    server_->receive(std::move(event.frame), now_, sink);
    server_->run(now_, sink);
  } else if (const auto found = clients_.find(event.client); found != clients_.end()) {
    Sink sink(*this, false, event.client);
    found->second->receive(std::move(event.frame), now_, sink);
    found->second->run(now_, sink);
  }
}

void World::run_endpoint(Endpoint& endpoint, bool is_server, std::uint16_t client) {
  if (endpoint.next_deadline() > now_) return;
  Sink sink(*this, is_server, client);
  endpoint.run(now_, sink);
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = now_ + limit;
  while (!done()) {
    Instant next = server_->next_deadline();
    for (const auto& [id, client] : clients_) next = std::min(next, client->next_deadline());
    if (!events_.empty()) next = std::min(next, events_.top().at);
    if (next == kNever || next > end) return done();
    now_ = std::max(now_, next);
    while (!events_.empty() && events_.top().at <= now_) {
      Event event = events_.top();
      events_.pop();
      deliver(std::move(event));
    }
    run_endpoint(*server_, true, 0);
    for (const auto& [id, client] : clients_) run_endpoint(*client, false, id);
  }
  return true;
}

}  // namespace handsel::sim
