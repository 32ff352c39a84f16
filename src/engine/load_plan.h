#pragma once
/// What a load generator is to do, and when each of its connections is due.

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "engine/cheap_client.h"
#include "service/load_client.h"
#include "tls/client_config.h"
#include "wire/address.h"

namespace handsel::engine {

/// How connections are protected: engine/load_tls.h makes it.
struct LoadTls {
  std::shared_ptr<const tls::ClientConfig> full;      ///< offers no session, and keeps those that it gets; null: no TLS
  std::shared_ptr<const tls::ClientConfig> resuming;  ///< offers one where there is one; null when `resume` is 0
  double resume = 0;                                  ///< the share of connections that are to resume, 0 to 1
  CheapClient cheap;                                  ///< what this side spares itself

  /// For the connection with this number: those that resume stand at even distances.
  const tls::ClientConfig* of(std::uint64_t index) const;
};

/// The same for all workers; each takes its share.
struct LoadPlan {
  service::LoadScript script;
  LoadTls tls;
  wire::IpAddress address;
  std::uint16_t port = 0;
  std::vector<wire::IpAddress> sources;  ///< of ours, taken in turn; empty: by the way that leads there
  std::uint32_t connections = 1;         ///< opening or open at once, at most
  double rate = 0;                       ///< connections begun a second (open loop); 0: as others end (closed loop)
  std::uint64_t total = 0;               ///< connections begun in all; 0: no bound
  Duration duration = Duration::max();   ///< for which connections are begun
  Duration timeout = std::chrono::seconds(10);  ///< without progress, after which a connection is given up
};

/// When connections are due in an open loop: at even distances from the start, whatever becomes of those before, so
/// that a server that stalls cannot slow down those who come to measure it (Tene, "coordinated omission"). Several
/// workers take them in turn.
class Arrivals {
 public:
  /// `rate` of all workers together, above 0.
  Arrivals(Instant start, double rate, std::uint16_t worker, std::uint16_t workers)
      : start_(start), rate_(rate), worker_(worker), workers_(workers) {}

  /// When this worker's arrival `index` is due. Computed anew each time: errors do not add up.
  Instant due(std::uint64_t index) const {
    const double seconds = (static_cast<double>(index) * workers_ + worker_) / rate_;
    return start_ + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  }
  /// How many of this worker's are due before `end`.
  std::uint64_t before(Instant end) const;

 private:
  Instant start_;
  double rate_;
  std::uint16_t worker_;
  std::uint16_t workers_;
};

/// This worker's part of `count` things that are dealt out in turn.
constexpr std::uint64_t share_of(std::uint64_t count, std::uint16_t worker, std::uint16_t workers) {
  return count / workers + (worker < count % workers ? 1 : 0);
}

/// Whom to load: "https://10.77.1.1/bytes/1000", "http://10.77.1.1:8080/", "tcp://[fd77:1::1]:7",
/// "tls://10.77.1.1:7443".
struct LoadUrl {
  bool http = false;  ///< https:// and http://; else whatever the mode says
  bool tls = false;   ///< https:// and tls://
  wire::IpAddress address;
  std::uint16_t port = 0;
  std::string host;          ///< as it was written, with its port unless that is the scheme's own
  std::string target = "/";  ///< path and query

  /// The error is a sentence for the person who wrote it.
  static std::expected<LoadUrl, std::string> parse(std::string_view text);
};

}  // namespace handsel::engine
