#include "base/secret_pages.h"

#include <sys/mman.h>

#include <cerrno>
#include <system_error>

#include "base/secret.h"

namespace handsel {

SecretPages::SecretPages(std::size_t bytes) {
  if (bytes == 0) return;
  const auto fail = [](const char* what) { throw std::system_error(errno, std::generic_category(), what); };
  void* const pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (pages == MAP_FAILED) fail("memory for secrets");
  memory_ = {static_cast<std::uint8_t*>(pages), bytes};
  if (madvise(pages, bytes, MADV_WIPEONFORK) != 0 || madvise(pages, bytes, MADV_DONTDUMP) != 0) {
    munmap(pages, bytes);
    fail("keeping memory for secrets to this process");
  }
}

SecretPages::~SecretPages() {
  if (memory_.empty()) return;
  secure_wipe(memory_);
  munmap(memory_.data(), memory_.size());
}

}  // namespace handsel
