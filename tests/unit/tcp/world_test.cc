/// Many random worlds: both sides write, read slowly, close when they like; the link has a small MTU, bursts of loss,
/// CE marks. After every event every wait has a timer, and in the end every byte is where it belongs.

#include "harness.h"

namespace handsel::tcp::test {
namespace {

struct Side {
  std::size_t to_write = 0;
  std::size_t written = 0;
  std::size_t read = 0;
  std::size_t reads_at_once = 0;  // bytes it takes in one go; small: a slow reader
  bool saw_fin = false;
  bool shut = false;
  End end = End::none;
};

struct Flying {
  Instant at;
  std::uint64_t order;
  bool to_client;
  TcpHeader header;
  std::vector<std::uint8_t> payload;
  std::uint8_t ecn;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed), pool_(random_() % 4 == 0 ? 160 : 4'096) {
    for (Config* config : {&configs_[0], &configs_[1]}) {
      config->sack = flip();
      config->timestamps = flip();
      config->window_scaling = flip();
      config->nagle = flip();
      config->ecn = flip();
      config->pacing = flip();
      config->congestion = flip() ? CongestionAlgorithm::cubic : CongestionAlgorithm::newreno;
      config->send_buffer_bytes = pick({3'000, 20'000, 256 * 1024});
      config->receive_buffer_bytes = pick({2'000, 10'000, 65'536, 256 * 1024});
      config->path_mss = static_cast<std::uint16_t>(pick({536, 1'460, 8'960}));
      config->mss = static_cast<std::uint16_t>(pick({536, 1'460, 8'960}));
      config->user_timeout = 6'000s;
      config->time_wait = 1'000s;
      config->syn_timeout = 600s;
    }
    loss_ = percent({0, 1, 5, 15});
    reorder_ = percent({0, 0, 10});
    duplicate_ = percent({0, 0, 5});
    mark_ = percent({0, 0, 5});
    delay_ = std::chrono::microseconds(pick({50, 5'000, 80'000}));
    for (Side* side : {&sides_[0], &sides_[1]}) {
      side->to_write = static_cast<std::size_t>(random_() % pick({1, 5'000, 120'000, 400'000}));
      side->reads_at_once = pick({700, 5'000, 1'000'000});
    }
    client_iss_ = SeqNum(static_cast<std::uint32_t>(random_()));
    server_iss_ = SeqNum(flip() ? 0xFFFF'FFF0u : static_cast<std::uint32_t>(random_()));
    ends_[0].emplace(configs_[0], pool_, client_iss_, now_);
    pump(0);
  }

  void live() {
    for (int event = 0; event < 400'000; ++event) {
      if (done()) break;
      ASSERT_TRUE(step()) << "nothing can ever happen again: " << describe();
      if (testing::Test::HasFailure()) return;
    }
    ASSERT_TRUE(done()) << describe();
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(sides_[i].read, sides_[1 - i].written);
      EXPECT_EQ(sides_[i].written, sides_[i].to_write);
      EXPECT_EQ(sides_[i].end, End::closed) << i;
      ends_[i].reset();
    }
    EXPECT_EQ(pool_.available(), pool_.capacity());
  }

 private:
  bool flip() { return random_() % 2 == 0; }
  std::size_t pick(std::initializer_list<std::size_t> from) { return from.begin()[random_() % from.size()]; }
  double percent(std::initializer_list<std::size_t> from) { return static_cast<double>(pick(from)) / 100; }
  double chance() { return std::uniform_real_distribution<>(0, 1)(random_); }
  bool done() const {
    return ends_[0] && ends_[1] && ends_[0]->state() == State::closed && ends_[1]->state() == State::closed;
  }
  std::string describe() const {
    std::string text;
    for (int i = 0; i < 2; ++i)
      if (ends_[i])
        text += std::string(name_of(ends_[i]->state())) + " wrote " + std::to_string(sides_[i].written) + "/" +
                std::to_string(sides_[i].to_write) + " read " + std::to_string(sides_[i].read) + " flight " +
                std::to_string(ends_[i]->bytes_in_flight()) + " wnd " + std::to_string(ends_[i]->snd_wnd()) + "; ";
    return text;
  }

  bool step() {
    Instant next = kNever;
    for (const auto& flying : link_) next = std::min(next, flying.at);
    for (const auto& end : ends_)
      if (end) next = std::min(next, end->next_deadline());
    for (const Instant at : reading_at_) next = std::min(next, at);
    if (next == kNever) return false;
    now_ = std::max(now_, next);
    auto due = link_.end();
    for (auto it = link_.begin(); it != link_.end(); ++it)
      if (it->at <= now_ && (due == link_.end() || it->order < due->order)) due = it;
    if (due != link_.end()) {
      const Flying flying = std::move(*due);
      link_.erase(due);
      deliver(flying);
    }
    for (int i = 0; i < 2; ++i) {
      if (ends_[i] && ends_[i]->next_deadline() <= now_) note(i, ends_[i]->on_timer(now_));
      if (reading_at_[i] <= now_) read(i);
      application(i);
      pump(i);
      check(i);
    }
    return true;
  }
  void deliver(const Flying& flying) {
    const int i = flying.to_client ? 0 : 1;
    if (!ends_[i]) {
      if (flying.header.has(wire::kSyn)) ends_[i].emplace(configs_[i], pool_, flying.header, server_iss_, now_);
      pump(i);
      return;
    }
    note(i, ends_[i]->on_segment(flying.header, flying.payload, flying.ecn, now_));
    read(i);
    ends_[i]->detach_segment();
  }
  void note(int i, const Outcome& outcome) {
    sides_[i].saw_fin |= outcome.peer_finished;
    if (outcome.ended != End::none) sides_[i].end = outcome.ended;
  }
  void read(int i) {
    reading_at_[i] = kNever;
    Connection& c = *ends_[i];
    std::size_t budget = sides_[i].reads_at_once;
    while (budget != 0 && !c.readable().empty()) {
      const Bytes piece = c.readable().first(std::min(budget, c.readable().size()));
      const auto expected = pattern(piece.size(), sides_[i].read);
      ASSERT_TRUE(std::equal(piece.begin(), piece.end(), expected.begin())) << "at " << sides_[i].read;
      sides_[i].read += piece.size();
      budget -= piece.size();
      c.consume(piece.size());
    }
    if (c.readable_bytes() != 0) reading_at_[i] = now_ + 30ms;
  }
  void application(int i) {
    if (!ends_[i]) return;
    Connection& c = *ends_[i];
    Side& side = sides_[i];
    if (c.state() != State::established && c.state() != State::close_wait) return;
    const std::size_t count = std::min({c.send_room(), side.to_write - side.written, std::size_t{10'000}});
    if (count != 0) side.written += c.write(pattern(count, side.written));
    if (side.written == side.to_write && !side.shut) {
      side.shut = true;
      c.shutdown_write();
    }
  }
  void pump(int i) {
    if (!ends_[i]) return;
    for (auto& sent : drain(*ends_[i], now_)) {
      const int copies = chance() < loss_ ? 0 : chance() < duplicate_ ? 2 : 1;
      if (sent.payload.size() > path_limit_) continue;
      for (int copy = 0; copy < copies; ++copy) {
        const Duration extra = chance() < reorder_ ? delay_ : 0us;
        const std::uint8_t ecn = sent.out.ip_ecn != 0 && chance() < mark_ ? 3 : sent.out.ip_ecn;
        link_.push_back({now_ + delay_ + extra, order_++, i == 1, sent.out.header, sent.payload, ecn});
      }
    }
  }
  void check(int i) {
    if (!ends_[i]) return;
    const Connection& c = *ends_[i];
    ASSERT_LE(c.snd_una(), c.snd_nxt());
    ASSERT_LE(c.queued_bytes(), configs_[i].send_buffer_bytes);
    ASSERT_LE(c.readable_bytes() + c.reassembly_bytes(), configs_[i].receive_buffer_bytes + 16);
    if (c.state() != State::closed && (c.bytes_in_flight() != 0 || c.unsent_bytes() != 0)) {
      // A wait for the peer ends within the longest timeout; the user timeout, hours away here, does not count.
      ASSERT_LE(c.next_deadline(), now_ + 61s) << describe();
    }
  }

  std::mt19937_64 random_;
  ChunkPool pool_;
  Instant now_{1h};
  Config configs_[2];
  Side sides_[2];
  std::optional<Connection> ends_[2];
  Instant reading_at_[2] = {kNever, kNever};
  std::vector<Flying> link_;
  std::uint64_t order_ = 0;
  SeqNum client_iss_, server_iss_;
  double loss_ = 0, reorder_ = 0, duplicate_ = 0, mark_ = 0;
  Duration delay_{};
  std::size_t path_limit_ = 9'000;
};

TEST(World, EveryByteArrivesAndBothEndsCloseInAnyWorld) {
  const char* const wanted = std::getenv("HANDSEL_WORLDS");
  const std::uint64_t worlds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 300;
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World(seed).live();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace handsel::tcp::test
