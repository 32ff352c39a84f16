#pragma once
/// The client's side of a connection under load: what is said on it, what has to come back, and what is counted.

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "flow/service.h"
#include "service/http_response.h"
#include "service/load_statistics.h"

namespace handsel::service {

/// What is done on each connection.
struct LoadScript {
  enum class Kind : std::uint8_t {
    connect,  ///< open, close
    http,     ///< GET or PUT, one after the other
    echo,     ///< send a pattern, which has to come back
    bulk,     ///< send, half-close, and take what comes until the server closes
    idle,     ///< hold the connection
  };
  Kind kind = Kind::connect;
  std::string host;                ///< http: for the Host field
  std::string target = "/";        ///< http: path and query
  std::uint64_t upload_bytes = 0;  ///< http: of a PUT's body, none makes it a GET; echo: of a round; bulk: to send
  std::uint64_t expect_bytes = 0;  ///< bulk: to come before the server closes; 0: any number
  std::uint32_t requests = 1;      ///< on one connection, http and echo; 0: until wind_down()
  bool verify = false;             ///< bodies that come must be Http::body_byte's pattern
};

/// Of one connection, in Stream::state(); Target::state gives its beginning.
struct LoadState {
  Instant due{};               ///< when the connection was to begin
  Instant request_due{};       ///< when the request was
  std::uint64_t sent = 0;      ///< of the request, with its head
  std::uint64_t received = 0;  ///< of the answer's body
  HttpResponse response;
  std::uint32_t slot = 0;  ///< its owner's number for it
  std::uint32_t requests_done = 0;
  std::uint8_t failure = kNone;  ///< a LoadFailure
  bool first_byte_came : 1 = false;
  bool half_closed : 1 = false;
  bool peer_closed : 1 = false;
  bool finished : 1 = false;  ///< all was done; only closing is left

  static constexpr std::uint8_t kNone = 0xff;
};
static_assert(std::is_trivially_copyable_v<LoadState>);
static_assert(sizeof(LoadState) <= flow::kServiceStateBytes);

/// Speaks one script on all the connections of a worker. Worker thread only.
class LoadClient final : public flow::Service {
 public:
  /// Who opens the connections, and watches over their time.
  class Owner {
   public:
    /// Something went on: the server answered, or took bytes.
    virtual void on_progress(std::uint32_t slot, Instant now) = 0;
    /// Nothing more is expected of the connection until wind_down().
    virtual void on_hold(std::uint32_t slot) = 0;
    /// It is over, and was counted.
    virtual void on_end(std::uint32_t slot, Instant now) = 0;

   protected:
    ~Owner() = default;
  };
  /// Why connections are being cut by their owner.
  enum class Cut : std::uint8_t { none, overdue, run_over };

  LoadClient(LoadScript script, LoadStatistics& statistics, Owner& owner);

  /// From now on no further request follows an answer. Connections on hold close when they are woken.
  void wind_down() { winding_down_ = true; }
  /// To be said before Shard::cut(), and taken back after it.
  void set_cut(Cut cut) { cut_ = cut; }
  const LoadScript& script() const { return script_; }

  std::string_view name() const override { return "load"; }
  void on_open(flow::Stream&) override;
  std::size_t on_data(flow::Stream&, Bytes bytes) override;
  void on_writable(flow::Stream&) override;
  void on_peer_closed(flow::Stream&, bool truncated) override;
  void on_closed(flow::Stream&) override;
  void on_open_failed(flow::Stream&, flow::OpenFailure why) override;

 private:
  std::string_view head_of(const LoadState& state) const;
  void begin_request(flow::Stream& stream, LoadState& state, Instant due);
  void send_more(flow::Stream& stream, LoadState& state);
  std::size_t send_piece(flow::Stream& stream, const LoadState& state, std::string_view head, std::size_t room);
  void take_http(flow::Stream& stream, LoadState& state, Bytes bytes);
  void note_first_byte(flow::Stream& stream, LoadState& state);
  void take_plain(flow::Stream& stream, LoadState& state, Bytes bytes);
  bool take_body(flow::Stream& stream, LoadState& state, Bytes bytes, bool verify);
  bool upload_done(const LoadState& state) const;
  void complete_response(flow::Stream& stream, LoadState& state);
  void complete_bulk(flow::Stream& stream, LoadState& state);
  void complete_request(flow::Stream& stream, LoadState& state, bool may_go_on);
  void finish(flow::Stream& stream, LoadState& state);
  void give_up(flow::Stream& stream, LoadState& state, LoadFailure why);

  LoadScript script_;
  LoadStatistics& statistics_;
  Owner& owner_;
  std::string head_;       // of a request that others may follow
  std::string last_head_;  // of the last one
  std::vector<std::uint8_t> pattern_;
  bool winding_down_ = false;
  Cut cut_ = Cut::none;
};

}  // namespace handsel::service
