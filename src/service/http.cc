#include "service/http.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/limits.h"
#include "tls/names.h"

namespace handsel::service {
namespace {

enum class Method : std::uint8_t { other, get, head };

// What a request leaves behind once its first line is read, and where its head is being read.
struct HttpState {
  static constexpr std::size_t kLineBytes = 40;  // of a line, as much as is looked at
  std::uint64_t wanted_bytes;                    // N of /bytes/N
  std::uint64_t body_offset;
  std::uint64_t body_bytes;  // what the response still owes lies between these two
  std::uint64_t skip_bytes;  // of a request's own body
  std::uint16_t head_bytes;  // read of this request's head so far
  std::uint16_t status;      // decided by the request line; 0 before it
  std::uint8_t line_bytes;   // length of the current line, capped; its beginning is kept
  Method method;
  bool minor_1;  // HTTP/1.1
  bool keep_alive;
  bool chunked;
  bool closing;
  bool wants_page;  // GET /
  std::array<char, kLineBytes> line;
  std::array<char, 8> tail;  // the last bytes of the line: where a request line has its version
};
static_assert(std::is_trivially_copyable_v<HttpState>);
static_assert(sizeof(HttpState) <= flow::kServiceStateBytes);

HttpState& state_of(flow::Stream& stream) { return *reinterpret_cast<HttpState*>(stream.state().data()); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

void start_request(flow::Stream& stream, HttpState& state) {
  state = HttpState{};
  state.keep_alive = true;
  stream.expect_whole(true);
}

// RFC 9112 3: method SP request-target SP HTTP-version.
void read_request_line(HttpState& state, std::string_view line, std::string_view version) {
  state.status = 400;
  state.keep_alive = false;
  if (version != "HTTP/1.0" && version != "HTTP/1.1") {
    if (version.starts_with("HTTP/")) state.status = 505;
    return;
  }
  state.minor_1 = version.back() == '1';
  state.keep_alive = state.minor_1;
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return;
  const std::string_view method = line.substr(0, space);
  state.method = method == "GET" ? Method::get : method == "HEAD" ? Method::head : Method::other;
  if (state.method == Method::other) {
    state.status = 405;
    return;
  }
  std::string_view target = line.substr(space + 1);
  target = target.substr(0, target.find(' '));
  state.status = 404;
  constexpr std::string_view kBytes = "/bytes/";
  if (target == "/") {
    state.status = 200;
    state.wants_page = true;
  } else if (target.starts_with(kBytes)) {
    const std::string_view digits = target.substr(kBytes.size());
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error == std::errc{} && end == digits.data() + digits.size() && count <= Http::kMaxBodyBytes) {
      state.status = 200;
      state.wanted_bytes = count;
    }
  }
}

void read_field_line(HttpState& state, std::string_view line) {
  if (starts_with_ignoring_case(line, "connection:")) {
    const std::string_view value = trimmed(line.substr(11));
    if (starts_with_ignoring_case(value, "close")) state.keep_alive = false;
    if (starts_with_ignoring_case(value, "keep-alive") && state.status != 400 && state.status != 505)
      state.keep_alive = true;
  } else if (starts_with_ignoring_case(line, "content-length:")) {
    const std::string_view value = trimmed(line.substr(15));
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), state.skip_bytes);
    if (error != std::errc{} || end != value.data() + value.size()) state.status = 400;
  } else if (starts_with_ignoring_case(line, "transfer-encoding:")) {
    state.chunked = true;
  }
}

std::string_view reason_phrase(std::uint16_t status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 425:
      return "Too Early";
    case 431:
      return "Request Header Fields Too Large";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Bad Request";
  }
}

std::size_t write_page(const flow::Stream& stream, const HttpState& state, std::span<char> out) {
  int size = 0;
  if (state.status != 200) {
    const std::string_view reason = reason_phrase(state.status);
    size = std::snprintf(out.data(), out.size(), "%u %.*s\n", state.status, static_cast<int>(reason.size()),
                         reason.data());
  } else if (const tls::Info* info = stream.tls_info()) {
    const auto text = [](std::string_view name) { return std::pair(static_cast<int>(name.size()), name.data()); };
    const auto [version_size, version] = text(tls::version_name(info->version));
    const auto [suite_size, suite] = text(tls::suite_name(info->cipher_suite));
    const auto [group_size, group] = text(tls::group_name(info->group));
    const auto [scheme_size, scheme] = text(tls::scheme_name(info->signature_scheme));
    size = std::snprintf(out.data(), out.size(), "handsel\n%.*s\n%.*s\n%.*s\n%.*s\n", version_size, version, suite_size,
                         suite, group_size, group, scheme_size, scheme);
  } else {
    size = std::snprintf(out.data(), out.size(), "handsel\nplain TCP\n");
  }
  return std::min(static_cast<std::size_t>(std::max(size, 0)), out.size() - 1);
}

// Sends as much of the body as there is room for, in pieces that make whole TLS records.
void send_body(flow::Stream& stream, HttpState& state) {
  std::array<std::uint8_t, limits::kMaxPlaintext> block;
  while (state.body_offset < state.body_bytes) {
    const std::uint64_t left = state.body_bytes - state.body_offset;
    const std::size_t room = stream.send_room();
    if (room < std::min<std::uint64_t>(left, block.size() / 2)) return;  // wait for room worth a record
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>({left, room, block.size()}));
    for (std::size_t i = 0; i < count; ++i) block[i] = Http::body_byte(state.body_offset + i);
    stream.send(Bytes(block).first(count));
    state.body_offset += count;
  }
}

bool response_pending(const HttpState& state) { return state.body_offset < state.body_bytes; }

void finish_response(flow::Stream& stream, HttpState& state) {
  if (response_pending(state)) return;
  if (!state.keep_alive) {
    state.closing = true;
    stream.close();
    return;
  }
  const std::uint64_t skip = state.skip_bytes;
  start_request(stream, state);
  state.skip_bytes = skip;
}

// The request's head is complete.
void respond(flow::Stream& stream, HttpState& state) {
  stream.expect_whole(false);
  // Only safe methods may be acted on before the handshake is complete (RFC 8470 3).
  if (state.status == 405 && stream.early()) state.status = 425;
  if (state.chunked) {  // no resource here takes a request body: say so and do not guess where it ends
    if (state.status == 200) state.status = 400;
    state.keep_alive = false;
  }
  std::array<char, 512> page;
  const bool counted_body = state.status == 200 && !state.wants_page;
  const std::size_t page_bytes = counted_body ? 0 : write_page(stream, state, page);
  std::array<char, 1024> out;
  const std::string_view reason = reason_phrase(state.status);
  const int head = std::snprintf(
      out.data(), out.size(),
      "HTTP/1.1 %u %.*s\r\nServer: handsel\r\nContent-Type: %s\r\nContent-Length: %llu\r\n%sConnection: %s\r\n\r\n",
      state.status, static_cast<int>(reason.size()), reason.data(),
      counted_body ? "application/octet-stream" : "text/plain",
      static_cast<unsigned long long>(counted_body ? state.wanted_bytes : page_bytes),
      state.status == 405 ? "Allow: GET, HEAD\r\n" : "", state.keep_alive ? "keep-alive" : "close");
  auto size = static_cast<std::size_t>(head);
  if (state.method != Method::head) {
    if (counted_body) state.body_bytes = state.wanted_bytes;
    std::memcpy(out.data() + size, page.data(), page_bytes);
    size += page_bytes;
  }
  stream.send(as_bytes(std::string_view(out.data(), size)));
  send_body(stream, state);
  finish_response(stream, state);
}

// A line of the head has ended; `state.line` holds its beginning and `state.tail` its last eight bytes.
void end_of_line(flow::Stream& stream, HttpState& state) {
  const std::string_view line{state.line.data(), std::min<std::size_t>(state.line_bytes, HttpState::kLineBytes)};
  if (state.status == 0) {
    if (line.empty()) return;  // RFC 9112 2.2: empty lines before a request are skipped
    read_request_line(state, line, {state.tail.data(), state.tail.size()});
  } else if (line.empty()) {
    respond(stream, state);
  } else {
    read_field_line(state, line);
  }
}

void read_head_byte(flow::Stream& stream, HttpState& state, char c) {
  if (state.head_bytes == 0) stream.expect_whole(true);  // from its first byte
  if (++state.head_bytes > limits::kMaxHttpHeadBytes) {
    state.status = 431;
    state.keep_alive = false;
    respond(stream, state);
  } else if (c == '\n') {
    end_of_line(stream, state);
    state.line_bytes = 0;
  } else if (c != '\r') {
    if (state.line_bytes < HttpState::kLineBytes) state.line[state.line_bytes] = c;
    if (state.line_bytes < 255) ++state.line_bytes;
    std::memmove(state.tail.data(), state.tail.data() + 1, state.tail.size() - 1);
    state.tail.back() = c;
  }
}

constexpr std::size_t kResponseRoom = 2'048;  // a head and a page, with their TLS overhead, always fit

}  // namespace

void Http::on_open(flow::Stream& stream) { start_request(stream, state_of(stream)); }

bool Http::wants_data(flow::Stream& stream) {
  const HttpState& state = state_of(stream);
  return state.closing || (!response_pending(state) && stream.send_room() >= kResponseRoom);
}

std::size_t Http::on_data(flow::Stream& stream, Bytes bytes) {
  HttpState& state = state_of(stream);
  if (state.closing) return bytes.size();  // nothing more is answered after `Connection: close`
  std::size_t taken = 0;
  while (taken < bytes.size() && wants_data(stream)) {
    if (state.status == 0 && state.head_bytes == 0 && state.skip_bytes != 0) {
      const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(state.skip_bytes, bytes.size() - taken));
      state.skip_bytes -= skipped;
      taken += skipped;
      continue;
    }
    read_head_byte(stream, state, static_cast<char>(bytes[taken++]));
    if (state.closing) return bytes.size();
  }
  return taken;
}

void Http::on_writable(flow::Stream& stream) {
  HttpState& state = state_of(stream);
  if (!response_pending(state)) return;
  send_body(stream, state);
  finish_response(stream, state);
}

void Http::on_peer_closed(flow::Stream& stream, bool) {
  HttpState& state = state_of(stream);
  // A half-closed client still gets the body it asked for.
  if (response_pending(state)) {
    state.keep_alive = false;
    return;
  }
  if (!state.closing) {
    state.closing = true;
    stream.close();
  }
}

}  // namespace handsel::service
