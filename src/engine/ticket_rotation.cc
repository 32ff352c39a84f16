#include "engine/ticket_rotation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/ticket_file.h"

namespace handsel::engine {
namespace {

constexpr Duration kSettleCheck = std::chrono::milliseconds(20);

}  // namespace

TicketRotation::TicketRotation(const Config& config, const TlsConfigs& tls, std::vector<WorkerHandle*> workers,
                               Entropy& entropy, Tell tell, Instant now)
    : workers_(std::move(workers)), entropy_(entropy), tell_(std::move(tell)), posted_(workers_.size()), now_(now) {
  for (const TlsSettings& settings : config.tls) {
    const auto found = tls.by_name.find(settings.name);
    if (found == tls.by_name.end() || found->second->ticket_keyring == nullptr) continue;
    Entry entry{.name = settings.name, .keyring = found->second->ticket_keyring, .file = settings.ticket_keys};
    if (const auto digest = tls.ticket_files.find(settings.name); digest != tls.ticket_files.end())
      entry.digest = digest->second;
    entry.interval = settings.ticket_rotation.count() != 0 ? Duration(settings.ticket_rotation) : kDefaultInterval;
    if (!entry.file.empty()) entry.interval = kFileInterval;
    entry.due = now + entry.interval;
    entries_.push_back(std::move(entry));
  }
}

Instant TicketRotation::next_deadline() const {
  Instant next = kNever;
  for (const Entry& entry : entries_)
    next = std::min(next, entry.keyring->former() != nullptr ? now_ + kSettleCheck : entry.due);
  return next;
}

void TicketRotation::run(Instant now) {
  now_ = now;
  for (Entry& entry : entries_) {
    settle(entry);
    // A worker that does not answer holds a snapshot: there is never more than one besides that in force.
    if (entry.keyring->former() == nullptr && now >= entry.due) change(entry, now);
  }
}

void TicketRotation::read_files_now() {
  for (Entry& entry : entries_)
    if (!entry.file.empty()) entry.due = now_;
}

void TicketRotation::change(Entry& entry, Instant now) {
  entry.due = now + entry.interval;
  if (entry.file.empty()) return publish(entry, entry.keyring->published().rotated(entropy_));
  auto read = read_ticket_file(entry.file);
  if (!read) {
    statistics_.failed_reads.add();
    return tell_(fmt::format("[tls.{}] keeps its ticket keys: {}", entry.name, read.error()), true);
  }
  if (read->digest == entry.digest) return;
  entry.digest = read->digest;
  publish(entry, std::move(read->keys));
}

void TicketRotation::publish(Entry& entry, std::shared_ptr<const tls::TicketKeys> keys) {
  entry.keyring->publish(std::move(keys));
  entry.told.clear();
  statistics_.rotations.add();
  statistics_.waiting.add();
  tell_(fmt::format("[tls.{}] seals tickets under a new key, {} open", entry.name, entry.keyring->published().size()),
        false);
  settle(entry);
}

void TicketRotation::settle(Entry& entry) {
  const tls::TicketKeys* former = entry.keyring->former();
  if (former == nullptr) return;
  while (entry.told.size() < workers_.size()) {
    const std::size_t worker = entry.told.size();
    if (!workers_[worker]->post({.what = Command::What::let_go, .former_keys = former})) return;
    entry.told.push_back(++posted_[worker]);
  }
  for (std::size_t worker = 0; worker < workers_.size(); ++worker)
    if (workers_[worker]->let_go_done() < entry.told[worker]) return;
  entry.keyring->let_go();
  statistics_.waiting.sub();
}

}  // namespace handsel::engine
