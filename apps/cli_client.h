#pragma once
/// The operator's end of the control socket: one request, one answer, with a deadline.

#include <chrono>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>

namespace handsel::apps {

/// Which engine is meant.
struct EngineAddress {
  std::string runtime_dir;  ///< empty: as the daemon chooses it
  std::string name = "default";
};

/// A connection to a running engine. Errors are sentences that name the socket and say what to do.
class CliClient {
 public:
  static std::expected<CliClient, std::string> connect(const EngineAddress& engine);
  CliClient(CliClient&& other) noexcept;
  CliClient& operator=(CliClient&&) = delete;
  ~CliClient();

  /// The answer's "result", or its "error".
  std::expected<nlohmann::json, std::string> ask(const std::string& command,
                                                 const nlohmann::json& arguments = nlohmann::json::object());

 private:
  CliClient(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  std::string silent(const std::string& why) const;

  int fd_ = -1;
  std::string path_;
  std::string input_;
};

/// Prints "handsel: message" to standard error and gives the exit code of a failure.
int fail(const std::string& message);

}  // namespace handsel::apps
