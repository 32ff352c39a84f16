#include "engine/load_driver.h"

#include <algorithm>
#include <cassert>

namespace handsel::engine {
namespace {

using service::LoadClient;
using service::LoadFailure;
using service::LoadScript;
using service::LoadState;

constexpr std::uint64_t kNoBound = ~std::uint64_t{0};

std::uint64_t ns_of(Instant at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()); }

}  // namespace

LoadDriver::LoadDriver(const LoadPlan& plan, std::uint16_t worker, std::uint16_t workers, Instant now)
    : plan_(plan),
      worker_(worker),
      workers_(workers),
      client_(plan.script, statistics_, *this),
      slots_(share_of(plan.connections, worker, workers)),
      timers_(static_cast<std::uint32_t>(std::max<std::size_t>(slots_.size(), 1)), now),
      total_(plan.total == 0 ? kNoBound : share_of(plan.total, worker, workers)) {
  free_.reserve(slots_.size());
  for (std::size_t slot = slots_.size(); slot-- > 0;) free_.push_back(static_cast<std::uint32_t>(slot));
}

bool LoadDriver::drive(flow::Shard& shard, Instant now) {
  if (stage_ == Stage::done) return false;
  if (stage_ == Stage::waiting) start(now);
  watch(shard, now);
  if (stop_.load(std::memory_order_relaxed) && stage_ != Stage::cutting) {
    if (stage_ == Stage::running) wind_down(shard, now);
    cut_all(shard, now);
  } else if (stage_ == Stage::running && now >= end_) {
    wind_down(shard, now);
  } else if (stage_ == Stage::winding_down && now >= cut_at_) {
    cut_all(shard, now);
  }
  const bool begun = begin_due(shard, now);
  const bool all_begun = stage_ != Stage::running || begun_ >= total_ || slots_.empty();
  if (all_begun && free_.size() == slots_.size()) {
    stage_ = Stage::done;
    done_.store(true, std::memory_order_release);
  }
  return begun;
}

void LoadDriver::start(Instant now) {
  stage_ = Stage::running;
  start_ = now;
  if (plan_.duration < kNever - now) end_ = now + plan_.duration;
  statistics_.started_ns.set(ns_of(now));
  statistics_.last_ns.set(ns_of(now));
}

Instant LoadDriver::next_deadline() const {
  if (stage_ == Stage::waiting) return Instant{};
  if (stage_ == Stage::done) return kNever;
  Instant next = timers_.next_deadline();
  if (stage_ == Stage::running) next = std::min(next, end_);
  if (stage_ == Stage::winding_down) next = std::min(next, cut_at_);
  if (stage_ == Stage::running && begun_ < total_ && !free_.empty()) {
    const Instant due = plan_.rate > 0 ? Arrivals(start_, plan_.rate, worker_, workers_).due(begun_) : Instant{};
    next = std::min(next, std::max(due, paused_until_));
  }
  return next;
}

// When the next connection was or is due, if it may begin now.
std::optional<Instant> LoadDriver::next_due(Instant now) const {
  if (stage_ != Stage::running || free_.empty() || begun_ >= total_ || now < paused_until_) return std::nullopt;
  if (plan_.rate <= 0) return now;
  const Instant due = Arrivals(start_, plan_.rate, worker_, workers_).due(begun_);
  return due <= now ? std::optional(due) : std::nullopt;
}

bool LoadDriver::begin_due(flow::Shard& shard, Instant now) {
  int begun = 0;
  for (; begun < kBeginsPerTurn; ++begun) {
    const auto due = next_due(now);
    if (!due) break;
    begin_one(shard, *due, now);
  }
  return begun != 0;
}

void LoadDriver::begin_one(flow::Shard& shard, Instant due, Instant now) {
  const std::uint32_t slot = free_.back();
  LoadState state;
  state.due = due;
  state.slot = slot;
  flow::Target target{.address = plan_.address, .port = plan_.port, .endpoint = {&client_}};
  target.endpoint.tls_client = plan_.tls.of(begun_);
  if (!plan_.sources.empty()) target.local_address = plan_.sources[begun_ % plan_.sources.size()];
  target.state = {reinterpret_cast<const std::uint8_t*>(&state), sizeof state};
  ++begun_;
  statistics_.begun.add();
  const auto flow = shard.connect(target, now);
  if (!flow) {
    statistics_.fail(LoadFailure::not_begun);
    paused_until_ = now + kPause;
    return;
  }
  free_.pop_back();
  slots_[slot] = {*flow, now, true};
  timers_.schedule(slot, now + plan_.timeout);
  statistics_.active.add();
}

// A timer is not moved with each sign of progress; when it fires, it is set anew from the last one.
void LoadDriver::watch(flow::Shard& shard, Instant now) {
  timers_.advance(now, [&](std::uint32_t slot) {
    const Instant due = slots_[slot].progress + plan_.timeout;
    if (now < due)
      timers_.schedule(slot, due);
    else
      cut(shard, slot, LoadClient::Cut::overdue, now);
  });
}

void LoadDriver::wind_down(flow::Shard& shard, Instant now) {
  stage_ = Stage::winding_down;
  statistics_.steady_ns.set(ns_of(now));
  cut_at_ = now + plan_.timeout;
  if (plan_.rate > 0) {
    const std::uint64_t due =
        std::min(Arrivals(start_, plan_.rate, worker_, workers_).before(std::min(now, end_)), total_);
    statistics_.unstarted.add(due - std::min(due, begun_));
  }
  client_.wind_down();
  if (plan_.script.kind != LoadScript::Kind::idle) return;
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot)
    if (slots_[slot].used) shard.wake(slots_[slot].flow, now);
}

void LoadDriver::cut_all(flow::Shard& shard, Instant now) {
  stage_ = Stage::cutting;
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot)
    if (slots_[slot].used) cut(shard, slot, LoadClient::Cut::run_over, now);
}

void LoadDriver::cut(flow::Shard& shard, std::uint32_t slot, LoadClient::Cut why, Instant now) {
  client_.set_cut(why);
  const bool was_there = shard.cut(slots_[slot].flow, now);
  client_.set_cut(LoadClient::Cut::none);
  assert(was_there && !slots_[slot].used);  // its end was told from within
  (void)was_there;
}

void LoadDriver::on_progress(std::uint32_t slot, Instant now) {
  slots_[slot].progress = now;
  statistics_.last_ns.set(ns_of(now));
  if (!timers_.scheduled(slot)) timers_.schedule(slot, now + plan_.timeout);  // it was on hold
}

void LoadDriver::on_hold(std::uint32_t slot) { timers_.cancel(slot); }

void LoadDriver::on_end(std::uint32_t slot, Instant now) {
  statistics_.last_ns.set(ns_of(now));
  statistics_.active.sub();
  timers_.cancel(slot);
  slots_[slot].used = false;
  free_.push_back(slot);
}

}  // namespace handsel::engine
