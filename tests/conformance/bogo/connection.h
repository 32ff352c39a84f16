#pragma once
/// One connection to the runner: the handshake, the conversation, and what is expected of both.

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "crypto/kernels.h"
#include "crypto/random.h"
#include "options.h"
#include "setup.h"
#include "tls/exporter.h"
#include "tls/session.h"
#include "tls/worker_context.h"

namespace handsel::bogo {

/// What the connections of the program share: the worker.
struct Engine {
  Engine();

  crypto::SystemEntropy entropy;
  crypto::KeyStore keys;
  std::unique_ptr<crypto::Backend> backend;
  crypto::Stage stage;
  std::unique_ptr<crypto::Aead> aead;
  tls::FramePool frames{2, 2};
  tls::Statistics statistics;
  tls::SessionCache sessions{{16, 16, 2}};
  Slab<tls::Exporter> exporters{2};
  std::shared_ptr<const tls::TicketKeys> ticket_keys;
  tls::WorkerContext worker;
  Instant now{};  ///< moves when the runner says so
};

/// A TCP connection to the runner. What is written after the runner has gone is lost without a word.
class Socket {
 public:
  static std::expected<Socket, Stop> connect(const Options& options);
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  /// Says that no more comes, and reads until the runner says so too: it may still be writing.
  ~Socket();

  void write(Bytes bytes);
  /// Waits for some; empty when there will be none.
  Bytes read(MutableBytes memory);

 private:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

class Connection final : tls::RecordSink, tls::Observer {
 public:
  template <class Config>
  Connection(Engine& engine, const Options& options, const Config& config, Socket socket)
      : engine_(engine),
        options_(options),
        socket_(std::move(socket)),
        session_(engine.worker, config, this, 1, engine.now) {}

  /// All of it. `resumes`: a connection has come before.
  std::expected<void, Stop> run(bool resumes);

 private:
  using Outcome = std::expected<void, Stop>;

  bool write_record(Bytes record) override;
  void on_message(Direction, std::uint8_t, std::uint8_t, std::size_t) override {}
  void on_server_name(std::string_view name) override { server_name_ = name; }

  Outcome handshake();
  Outcome check_agreed(bool resumes) const;
  Outcome talk();
  Outcome export_keying_material();
  Outcome write_different_sizes();
  Outcome echo();
  Outcome finish();
  Outcome await_close_notify();

  Outcome send(Bytes plaintext);
  void flush();
  /// Reads once and hands it in; false at the end of the stream.
  std::expected<bool, Stop> receive();
  Outcome take_records();
  Outcome compute();
  Outcome note(const tls::Received& received);

  Engine& engine_;
  const Options& options_;
  Socket socket_;
  tls::Session session_;
  std::string server_name_;
  std::vector<std::uint8_t> input_;
  std::vector<std::uint8_t> output_;
  std::vector<std::uint8_t> plaintext_;
};

}  // namespace handsel::bogo
