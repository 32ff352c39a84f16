#pragma once
/// Asks the budget on behalf of the peer whose flow a session belongs to.

#include "flow/shard.h"

namespace handsel::flow {

class Shard::TlsAdmission final : public tls::Admission {
 public:
  TlsAdmission(Slab<Flow>& flows, HandshakeBudget& budget) : flows_(flows), budget_(budget) {}

  tls::Error admit(std::uint64_t owner, bool resumes, Instant now) override {
    return budget_.admit(flows_.get(Flow::handle_of(owner))->key.remote, resumes, now);
  }
  void on_ended(bool resumes) override { budget_.ended(resumes); }

 private:
  Slab<Flow>& flows_;
  HandshakeBudget& budget_;
};

}  // namespace handsel::flow
