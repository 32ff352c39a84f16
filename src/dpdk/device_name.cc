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

std::string_view device_argument(std::string_view device, std::string_view key) {
  while (true) {
    const std::size_t comma = device.find(',');
    if (comma == std::string_view::npos) return {};
    device.remove_prefix(comma + 1);
    const std::string_view argument = device.substr(0, device.find(','));
    if (argument.size() > key.size() && argument.starts_with(key) && argument[key.size()] == '=')
      return argument.substr(key.size() + 1);
  }
}

}  // namespace handsel::dpdk
