#include "dpdk/kernel_link.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace handsel::dpdk {
namespace {

/// A netlink message with room for attributes.
template <class Body>
struct Request {
  nlmsghdr header{};
  Body body{};
  std::uint8_t attributes[64]{};

  Request(std::uint16_t type, std::uint16_t flags) {
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    header.nlmsg_len = NLMSG_LENGTH(sizeof body);
  }
  void add(std::uint16_t type, Bytes value) {
    const std::size_t offset = NLMSG_ALIGN(header.nlmsg_len);
    rtattr attribute{.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(value.size())), .rta_type = type};
    std::uint8_t* at = reinterpret_cast<std::uint8_t*>(this) + offset;
    std::memcpy(at, &attribute, sizeof attribute);
    std::memcpy(at + RTA_LENGTH(0), value.data(), value.size());
    header.nlmsg_len = static_cast<std::uint32_t>(offset + RTA_LENGTH(value.size()));
  }
};

}  // namespace

std::expected<KernelLink, std::string> KernelLink::open(const std::string& interface) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) return std::unexpected(fmt::format("the kernel has no interface {}", interface));
  const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (socket < 0) return std::unexpected(fmt::format("no netlink socket: {}", std::strerror(errno)));
  return KernelLink(socket, index, interface);
}

KernelLink::KernelLink(KernelLink&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      index_(other.index_),
      sequence_(other.sequence_),
      interface_(std::move(other.interface_)) {}

KernelLink::~KernelLink() {
  if (socket_ >= 0) ::close(socket_);
}

int KernelLink::ask(void* request) {
  auto* header = static_cast<nlmsghdr*>(request);
  header->nlmsg_seq = ++sequence_;
  if (::send(socket_, request, header->nlmsg_len, 0) < 0) return errno;
  alignas(nlmsghdr) std::uint8_t reply[1024];
  for (;;) {
    const ssize_t bytes = ::recv(socket_, reply, sizeof reply, 0);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return errno;
    nlmsghdr answer;
    nlmsgerr error;
    if (static_cast<std::size_t>(bytes) < sizeof answer + sizeof error) return EPROTO;
    std::memcpy(&answer, reply, sizeof answer);
    if (answer.nlmsg_type != NLMSG_ERROR || answer.nlmsg_seq != sequence_) continue;
    std::memcpy(&error, reply + NLMSG_HDRLEN, sizeof error);
    return -error.error;
  }
}

std::expected<void, std::string> KernelLink::bring_up() {
  Request<ifinfomsg> request(RTM_NEWLINK, 0);
  request.body.ifi_index = static_cast<int>(index_);
  request.body.ifi_flags = IFF_UP;
  request.body.ifi_change = IFF_UP;
  if (const int code = ask(&request); code != 0)
    return std::unexpected(fmt::format("{} does not come up: {}", interface_, std::strerror(code)));
  return {};
}

std::expected<void, std::string> KernelLink::add_address(const wire::IpPrefix& address) {
  const bool v4 = address.address.is_v4();
  Request<ifaddrmsg> request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  request.body.ifa_family = v4 ? AF_INET : AF_INET6;
  request.body.ifa_prefixlen = address.length;
  request.body.ifa_index = index_;
  request.body.ifa_flags = v4 ? 0 : IFA_F_NODAD;
  const Bytes bytes = v4 ? Bytes(address.address.v4_bytes()) : Bytes(address.address.bytes());
  request.add(IFA_LOCAL, bytes);
  request.add(IFA_ADDRESS, bytes);
  if (const int code = ask(&request); code != 0 && code != EEXIST)
    return std::unexpected(fmt::format("{} does not take the address {}: {}", interface_, address.to_string(),
                                       code == EACCES && !v4 ? "IPv6 is switched off" : std::strerror(code)));
  return {};
}

bool has_net_admin() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN)) != 0;
}

}  // namespace handsel::dpdk
