#pragma once
/// SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash whose output strangers cannot predict.

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace handsel {

using SipKey = std::array<std::uint64_t, 2>;

/// 64-bit SipHash-2-4 of `message` under `key`.
std::uint64_t siphash24(const SipKey& key, Bytes message);

}  // namespace handsel
