#pragma once
/// Changes the ticket keys of a running engine, by the clock or as their file changes. Control thread.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/counter.h"
#include "base/entropy.h"
#include "base/time.h"
#include "engine/assembly.h"
#include "engine/config.h"
#include "engine/worker_handle.h"
#include "tls/ticket_keyring.h"

namespace handsel::engine {

/// Publishes new keys through the keyrings of the TLS configurations. What was in force before is freed when every
/// worker has said that it holds nothing of it.
class TicketRotation {
 public:
  static constexpr Duration kDefaultInterval = std::chrono::hours(12);
  static constexpr Duration kFileInterval = std::chrono::minutes(1);  ///< between looks at a file

  /// Written by the control thread, read by anyone.
  struct Statistics {
    Counter rotations;     ///< new keys in force, made or read
    Counter failed_reads;  ///< of files: the keys stay as they were
    Counter waiting;       ///< former keys that a worker may still use
  };
  /// Told a line for people, and whether it is a failure.
  using Tell = std::function<void(const std::string& line, bool failure)>;

  /// `workers` and `entropy` outlive this.
  TicketRotation(const Config& config, const TlsConfigs& tls, std::vector<WorkerHandle*> workers, Entropy& entropy,
                 Tell tell, Instant now);

  /// When run() has something to do next; kNever when it never will.
  Instant next_deadline() const;
  /// Rotates what is due, and frees what has been let go of.
  void run(Instant now);
  /// Looks at all files with the next run().
  void read_files_now();

  const Statistics& statistics() const { return statistics_; }

 private:
  struct Entry {
    std::string name;
    std::shared_ptr<tls::TicketKeyring> keyring;
    std::filesystem::path file;  // empty: keys are made here
    std::array<std::uint8_t, 32> digest{};
    Duration interval{};
    Instant due{};
    std::vector<std::uint64_t> told;  // per worker asked to let the former keys go: which of its let_go commands
  };

  void change(Entry& entry, Instant now);
  void publish(Entry& entry, std::shared_ptr<const tls::TicketKeys> keys);
  void settle(Entry& entry);

  std::vector<WorkerHandle*> workers_;
  Entropy& entropy_;
  Tell tell_;
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> posted_;  // let_go commands to each worker so far
  Instant now_{};
  Statistics statistics_;
};

}  // namespace handsel::engine
