/// Carries frames between two taps of its own and impairs them, as handseld's port can: two kernels' meeting place.
///
///     impair-bridge LOSS DUPLICATE REORDER      taps bridge0 and bridge1, until a signal ends it

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "engine/impaired_io.h"

namespace {

using handsel::engine::ImpairedIo;
using handsel::engine::Packet;

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

}  // namespace

int main(int count, char** values) {
  if (count != 4) {
    std::fprintf(stderr, "usage: %s LOSS DUPLICATE REORDER\n", values[0]);
    return 2;
  }
  TapIo one("bridge0");
  TapIo other("bridge1");
  ImpairedIo<TapIo> impaired(
      one, {.loss = std::atof(values[1]), .duplicate = std::atof(values[2]), .reorder = std::atof(values[3])});
  std::puts("ready");
  std::fflush(stdout);
  std::array<Packet, handsel::limits::kBurst> burst;
  for (;;) {
    other.transmit({burst.data(), impaired.receive(burst)});
    const std::size_t received = other.receive(burst);
    for (std::size_t sent = 0; sent < received;) sent += impaired.transmit({burst.data() + sent, received - sent});
  }
}
