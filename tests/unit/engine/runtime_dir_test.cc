#include "engine/runtime_dir.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace handsel::engine {
namespace {

TEST(RuntimeDir, Configured_Chosen_TakenAsItIs) { EXPECT_EQ(runtime_dir("/somewhere"), "/somewhere"); }

TEST(RuntimeDir, TwoNames_Paths_NeverShared) {
  const RuntimePaths one = runtime_paths("/run", "default");
  const RuntimePaths other = runtime_paths("/run", "edge");
  EXPECT_EQ(one.control, "/run/handsel/default/control.sock");
  EXPECT_EQ(one.telemetry, "/run/dpdk/handsel-default/dpdk_telemetry.v2");
  EXPECT_NE(one.control, other.control);
  EXPECT_NE(one.telemetry, other.telemetry);
}

}  // namespace
}  // namespace handsel::engine
