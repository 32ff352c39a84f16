/// Plays every case of the files named on the command line; --list prints their names instead, and --only WORD plays
/// those whose names hold it. --facts prints what TLS is spoken.

#include <gtest/gtest.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "facts.h"
#include "stage.h"

int main(int argc, char** argv) {
  using namespace handsel::tls::conformance;
  bool list = false;
  std::string_view only;
  int failed = 0;
  int played = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--list") {
      list = true;
      continue;
    }
    if (argument == "--facts") {
      print_facts();
      return 0;
    }
    if (argument == "--only" && i + 1 < argc) {
      only = argv[++i];
      continue;
    }
    try {
      for (const Case& script : read_cases(argv[i])) {
        if (script.name.find(only) == std::string::npos) continue;
        if (list) {
          std::printf("%s\n", script.name.c_str());
          continue;
        }
        ++played;
        try {
          play(script);
        } catch (const std::exception& error) {
          ++failed;
          std::string values;
          for (const std::string& value : script.values) values += " [" + value + "]";
          std::printf("FAILED %s:%d %s%s\n  %s\n", script.file.c_str(), script.number, script.name.c_str(),
                      values.c_str(), error.what());
        }
      }
    } catch (const std::exception& error) {
      std::printf("%s\n", error.what());
      return 2;
    }
  }
  // The ends that the unit tests share say what is wrong in GoogleTest's way.
  const bool content = !testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed();
  if (!list) std::printf("%d cases, %d failed\n", played, failed);
  return failed == 0 && content && (list || played != 0) ? 0 : 1;
}
