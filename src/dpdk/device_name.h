#pragma once
/// The device strings of DPDK.

#include <string>
#include <string_view>

namespace handsel::dpdk {

struct DeviceName {
  std::string name;    ///< under which DPDK lists the port: "net_tap0", "0000:3b:00.0"
  std::string driver;  ///< "net_tap", "net_memif"; empty for a PCI device
  bool pci = false;
};

/// "net_tap0,iface=handsel0" and "3b:00.0": what stands before the first comma says it all.
DeviceName parse_device(std::string_view device);

/// The value of a driver's argument: "handsel0" for "iface" in "net_tap0,iface=handsel0"; empty when it is not there.
std::string_view device_argument(std::string_view device, std::string_view key);

}  // namespace handsel::dpdk
