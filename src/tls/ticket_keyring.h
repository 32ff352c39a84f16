#pragma once
/// The ticket keys of a running server: an immutable snapshot that is replaced while workers use it.

#include <atomic>
#include <memory>

#include "tls/ticket.h"

namespace handsel::tls {

/// The control thread publishes, any number of workers read; neither waits for the other. What was in force before
/// stays readable until the control thread knows that no worker is still in a call that may have found it.
class TicketKeyring {
 public:
  explicit TicketKeyring(std::shared_ptr<const TicketKeys> first)
      : published_(std::move(first)), in_force_(published_.get()) {}
  TicketKeyring(const TicketKeyring&) = delete;
  TicketKeyring& operator=(const TicketKeyring&) = delete;

  /// The keys in force; not to be held beyond the present call into a session. Worker thread.
  const TicketKeys& in_force() const { return *in_force_.load(std::memory_order_acquire); }

  /// Puts `next` in force, and keeps what was before as former(), which must have been let go of. Control thread.
  void publish(std::shared_ptr<const TicketKeys> next);
  /// What workers may still use; nullptr when there is nothing. Control thread.
  const TicketKeys* former() const { return former_.get(); }
  /// Frees and wipes the former keys: every worker has been elsewhere since they were replaced. Control thread.
  void let_go() { former_.reset(); }

  const TicketKeys& published() const { return *published_; }

 private:
  std::shared_ptr<const TicketKeys> published_;
  std::shared_ptr<const TicketKeys> former_;
  std::atomic<const TicketKeys*> in_force_;
};

}  // namespace handsel::tls
