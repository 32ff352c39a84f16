#pragma once
/// What the processor and the operating system together allow.

namespace handsel::crypto {

/// AVX-512 F, DQ and IFMA are there, and the system saves the registers (XCR0).
bool cpu_runs_avx512_ifma();

}  // namespace handsel::crypto
