#include "service/echo.h"

#include <gtest/gtest.h>

#include "fake_stream.h"
#include "service/registry.h"

namespace handsel::service {
namespace {

TEST(Echo, takes_only_what_it_can_send_back) {
  Echo echo;
  FakeStream stream;
  stream.room = 4;
  EXPECT_EQ(echo.on_data(stream, as_bytes("hello")), 4u);
  EXPECT_EQ(stream.sent, "hell");
  EXPECT_FALSE(echo.wants_data(stream));
}

TEST(Registry, makes_every_service_it_names_and_no_other) {
  for (const std::string_view name : service_names()) {
    const auto service = make_service(name);
    ASSERT_TRUE(service);
    EXPECT_EQ(service->name(), name);
  }
  EXPECT_FALSE(make_service("gopher"));
}

}  // namespace
}  // namespace handsel::service
