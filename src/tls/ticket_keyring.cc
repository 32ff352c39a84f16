#include "tls/ticket_keyring.h"

#include <cassert>
#include <utility>

namespace handsel::tls {

void TicketKeyring::publish(std::shared_ptr<const TicketKeys> next) {
  assert(former_ == nullptr);
  former_ = std::exchange(published_, std::move(next));
  in_force_.store(published_.get(), std::memory_order_release);
}

}  // namespace handsel::tls
