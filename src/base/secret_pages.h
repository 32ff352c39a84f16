#pragma once
/// Memory for many secrets that live long.

#include <cstddef>

#include "base/bytes.h"

namespace handsel {

/// Whole pages, zeros at first: left out of core dumps, zeros again in a child that the process forks, and wiped
/// when their owner goes. Two processes that held one nonce would sign with it twice.
class SecretPages {
 public:
  /// So many bytes; none for zero. At start only. Throws std::system_error when there is no memory, or the kernel
  /// cannot keep it to one process (Linux before 4.14).
  explicit SecretPages(std::size_t bytes);
  SecretPages(const SecretPages&) = delete;
  SecretPages& operator=(const SecretPages&) = delete;
  ~SecretPages();

  MutableBytes memory() const { return memory_; }

 private:
  MutableBytes memory_;
};

}  // namespace handsel
