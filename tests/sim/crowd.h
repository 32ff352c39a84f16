#pragma once
/// Many who did connect, as one stranger: they hold what they were given, drip, or come and go.

#include <cstdint>
#include <queue>
#include <string>
#include <vector>

#include "liar.h"

namespace handsel::sim {

/// Each member opens a connection, says what all of them say, and does with it as all of them do. They acknowledge what
/// comes in order, send nothing twice, and keep no more state than that takes.
class Crowd final : public Stranger {
 public:
  enum class Then : std::uint8_t {
    hold,   ///< stays, and says nothing more
    close,  ///< answers the server's FIN by its own
    reset,  ///< ends it by RST at the server's first bytes
  };
  struct Config {
    std::uint16_t id = 0;
    std::uint16_t port = kHttpPort;
    std::uint16_t members = 100;
    Instant begins{};
    Duration every = std::chrono::milliseconds(1);  ///< from one member's SYN to the next one's
    std::string says;
    Duration pause{};  ///< from one byte to the next; 0: all is said at once
    Then then = Then::hold;
  };
  explicit Crowd(const Config& config);
  void receive(Frame frame, Instant now, flow::FrameSink& out) override;
  void run(Instant now, flow::FrameSink& out) override;
  Instant next_deadline() const override { return muted_ || due_.empty() ? kNever : due_.top().at; }
  void mute() override { muted_ = true; }

  /// Bytes that all of them have said.
  std::uint64_t said() const { return said_; }

 private:
  struct Member {
    wire::SeqNum snd_nxt;
    wire::SeqNum rcv_nxt;
    std::size_t said = 0;
    bool opened = false;  // its SYN is sent
    bool connected = false;
    bool gone = false;
  };
  struct Due {
    Instant at;
    std::uint16_t member;
    bool operator>(const Due& other) const { return at > other.at; }
  };
  void speak(std::uint16_t index, std::size_t most, Instant now, flow::FrameSink& out);
  void send(std::uint16_t index, std::uint8_t flags, const std::string& payload, flow::FrameSink& out);

  Config config_;
  std::vector<Member> members_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t said_ = 0;
  bool muted_ = false;
};

}  // namespace handsel::sim
