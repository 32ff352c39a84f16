#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dpdk/eal.h"

namespace handsel::dpdk {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;

constexpr std::uint64_t kMiB = 1024 * 1024;
const Machine kBare{.free_hugepage_bytes = 0, .cores = {0, 1, 2, 3}};
const Machine kHuge{.free_hugepage_bytes = 1024 * kMiB, .cores = {0, 1, 2, 3}};

/// The value behind an option; empty when the option is not there.
std::string value_of(const std::vector<std::string>& arguments, std::string_view option) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i)
    if (arguments[i] == option) return arguments[i + 1];
  return {};
}

TEST(EalArguments, NoHugepages_Built_OrdinaryPagesOfTheConfiguredSize) {
  const auto arguments = eal_arguments({.memory_mib = 300}, kBare);
  EXPECT_THAT(arguments, Contains("--no-huge"));
  EXPECT_EQ(value_of(arguments, "-m"), "300");
  EXPECT_THAT(arguments, Not(Contains("--in-memory"))) << "DPDK refuses the two together";
}

TEST(EalArguments, EnoughHugepages_Built_InMemory) {
  const auto arguments = eal_arguments({.memory_mib = 1024}, kHuge);
  EXPECT_THAT(arguments, Contains("--in-memory"));
  EXPECT_THAT(arguments, Not(Contains("--no-huge")));
}

TEST(EalArguments, HugepagesAMiBShort_Built_OrdinaryPages) {
  EXPECT_THAT(eal_arguments({.memory_mib = 1025}, kHuge), Contains("--no-huge"));
}

TEST(EalArguments, NoPciPort_Built_PciLeftAlone) {
  const auto arguments = eal_arguments({}, kBare);
  EXPECT_THAT(arguments, Contains("--no-pci"));
  EXPECT_THAT(arguments, Not(Contains("-a")));
}

TEST(EalArguments, PciPorts_Built_OnlyTheseAreTouched) {
  const auto arguments = eal_arguments({.pci_devices = {"0000:3b:00.0", "0000:3b:00.1"}}, kBare);
  EXPECT_THAT(arguments, IsSupersetOf({"-a", "0000:3b:00.0", "0000:3b:00.1"}));
  EXPECT_THAT(arguments, Not(Contains("--no-pci")));
}

TEST(EalArguments, TwoWorkers_Built_MainFloatsAndWorkersArePinned) {
  EXPECT_EQ(value_of(eal_arguments({.workers = 2}, kBare), "--lcores"), "0@(0,1,2,3),1@2,2@3");
}

TEST(EalArguments, CryptoCores_Built_PinnedBehindTheWorkersAndNoneOfTheirs) {
  EXPECT_EQ(value_of(eal_arguments({.workers = 2, .crypto_cores = {3, 1}}, kBare), "--lcores"),
            "0@(0,1,2,3),1@0,2@2,3@3,4@1");
}

TEST(EalArguments, CoresConfigured_Built_TakenInTheirOrder) {
  EXPECT_EQ(value_of(eal_arguments({.workers = 2, .worker_cores = {3, 1}}, kBare), "--lcores"), "0@(0,1,2,3),1@3,2@1");
}

TEST(EalArguments, LcoreMapConfigured_Built_PassedThrough) {
  EXPECT_EQ(value_of(eal_arguments({.lcores = "4@0,5@1"}, kBare), "--lcores"), "4@0,5@1");
}

TEST(EalArguments, MoreWorkersThanCores_Chosen_Shared) {
  EXPECT_THAT(choose_cores({.workers = 3}, {.cores = {4, 9}}), ElementsAre(9, 4, 9));
}

TEST(EalArguments, AnyName_Built_IsThePrefix) {
  EXPECT_EQ(value_of(eal_arguments({.prefix = "handsel-edge"}, kBare), "--file-prefix"), "handsel-edge");
}

TEST(Machine, ThisOne_Probed_HasACore) { EXPECT_FALSE(probe_machine().cores.empty()); }

}  // namespace
}  // namespace handsel::dpdk
