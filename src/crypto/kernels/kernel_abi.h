#pragma once
/// What a file compiled for a newer instruction set shows to the rest: one table of functions over plain arrays.
/// Such a file includes nothing but this header, its vector vocabulary, the generic .inl files and <immintrin.h>, and
/// defines nothing else with external linkage: an inline function shared with it would become a weak symbol, and the
/// linker might hand the copy with the newer instructions to a caller on an older processor.

#include <stddef.h>
#include <stdint.h>

namespace handsel::crypto {

inline constexpr size_t kKernelLanes = 8;

/// All functions compute every lane, in constant time; a lane that is not needed may hold any valid input.
/// prepare() fills the tables of multiples of the base point: once, before any other call, while no other thread calls.

/// Numbers are little-endian (RFC 7748 5) and scalars are clamped inside.
struct X25519Kernels {
  void (*prepare)();
  /// X25519(scalar, u). A point of small order gives zero, which the caller must refuse.
  void (*shared)(const uint8_t (*scalars)[32], const uint8_t (*points)[32], uint8_t (*out)[32]);
  /// X25519(scalar, 9).
  void (*base)(const uint8_t (*scalars)[32], uint8_t (*out)[32]);
};

/// Numbers are big-endian (SEC 1 2.3), scalars from 1 to n - 1.
struct P256Kernels {
  void (*prepare)();
  /// Affine coordinates of scalar·G. The answer has a one for each lane (the lowest bit for lane 0) whose point was
  /// found to lie on the curve; any other lane was computed wrongly.
  uint8_t (*base)(const uint8_t (*scalars)[32], uint8_t (*x)[32], uint8_t (*y)[32]);
  /// The x coordinate of scalar·(px, py). The answer has a one for each lane whose input point is on the curve, its
  /// coordinates below p; `sound` gets a one for each whose result is: another lane's was computed wrongly.
  uint8_t (*shared)(const uint8_t (*scalars)[32], const uint8_t (*px)[32], const uint8_t (*py)[32], uint8_t (*x)[32],
                    uint8_t* sound);
};

/// AVX-512 F, DQ and IFMA.
extern const X25519Kernels kIfmaX25519Kernels;
extern const P256Kernels kIfmaP256Kernels;

}  // namespace handsel::crypto
