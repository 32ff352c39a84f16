#pragma once
/// What the processor and the operating system together allow.

namespace handsel::crypto {

/// AVX-512 F, DQ, VL and IFMA are there, and the system saves the registers (XCR0).
bool cpu_runs_avx512_ifma();
/// AVX2 is there, and the system saves the registers.
bool cpu_runs_avx2();
/// The SHA extensions are there (they need no state of their own).
bool cpu_runs_sha();

}  // namespace handsel::crypto
