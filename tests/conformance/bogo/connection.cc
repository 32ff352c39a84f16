#include "connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "tls/alert.h"

namespace handsel::bogo {
namespace {

using namespace handsel::tls;

std::uint64_t no_cycles() { return 0; }

std::uint64_t unix_now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

/// ":bad_finished:" is what config.json's ErrorMap speaks of; for the runner's own alerts ":alert_received:NAME:".
Stop failure_of(const Session& session) {
  const Failure failure = session.failure();
  std::string text = ":" + std::string(name_of(failure.error)) + ":";
  if (failure.error == Error::alert_received) text += std::string(name_of(failure.alert)) + ":";
  return failed(text + " " + std::string(explain(failure.error)));
}

std::string in_hex(std::uint16_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 12; shift >= 0; shift -= 4) text += kDigits[number >> shift & 15];
  return text;
}

}  // namespace

Engine::Engine()
    : backend(crypto::make_backend(*crypto::choose_kernels("libcrypto"), keys, entropy)),
      stage(backend->kernels(), {}, no_cycles),
      aead(crypto::make_aead()),
      ticket_keys(TicketKeys::random(entropy)),
      worker{stage, *aead, entropy, frames, statistics, unix_now_ms(), &sessions, &exporters} {}

std::expected<Socket, Stop> Socket::connect(const Options& options) {
  sockaddr_storage address{};
  socklen_t bytes = 0;
  if (options.ipv6) {
    auto& ipv6 = reinterpret_cast<sockaddr_in6&>(address);
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(options.port);
    ipv6.sin6_addr = in6addr_loopback;
    bytes = sizeof ipv6;
  } else {
    auto& ipv4 = reinterpret_cast<sockaddr_in&>(address);
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(options.port);
    ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bytes = sizeof ipv4;
  }
  Socket made(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (made.descriptor_ < 0 || ::setsockopt(made.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      ::connect(made.descriptor_, reinterpret_cast<const sockaddr*>(&address), bytes) != 0)
    return std::unexpected(failed(std::string("cannot connect to the runner: ") + std::strerror(errno)));
  // "the 64-bit little-endian shim ID" tells the runner which of its tests this is.
  std::array<std::uint8_t, 8> id;
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(options.shim_id >> 8 * i);
  made.write(id);
  return made;
}

Socket::~Socket() {
  if (descriptor_ < 0) return;
  ::shutdown(descriptor_, SHUT_WR);
  std::array<std::uint8_t, 4'096> rest;
  while (!read(rest).empty()) continue;
  ::close(descriptor_);
}

void Socket::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

Bytes Socket::read(MutableBytes memory) {
  const ssize_t count = ::recv(descriptor_, memory.data(), memory.size(), 0);
  return memory.first(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
}

std::expected<void, Stop> Connection::run(bool resumes) {
  Outcome outcome = handshake();
  if (outcome) outcome = check_agreed(resumes);
  if (outcome) outcome = talk();
  if (outcome) outcome = finish();
  flush();
  return outcome;
}

bool Connection::write_record(Bytes record) {
  output_.insert(output_.end(), record.begin(), record.end());
  return true;
}

Connection::Outcome Connection::handshake() {
  if (!options_.server)
    if (const Outcome outcome = note(session_.connect(*this, engine_.now)); !outcome) return outcome;
  if (const Outcome outcome = compute(); !outcome) return outcome;
  while (session_.phase() == Phase::handshaking) {
    const std::expected<bool, Stop> received = receive();
    if (!received) return std::unexpected(received.error());
    if (!*received) return std::unexpected(failed(":closed_in_handshake: the runner closed in the handshake"));
  }
  return {};
}

Connection::Outcome Connection::check_agreed(bool resumes) const {
  const Info& info = session_.info();
  const auto differs = [](std::string_view what, std::string_view got, std::string_view wanted) {
    return std::unexpected(
        failed(std::string(what) + " is \"" + std::string(got) + "\", wanted \"" + std::string(wanted) + "\""));
  };
  struct Number {
    std::string_view what;
    std::uint16_t got;
    std::uint16_t wanted;
  };
  for (const Number& number : {Number{"version", info.version, options_.expected_version},
                               Number{"cipher suite", info.cipher_suite, options_.expected_suite},
                               Number{"group", info.group, options_.expected_group},
                               Number{"signature scheme", info.signature_scheme, options_.expected_scheme}})
    if (number.wanted != 0 && number.got != number.wanted)
      return differs(number.what, in_hex(number.got), in_hex(number.wanted));
  if (!options_.expected_alpn.empty() && session_.alpn() != options_.expected_alpn)
    return differs("protocol", session_.alpn(), options_.expected_alpn);
  if (!options_.expected_server_name.empty() && server_name_ != options_.expected_server_name)
    return differs("server name", server_name_, options_.expected_server_name);
  if (options_.expects_no_server_name && !server_name_.empty()) return differs("server name", server_name_, "");
  const bool resumed_wanted = resumes && !options_.expects_session_miss;
  if (info.resumed != resumed_wanted)
    return differs("resumption", info.resumed ? "yes" : "no", resumed_wanted ? "yes" : "no");
  if ((options_.expects_retry && !info.retried) || (options_.expects_no_retry && info.retried))
    return differs("HelloRetryRequest", info.retried ? "yes" : "no", options_.expects_retry ? "yes" : "no");
  if (options_.expects_no_peer_certificate && info.client_authenticated)
    return differs("client's certificate", "yes", "no");
  return {};
}

Connection::Outcome Connection::talk() {
  if (options_.export_bytes != 0)
    if (const Outcome outcome = export_keying_material(); !outcome) return outcome;
  if (options_.different_record_sizes) return write_different_sizes();
  if (options_.writes_first)
    if (const Outcome outcome = send(as_bytes("hello")); !outcome) return outcome;
  return options_.shuts_down ? Outcome{} : echo();
}

Connection::Outcome Connection::export_keying_material() {
  std::optional<Bytes> context;
  if (options_.uses_export_context) context = as_bytes(options_.export_context);
  std::vector<std::uint8_t> material(options_.export_bytes);
  if (!session_.export_keying_material(options_.export_label, context, material))
    return std::unexpected(failed("no keying material can be exported"));
  return send(material);
}

Connection::Outcome Connection::write_different_sizes() {
  constexpr std::array<std::size_t, 11> kSizes = {0, 1, 255, 256, 257, 16'383, 16'384, 16'385, 32'767, 32'768, 32'769};
  const std::vector<std::uint8_t> content(32'769, 0x42);
  for (const std::size_t bytes : kSizes)
    if (const Outcome outcome = send(Bytes(content).first(bytes)); !outcome) return outcome;
  return {};
}

/// Gives back what comes with every bit turned over, until the runner closes, cleanly or not.
Connection::Outcome Connection::echo() {
  while (true) {
    const std::vector<std::uint8_t> taken = std::exchange(plaintext_, {});
    for (Bytes rest = taken; !rest.empty();) {
      const Bytes piece = rest.first(std::min<std::size_t>(rest.size(), options_.read_size));
      std::vector<std::uint8_t> turned;
      for (const std::uint8_t byte : piece) turned.push_back(static_cast<std::uint8_t>(byte ^ 0xff));
      if (const Outcome outcome = send(turned); !outcome) return outcome;
      rest = rest.subspan(piece.size());
    }
    if (!session_.wants_record()) return {};
    const std::expected<bool, Stop> received = receive();
    if (!received) return std::unexpected(received.error());
    if (!*received) return {};
  }
}

Connection::Outcome Connection::finish() {
  if (options_.expects_no_session && engine_.sessions.size() != 0)
    return std::unexpected(failed("a session was kept, wanted none"));
  // Without this flag the runner's own shims do not send one either.
  if (!options_.checks_close_notify) return {};
  session_.close(*this);
  flush();
  return await_close_notify();
}

Connection::Outcome Connection::await_close_notify() {
  while (session_.wants_record()) {
    const std::expected<bool, Stop> received = receive();
    if (!received) return std::unexpected(received.error());
    if (!*received) return std::unexpected(failed(":no_close_notify: the stream ended without close_notify"));
  }
  return {};
}

Connection::Outcome Connection::send(Bytes plaintext) {
  if (!session_.send(plaintext, *this)) return std::unexpected(failure_of(session_));
  flush();
  return {};
}

void Connection::flush() { socket_.write(std::exchange(output_, {})); }

std::expected<bool, Stop> Connection::receive() {
  flush();
  std::array<std::uint8_t, limits::kMaxRecordBytes> memory;
  const Bytes bytes = socket_.read(memory);
  if (bytes.empty()) return false;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  if (const Outcome outcome = take_records(); !outcome) return std::unexpected(outcome.error());
  return true;
}

Connection::Outcome Connection::take_records() {
  while (input_.size() >= kRecordHeaderBytes && session_.wants_record()) {
    const std::vector<std::uint8_t> header(input_.begin(), input_.begin() + kRecordHeaderBytes);
    const auto bytes = session_.record_bytes(header);
    if (!bytes) return note(session_.on_bad_header(header, *this, engine_.now));
    if (input_.size() < *bytes) break;
    const auto end = input_.begin() + static_cast<std::ptrdiff_t>(*bytes);
    std::vector<std::uint8_t> record(input_.begin(), end);
    input_.erase(input_.begin(), end);
    Outcome outcome = note(session_.on_record(record, *this, engine_.now));
    if (outcome) outcome = compute();
    if (!outcome) return outcome;
  }
  return {};
}

Connection::Outcome Connection::compute() {
  while (engine_.stage.waiting() != 0) {
    engine_.stage.flush(engine_.now);
    while (crypto::Operation* operation = engine_.stage.take_completed())
      if (const Outcome outcome = note(session_.on_operation_done(*operation, *this, engine_.now)); !outcome)
        return outcome;
  }
  return {};
}

Connection::Outcome Connection::note(const Received& received) {
  plaintext_.insert(plaintext_.end(), received.plaintext.begin(), received.plaintext.end());
  if (received.failed) return std::unexpected(failure_of(session_));
  return {};
}

}  // namespace handsel::bogo
