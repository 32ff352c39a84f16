#pragma once
/// The kernel's end of a net_tap device: brought up and given addresses over rtnetlink, as `ip` would. Needs
/// CAP_NET_ADMIN. Control thread.

#include <cstdint>
#include <expected>
#include <string>

#include "wire/address.h"

namespace handsel::dpdk {

/// One conversation with the kernel about one interface. Errors are sentences with the kernel's reason.
class KernelLink {
 public:
  static std::expected<KernelLink, std::string> open(const std::string& interface);
  KernelLink(KernelLink&& other) noexcept;
  KernelLink& operator=(KernelLink&&) = delete;
  ~KernelLink();

  std::expected<void, std::string> bring_up();
  /// An IPv6 address is usable at once: duplicate address detection is left out, as both ends are ours. An address
  /// that is already there is fine.
  std::expected<void, std::string> add_address(const wire::IpPrefix& address);

 private:
  KernelLink(int socket, unsigned index, std::string interface)
      : socket_(socket), index_(index), interface_(std::move(interface)) {}
  /// Sends the message that `request` begins with and waits for its acknowledgement; 0 or an errno.
  int ask(void* request);

  int socket_ = -1;
  unsigned index_ = 0;
  std::uint32_t sequence_ = 0;
  std::string interface_;
};

/// True when this process may make and configure network interfaces.
bool has_net_admin();

}  // namespace handsel::dpdk
