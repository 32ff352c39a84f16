/// Carries frames between two taps of its own over a line that loses, repeats, reorders and delays them and is no
/// faster than it is told: two kernels' meeting place, and one for a kernel and handsel.
///
///     impair-bridge [NAME=VALUE]…      taps bridge0 and bridge1, until a signal ends it
///
/// loss, duplicate, reorder: probabilities, as handseld's port has them (engine/impairment.h); seed: of their
/// generator. delay_ms: each way. rate_mbit and queue: of the line, each way; frames that find the queue full are lost.

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>

#include "engine/impaired_io.h"

namespace {

using handsel::engine::ImpairedIo;
using handsel::engine::Packet;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBufferBytes = 2'048;

/// A tap as a port. Buffers are plain memory, so that a frame from one tap may go out of the other.
class TapIo {
 public:
  explicit TapIo(const char* name) : fd_(::open("/dev/net/tun", O_RDWR | O_NONBLOCK)) {
    ifreq request{};
    std::strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (fd_ >= 0 && ::ioctl(fd_, TUNSETIFF, &request) == 0) return;
    std::perror(name);
    std::exit(1);
  }
  ~TapIo() { ::close(fd_); }
  TapIo(const TapIo&) = delete;
  TapIo& operator=(const TapIo&) = delete;

  int descriptor() const { return fd_; }

  std::size_t receive(std::span<Packet> packets) {
    std::size_t count = 0;
    while (count < packets.size()) {
      allocate(packets[count], kBufferBytes);
      const ssize_t bytes = ::read(fd_, packets[count].data, kBufferBytes);
      if (bytes <= 0) {
        release({&packets[count], 1});
        break;
      }
      packets[count++].bytes = static_cast<std::uint32_t>(bytes);
    }
    return count;
  }
  void release(std::span<Packet> packets) {
    for (Packet& packet : packets) delete[] packet.data;
  }
  bool allocate(Packet& packet, std::size_t bytes) {
    packet = {.data = new std::uint8_t[kBufferBytes], .bytes = static_cast<std::uint32_t>(bytes)};
    return true;
  }
  /// What the kernel does not take (its interface is down) is lost, as on a cable.
  std::size_t transmit(std::span<Packet> packets) {
    for (Packet& packet : packets) [[maybe_unused]]
      const ssize_t ignored = ::write(fd_, packet.data, packet.bytes);
    release(packets);
    return packets.size();
  }

 private:
  int fd_;
};

/// What a line does apart from faults.
struct LineConfig {
  Clock::duration delay{};
  double nanoseconds_per_byte = 0;  ///< 0: as fast as it can be
  std::size_t queue = 1'000;        ///< frames that wait for their turn on the line, at most
};

/// One direction of the line: a queue that empties at its rate, then the way.
class Line {
 public:
  explicit Line(const LineConfig& config) : config_(config) {}

  /// False when the queue is full.
  bool put(const Packet& packet, Clock::time_point now) {
    while (!departures_.empty() && departures_.front() <= now) departures_.pop_front();
    if (departures_.size() >= config_.queue) return false;
    const auto serialisation =
        std::chrono::nanoseconds(static_cast<std::int64_t>(config_.nanoseconds_per_byte * packet.bytes));
    free_at_ = std::max(free_at_, now) + serialisation;
    if (serialisation.count() != 0) departures_.push_back(free_at_);
    on_the_way_.push_back({free_at_ + config_.delay, packet});
    return true;
  }
  /// The frames that have arrived, at most as many as `packets` has room for.
  std::size_t take(std::span<Packet> packets, Clock::time_point now) {
    std::size_t count = 0;
    while (count < packets.size() && !on_the_way_.empty() && on_the_way_.front().arrives <= now) {
      packets[count++] = on_the_way_.front().packet;
      on_the_way_.pop_front();
    }
    return count;
  }
  /// When take() has something to give; far away when nothing is on its way.
  Clock::time_point next_arrival() const {
    return on_the_way_.empty() ? Clock::time_point::max() : on_the_way_.front().arrives;
  }

 private:
  struct Travelling {
    Clock::time_point arrives;
    Packet packet;
  };
  LineConfig config_;
  Clock::time_point free_at_{};
  std::deque<Clock::time_point> departures_;  // of the frames that still wait or are being sent
  std::deque<Travelling> on_the_way_;
};

/// Sleeps until a frame comes or arrives at the line's other end. Frames that are held back to be overtaken have no
/// time of their own, so that the sleep is short while there may be some.
void wait(const TapIo& one, const TapIo& other, Clock::time_point until) {
  constexpr auto kLongest = std::chrono::milliseconds(1);
  const auto sleep = std::clamp<Clock::duration>(until - Clock::now(), Clock::duration::zero(), kLongest);
  if (sleep == Clock::duration::zero()) return;
  std::array<pollfd, 2> taps = {pollfd{one.descriptor(), POLLIN, 0}, pollfd{other.descriptor(), POLLIN, 0}};
  const timespec timeout{0, static_cast<long>(std::chrono::nanoseconds(sleep).count())};
  ::ppoll(taps.data(), taps.size(), &timeout, nullptr);
}

/// Moves what came from `from` onto the line, and what arrives at its other end to `to`.
template <class From, class To>
void carry(From& from, Line& line, To& to) {
  std::array<Packet, handsel::limits::kBurst> burst;
  const Clock::time_point now = Clock::now();
  const std::size_t received = from.receive(burst);
  for (Packet& packet : std::span(burst).first(received))
    if (!line.put(packet, now)) from.release({&packet, 1});
  const std::size_t arrived = line.take(burst, now);
  for (std::size_t sent = 0; sent < arrived;) sent += to.transmit({burst.data() + sent, arrived - sent});
}

std::map<std::string, double> read_values(int count, char** texts) {
  std::map<std::string, double> values = {{"loss", 0},     {"duplicate", 0}, {"reorder", 0},  {"seed", 1},
                                          {"delay_ms", 0}, {"rate_mbit", 0}, {"queue", 1'000}};
  for (int i = 1; i < count; ++i) {
    const std::string text = texts[i];
    const std::size_t equals = text.find('=');
    const auto found = values.find(text.substr(0, equals));
    if (equals == std::string::npos || found == values.end()) {
      std::fprintf(stderr, "%s: \"%s\" is not NAME=VALUE with a name of", texts[0], texts[i]);
      for (const auto& [name, value] : values) std::fprintf(stderr, " %s", name.c_str());
      std::fputc('\n', stderr);
      std::exit(2);
    }
    found->second = std::atof(text.c_str() + equals + 1);
  }
  return values;
}

}  // namespace

int main(int count, char** texts) {
  auto value = read_values(count, texts);
  const LineConfig config{
      .delay = std::chrono::nanoseconds(static_cast<std::int64_t>(value["delay_ms"] * 1e6)),
      .nanoseconds_per_byte = value["rate_mbit"] > 0 ? 8'000 / value["rate_mbit"] : 0,
      .queue = static_cast<std::size_t>(value["queue"]),
  };
  TapIo one("bridge0");
  TapIo other("bridge1");
  ImpairedIo<TapIo> impaired(one, {.loss = value["loss"],
                                   .duplicate = value["duplicate"],
                                   .reorder = value["reorder"],
                                   .seed = static_cast<std::uint64_t>(value["seed"])});
  Line there(config);
  Line back(config);
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    carry(impaired, there, other);
    carry(other, back, impaired);
    wait(one, other, std::min(there.next_arrival(), back.next_arrival()));
  }
}
