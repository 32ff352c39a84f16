#include "dpdk/device_name.h"

#include <gtest/gtest.h>

namespace handsel::dpdk {
namespace {

TEST(DeviceName, TapWithArguments_Parsed_NameAndDriver) {
  const DeviceName tap = parse_device("net_tap0,iface=handsel0");
  EXPECT_EQ(tap.name, "net_tap0");
  EXPECT_EQ(tap.driver, "net_tap");
  EXPECT_FALSE(tap.pci);
}

TEST(DeviceName, MemifWithSocketPath_Parsed_ColonsBehindTheCommaDoNotMatter) {
  const DeviceName memif = parse_device("net_memif12,socket=/run/a:b.sock");
  EXPECT_EQ(memif.name, "net_memif12");
  EXPECT_EQ(memif.driver, "net_memif");
  EXPECT_FALSE(memif.pci);
}

TEST(DeviceName, PciWithAndWithoutDomain_Parsed_ListedAlike) {
  for (const char* text : {"0000:3b:00.0", "3b:00.0", "3b:00.0,mprq_en=1"}) {
    const DeviceName pci = parse_device(text);
    EXPECT_TRUE(pci.pci) << text;
    EXPECT_EQ(pci.name, "0000:3b:00.0") << text;
    EXPECT_TRUE(pci.driver.empty()) << text;
  }
}

TEST(DeviceName, Argument_AskedFor_ItsValueOrNothing) {
  constexpr std::string_view device = "net_af_packet0,iface=veth0,framesz=16384,framecnt=512";
  EXPECT_EQ(device_argument(device, "iface"), "veth0");
  EXPECT_EQ(device_argument(device, "framesz"), "16384");
  EXPECT_EQ(device_argument(device, "framecnt"), "512");
  for (const char* absent : {"frame", "blocksz", "net_af_packet0", ""}) EXPECT_EQ(device_argument(device, absent), "");
  EXPECT_EQ(device_argument("net_tap0", "iface"), "");
}

}  // namespace
}  // namespace handsel::dpdk
