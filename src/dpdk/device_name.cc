#include "dpdk/device_name.h"

#include <algorithm>

namespace handsel::dpdk {

DeviceName parse_device(std::string_view device) {
  DeviceName parsed;
  const std::string_view name = device.substr(0, device.find(','));
  parsed.pci = name.find(':') != std::string_view::npos && name.find('_') == std::string_view::npos;
  if (parsed.pci) {
    // DPDK lists PCI devices with their domain, which people leave out.
    const bool has_domain = std::count(name.begin(), name.end(), ':') == 2;
    parsed.name = has_domain ? std::string(name) : "0000:" + std::string(name);
  } else {
    parsed.name = name;
    parsed.driver = name.substr(0, name.find_last_not_of("0123456789") + 1);
  }
  return parsed;
}

}  // namespace handsel::dpdk
