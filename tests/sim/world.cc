#include "world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "wire/print.h"

namespace handsel::sim {
namespace {

constexpr std::uint64_t kMostEvents = 3'000'000;  // a world that has more of them goes round in a circle

}  // namespace

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

World::World(std::uint64_t seed) : random_(seed), trace_(std::getenv("HANDSEL_SIM_TRACE") != nullptr) {}

void World::add_client(std::uint16_t id, Endpoint& client, const PathConfig& path) {
  clients_.insert_or_assign(id, Client{&client, Link(path.up), Link(path.down)});
}

void World::show(const Frame& frame, bool to_server, const char* lost) const {
  const double ms = static_cast<double>(now_.time_since_epoch().count()) / 1e6;
  std::printf("%12.3f ms %s %s%s%s\n", ms, to_server ? ">" : "<", wire::describe_frame(frame).c_str(),
              lost ? "  LOST " : "", lost ? lost : "");
}

void World::carry(Frame frame, bool to_server, std::uint16_t client) {
  const auto found = clients_.find(client);
  const Passage passage{now_, to_server, client};
  for (Witness* witness : witnesses_) witness->on_sent(passage, frame);
  if (found == clients_.end()) return;
  Link& link = to_server ? found->second.up : found->second.down;
  Fate fate = link.pass(frame, now_, random_);
  if (trace_) show(frame, to_server, fate.lost);
  if (fate.lost)
    for (Witness* witness : witnesses_) witness->on_lost(passage, frame, fate.lost);
  for (Fate::Copy& copy : fate.copies) events_.push({copy.at, order_++, to_server, client, std::move(copy.frame)});
  if (!fate.told_too_big) return;
  if (auto answer = too_big_answer(frame, link.config().mtu))
    events_.push({now_ + link.config().delay, order_++, !to_server, client, std::move(*answer)});
}

void World::deliver(Event event) {
  const auto found = clients_.find(event.client);
  if (found == clients_.end()) return;
  if (trace_ && segment_of(event.frame) == std::nullopt) show(event.frame, event.to_server, nullptr);
  for (Witness* witness : witnesses_) witness->on_delivered({now_, event.to_server, event.client}, event.frame);
  Endpoint& endpoint = event.to_server ? *server_ : *found->second.endpoint;
  Sink sink(*this, event.to_server, event.to_server ? std::uint16_t{0} : event.client);
  endpoint.receive(std::move(event.frame), now_, sink);
  endpoint.run(now_, sink);
}

void World::run_endpoint(Endpoint& endpoint, bool is_server, std::uint16_t client) {
  if (endpoint.next_deadline() > now_) return;
  Sink sink(*this, is_server, client);
  endpoint.run(now_, sink);
}

std::string World::objection() const {
  if (happened_ >= kMostEvents) return "the world does not come to rest";
  for (const Witness* witness : witnesses_)
    if (!witness->objection().empty()) return witness->objection();
  return {};
}

// One frame's arrival, or what timers have to do. False when nothing happens until `end`.
bool World::step(Instant end) {
  Instant next = server_->next_deadline();
  for (const auto& [id, client] : clients_) next = std::min(next, client.endpoint->next_deadline());
  if (!events_.empty()) next = std::min(next, events_.top().at);
  if (next == kNever || next > end) return false;
  now_ = std::max(now_, next);
  if (!events_.empty() && events_.top().at <= now_) {
    Event event = events_.top();
    events_.pop();
    deliver(std::move(event));
  } else {
    run_endpoint(*server_, true, 0);
    for (const auto& [id, client] : clients_) run_endpoint(*client.endpoint, false, id);
  }
  for (Witness* witness : witnesses_) witness->after_event(now_);
  return ++happened_ < kMostEvents;
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = now_ + limit;
  while (!done())
    if (!step(end) || !objection().empty()) return done() && objection().empty();
  return true;
}

}  // namespace handsel::sim
