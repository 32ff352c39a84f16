#include "ends.h"

namespace handsel::tls::conformance {
namespace {

test::Instruments instruments_of(Listened& side) {
  return {[&side](const crypto::KernelTable& inner) { return side.kernels.wrap(inner); },
          [&side](std::unique_ptr<crypto::Aead> inner) {
            auto tap = std::make_unique<AeadTap>(std::move(inner));
            side.aead = tap.get();
            return tap;
          }};
}

}  // namespace

Listened::Listened() : world(instruments_of(*this)) {}

bool Engine::write_record(Bytes record) {
  log_.add(record);
  return SessionEnd::write_record(record);
}

void Engine::start() {
  note(session().connect(*this, now));
  settle();
}

void SessionPeer::receive(Bytes bytes) {
  end_.receive(bytes);
  end_.settle();
}

Buffer SessionPeer::take_altered(Rules& rules) {
  std::vector<Item> flight = end_.take_said();
  rules.apply(flight);
  end_.take_output();  // as it would have been
  return writer_.write(flight, end_.epochs());
}

}  // namespace handsel::tls::conformance
