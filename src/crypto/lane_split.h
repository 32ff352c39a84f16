#pragma once
/// Which operations of a batch go into vector lanes, and which one by one to the scalar back end.

#include <array>
#include <cassert>
#include <span>

#include "crypto/kernels/kernel_abi.h"
#include "crypto/stage.h"

namespace handsel::crypto {

/// Hands those that `suits` to `in_lanes` when there are at least `crossover` of them, and all others to `scalar`. At
/// most kKernelLanes operations.
template <class Suits, class InLanes>
void split_lanes(std::span<Operation* const> operations, const Kernel& scalar, std::size_t crossover, Suits suits,
                 InLanes in_lanes) {
  assert(operations.size() <= kKernelLanes);
  std::array<Operation*, kKernelLanes> fit;
  std::array<Operation*, kKernelLanes> other;
  std::size_t fits = 0;
  std::size_t others = 0;
  for (Operation* const operation : operations) (suits(*operation) ? fit[fits++] : other[others++]) = operation;
  if (fits >= crossover)
    in_lanes(std::span<Operation* const>(fit).first(fits));
  else if (fits > 0)
    scalar.run(scalar.context, std::span(fit).first(fits));
  if (others > 0) scalar.run(scalar.context, std::span(other).first(others));
}

}  // namespace handsel::crypto
