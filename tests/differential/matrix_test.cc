// Every version, suite, group, certificate, resumption, client authentication and cutting, both roles: our end and
// OpenSSL's come to the same, and where nothing can come of it, to no handshake.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "meeting.h"

namespace handsel::tls::test {
namespace {

struct Row {
  Side ours;
  const SuiteRow* suite;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.suite->name; }

std::vector<Row> rows() {
  std::vector<Row> all;
  for (const Side ours : {Side::server, Side::client})
    for (const SuiteRow& suite : suite_rows())
      if (ours == Side::server || !suite.suite.rsa_key_exchange) all.push_back({ours, &suite});
  return all;
}

// All of them take three quarters of a minute.
unsigned stride() {
  const char* const wanted = std::getenv("HANDSEL_DIFFERENTIAL");
  if (wanted != nullptr && std::string_view(wanted) == "all") return 1;
#if defined(__SANITIZE_ADDRESS__)
  return 35;
#else
  return 7;
#endif
}

class Matrix : public testing::TestWithParam<Row> {};

TEST_P(Matrix, both_ends_come_to_the_same) {
  Hall hall;
  int agreed = 0, refused = 0;
  for_each_combination(
      GetParam().ours, *GetParam().suite, stride(), [&](const Combination& each, std::uint32_t number) {
        const char* const reason = impossible(each);
        SCOPED_TRACE(testing::PrintToString(each) + (reason != nullptr ? std::string(": ") + reason : ""));
        Meeting meeting(hall, each, number);
        if (reason == nullptr) {
          meeting.expect_agreement();
          ++agreed;
        } else {
          meeting.expect_refusal();
          ++refused;
        }
      });
  RecordProperty("agreed", agreed);
  RecordProperty("refused", refused);
}

INSTANTIATE_TEST_SUITE_P(RolesSuites, Matrix, testing::ValuesIn(rows()), [](const testing::TestParamInfo<Row>& row) {
  std::string name = row.param.ours == Side::server ? "serves_" : "connects_";
  for (const char* at = row.param.suite->name; *at != 0; ++at) name += *at == '-' ? '_' : *at;
  return name;
});

}  // namespace
}  // namespace handsel::tls::test
