#pragma once
/// Which operations of a batch go into vector lanes, and which one by one to the scalar back end.

#include <array>
#include <cassert>
#include <span>

#include "crypto/kernels/kernel_abi.h"
#include "crypto/stage.h"

namespace handsel::crypto {

/// Operations of a batch that belong together.
struct LaneGroup {
  void add(Operation* operation) { list[size++] = operation; }
  std::span<Operation* const> view() const { return std::span(list).first(size); }
  std::array<Operation*, kKernelLanes> list;
  std::size_t size = 0;
};

/// Hands those that `suits` to `in_lanes` when there are at least `crossover` of them, and all others to `scalar`. At
/// most kKernelLanes operations.
template <class Suits, class InLanes>
void split_lanes(std::span<Operation* const> operations, const Kernel& scalar, std::size_t crossover, Suits suits,
                 InLanes in_lanes) {
  assert(operations.size() <= kKernelLanes);
  LaneGroup fit;
  LaneGroup other;
  for (Operation* const operation : operations) (suits(*operation) ? fit : other).add(operation);
  if (fit.size >= crossover)
    in_lanes(fit.view());
  else if (fit.size > 0)
    scalar.run(scalar.context, fit.view());
  if (other.size > 0) scalar.run(scalar.context, other.view());
}

}  // namespace handsel::crypto
