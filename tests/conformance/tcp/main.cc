/// Plays every case of the files named on the command line; --list prints their names instead, for the conformance
/// table.

#include <cstdio>
#include <exception>
#include <string_view>

#include "stage.h"

int main(int argc, char** argv) {
  bool list = false;
  int failed = 0;
  int played = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--list") {
      list = true;
      continue;
    }
    try {
      for (const auto& script : handsel::conformance::read_cases(argv[i])) {
        if (list) {
          std::printf("%s\n", script.name.c_str());
          continue;
        }
        ++played;
        try {
          handsel::conformance::Stage().play(script);
        } catch (const std::exception& error) {
          ++failed;
          std::printf("FAILED %s\n  %s\n", script.name.c_str(), error.what());
        }
      }
    } catch (const std::exception& error) {
      std::printf("%s\n", error.what());
      return 2;
    }
  }
  if (!list) std::printf("%d cases, %d failed\n", played, failed);
  return failed == 0 && (list || played != 0) ? 0 : 1;
}
