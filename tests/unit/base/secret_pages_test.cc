#include "base/secret_pages.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace handsel {
namespace {

bool all_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

TEST(SecretPages, hold_zeros_at_first_and_as_much_as_was_asked_for) {
  const SecretPages pages(10'000);
  EXPECT_EQ(pages.memory().size(), 10'000u);
  EXPECT_TRUE(all_zero(pages.memory()));
  EXPECT_TRUE(SecretPages(0).memory().empty());
}

TEST(SecretPages, forked_child_finds_zeros_where_its_parent_keeps_secrets) {
  const SecretPages pages(10'000);
  std::ranges::fill(pages.memory(), std::uint8_t{0x5a});
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(all_zero(pages.memory()) ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(pages.memory().back(), 0x5a);
}

}  // namespace
}  // namespace handsel
