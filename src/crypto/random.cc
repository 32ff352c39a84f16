#include "crypto/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/secret.h"

namespace handsel::crypto {
namespace {

void draw(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      std::fprintf(stderr, "handsel: getrandom failed: %s\n", std::strerror(errno));
      std::abort();  // without entropy there are no keys worth having
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

SystemEntropy::~SystemEntropy() { secure_wipe(buffer_); }

void SystemEntropy::fill(MutableBytes out) {
  while (!out.empty()) {
    if (used_ == kBufferBytes) {
      draw(buffer_);
      used_ = 0;
    }
    const std::size_t take = std::min(out.size(), kBufferBytes - used_);
    std::memcpy(out.data(), buffer_.data() + used_, take);
    secure_wipe(buffer_.data() + used_, take);
    used_ += take;
    out = out.subspan(take);
  }
}

}  // namespace handsel::crypto
