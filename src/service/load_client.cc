#include "service/load_client.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/limits.h"
#include "service/http.h"

namespace handsel::service {
namespace {

constexpr std::size_t kPatternPeriod = 65'536;  // of Http::body_byte
constexpr std::size_t kPiece = limits::kMaxPlaintext;

LoadState& state_of(flow::Stream& stream) { return *reinterpret_cast<LoadState*>(stream.state().data()); }

std::string request_head(const LoadScript& script, bool last) {
  std::string head = script.upload_bytes == 0 ? "GET " : "PUT ";
  head += script.target + " HTTP/1.1\r\nHost: " + script.host + "\r\nUser-Agent: handsel-load\r\n";
  if (script.upload_bytes != 0) head += "Content-Length: " + std::to_string(script.upload_bytes) + "\r\n";
  if (last) head += "Connection: close\r\n";
  return head + "\r\n";
}

LoadFailure failure_of(flow::OpenFailure why) {
  switch (why) {
    case flow::OpenFailure::refused:
      return LoadFailure::refused;
    case flow::OpenFailure::unreachable:
      return LoadFailure::unreachable;
    case flow::OpenFailure::unresolved:
      return LoadFailure::unresolved;
    case flow::OpenFailure::handshake:
      return LoadFailure::handshake;
    case flow::OpenFailure::timed_out:
    case flow::OpenFailure::cut:
      break;
  }
  return LoadFailure::timed_out;
}

// Of a connection that ended before all was done, by how TCP ended.
LoadFailure failure_of(tcp::End end) {
  switch (end) {
    case tcp::End::reset_by_peer:
    case tcp::End::refused:
      return LoadFailure::reset;
    case tcp::End::timed_out:
      return LoadFailure::lost;
    case tcp::End::closed:
      return LoadFailure::closed_early;
    case tcp::End::none:
    case tcp::End::aborted:
      break;
  }
  return LoadFailure::no_answer;
}

}  // namespace

LoadClient::LoadClient(LoadScript script, LoadStatistics& statistics, Owner& owner)
    : script_(std::move(script)), statistics_(statistics), owner_(owner), pattern_(kPatternPeriod + kPiece) {
  if (script_.kind == LoadScript::Kind::http) {
    head_ = request_head(script_, false);
    last_head_ = request_head(script_, true);
  }
  for (std::size_t i = 0; i < pattern_.size(); ++i) pattern_[i] = Http::body_byte(i);
}

void LoadClient::on_open(flow::Stream& stream) {
  LoadState& state = state_of(stream);
  statistics_.opened.add();
  if (!winding_down_) statistics_.opened_steady.add();
  statistics_.connect.record(stream.established() - state.due);
  if (stream.tls_info() != nullptr) statistics_.handshake.record(stream.now() - stream.established());
  owner_.on_progress(state.slot, stream.now());
  switch (script_.kind) {
    case LoadScript::Kind::connect:
      return finish(stream, state);
    case LoadScript::Kind::idle:
      if (winding_down_) return finish(stream, state);
      return owner_.on_hold(state.slot);
    case LoadScript::Kind::http:
    case LoadScript::Kind::echo:
    case LoadScript::Kind::bulk:
      return begin_request(stream, state, state.due);
  }
}

std::string_view LoadClient::head_of(const LoadState& state) const {
  return script_.requests != 0 && state.requests_done + 1 >= script_.requests ? last_head_ : head_;
}

void LoadClient::begin_request(flow::Stream& stream, LoadState& state, Instant due) {
  state.request_due = due;
  state.sent = 0;
  state.received = 0;
  state.first_byte_came = false;
  state.response = {};
  send_more(stream, state);
}

bool LoadClient::upload_done(const LoadState& state) const {
  return state.sent == head_of(state).size() + script_.upload_bytes;
}

void LoadClient::send_more(flow::Stream& stream, LoadState& state) {
  const std::string_view head = head_of(state);
  const std::uint64_t all = head.size() + script_.upload_bytes;
  const std::uint64_t before = state.sent;
  while (state.sent < all) {
    const std::size_t room = stream.send_room();
    if (room < std::min<std::uint64_t>(all - state.sent, kPiece / 2)) break;  // wait for room worth a piece
    state.sent += send_piece(stream, state, head, room);
  }
  if (state.sent != before) {
    statistics_.bytes_sent.add(state.sent - before);
    owner_.on_progress(state.slot, stream.now());
  }
  if (script_.kind != LoadScript::Kind::bulk || state.sent < all) return;
  if (state.peer_closed) return complete_bulk(stream, state);
  if (script_.upload_bytes != 0 && !state.half_closed) {
    state.half_closed = true;
    stream.finish();
  }
}

std::size_t LoadClient::send_piece(flow::Stream& stream, const LoadState& state, std::string_view head,
                                   std::size_t room) {
  Bytes piece;
  if (state.sent < head.size()) {
    piece = as_bytes(head.substr(state.sent));
  } else {
    const std::uint64_t offset = state.sent - head.size();
    const std::uint64_t left = std::min<std::uint64_t>(script_.upload_bytes - offset, kPiece);
    piece = Bytes(pattern_).subspan(offset % kPatternPeriod, left);
  }
  piece = piece.first(std::min(piece.size(), room));
  stream.send(piece);
  return piece.size();
}

std::size_t LoadClient::on_data(flow::Stream& stream, Bytes bytes) {
  LoadState& state = state_of(stream);
  if (state.finished || state.failure != LoadState::kNone) return bytes.size();
  owner_.on_progress(state.slot, stream.now());
  if (script_.kind == LoadScript::Kind::http)
    take_http(stream, state, bytes);
  else if (script_.kind == LoadScript::Kind::echo || script_.kind == LoadScript::Kind::bulk)
    take_plain(stream, state, bytes);
  return bytes.size();
}

void LoadClient::note_first_byte(flow::Stream& stream, LoadState& state) {
  if (state.first_byte_came) return;
  state.first_byte_came = true;
  statistics_.first_byte.record(stream.now() - state.request_due);
}

void LoadClient::take_http(flow::Stream& stream, LoadState& state, Bytes bytes) {
  note_first_byte(stream, state);
  while (!bytes.empty()) {
    const HttpResponse::Read read = state.response.read(bytes);
    bytes = bytes.subspan(read.taken);
    if (!take_body(stream, state, read.body, script_.verify && state.response.status() == 200)) return;
    if (state.response.failed()) return give_up(stream, state, LoadFailure::bad_response);
    if (!state.response.complete()) continue;
    // No other request was sent yet that these bytes could answer.
    if (!bytes.empty()) return give_up(stream, state, LoadFailure::bad_response);
    return complete_response(stream, state);
  }
}

void LoadClient::take_plain(flow::Stream& stream, LoadState& state, Bytes bytes) {
  note_first_byte(stream, state);
  const bool echo = script_.kind == LoadScript::Kind::echo;
  if (echo && bytes.size() > state.sent - state.received) return give_up(stream, state, LoadFailure::wrong_bytes);
  if (!take_body(stream, state, bytes, echo || script_.verify)) return;
  if (echo && state.received == script_.upload_bytes) complete_request(stream, state, true);
}

// False when the bytes are others than they should be, and the connection was given up.
bool LoadClient::take_body(flow::Stream& stream, LoadState& state, Bytes bytes, bool verify) {
  statistics_.bytes_received.add(bytes.size());
  while (!bytes.empty()) {
    const Bytes piece = bytes.first(std::min(bytes.size(), kPiece));
    const std::uint8_t* wanted = pattern_.data() + state.received % kPatternPeriod;
    if (verify && std::memcmp(piece.data(), wanted, piece.size()) != 0) {
      give_up(stream, state, LoadFailure::wrong_bytes);
      return false;
    }
    state.received += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return true;
}

void LoadClient::complete_response(flow::Stream& stream, LoadState& state) {
  statistics_.status[state.response.status() / 100].add();
  // An answer to a request that is not wholly sent yet: what is missing of it would be taken for the next one.
  complete_request(stream, state, !state.response.closes() && upload_done(state));
}

void LoadClient::complete_request(flow::Stream& stream, LoadState& state, bool may_go_on) {
  statistics_.requests.add();
  statistics_.request.record(stream.now() - state.request_due);
  ++state.requests_done;
  // A server may end a connection that we have more requests for: that is its right, and they are not made.
  const bool more = (script_.requests == 0 || state.requests_done < script_.requests) && !winding_down_;
  if (more && may_go_on)
    begin_request(stream, state, stream.now());
  else
    finish(stream, state);
}

void LoadClient::complete_bulk(flow::Stream& stream, LoadState& state) {
  if (script_.expect_bytes != 0 && state.received < script_.expect_bytes)
    return give_up(stream, state, LoadFailure::closed_early);
  if (script_.expect_bytes != 0 && state.received > script_.expect_bytes)
    return give_up(stream, state, LoadFailure::wrong_bytes);
  complete_request(stream, state, false);
}

void LoadClient::on_writable(flow::Stream& stream) {
  LoadState& state = state_of(stream);
  if (state.finished || state.failure != LoadState::kNone) return;
  if (script_.kind == LoadScript::Kind::idle) {
    if (winding_down_) finish(stream, state);
    return;
  }
  send_more(stream, state);
}

void LoadClient::on_peer_closed(flow::Stream& stream, bool truncated) {
  LoadState& state = state_of(stream);
  if (state.finished || state.failure != LoadState::kNone) return;
  state.peer_closed = true;
  owner_.on_progress(state.slot, stream.now());
  LoadFailure why = LoadFailure::closed_early;
  if (script_.kind == LoadScript::Kind::bulk) {
    // Where the length is known, anybody may have cut the connection behind it.
    if (!truncated || (script_.expect_bytes != 0 && state.received >= script_.expect_bytes)) {
      if (upload_done(state)) complete_bulk(stream, state);
      return;  // what is left to send still goes out
    }
    why = LoadFailure::truncated;
  } else if (script_.kind == LoadScript::Kind::http) {
    state.response.on_peer_closed();
    if (state.response.complete() && !truncated) return complete_response(stream, state);
    if (state.response.complete()) why = LoadFailure::truncated;
  }
  state.failure = static_cast<std::uint8_t>(why);
  stream.close();
}

void LoadClient::finish(flow::Stream& stream, LoadState& state) {
  state.finished = true;
  owner_.on_progress(state.slot, stream.now());
  stream.close();
}

void LoadClient::give_up(flow::Stream& stream, LoadState& state, LoadFailure why) {
  state.failure = static_cast<std::uint8_t>(why);
  stream.abort();
}

void LoadClient::on_closed(flow::Stream& stream) {
  const LoadState& state = state_of(stream);
  if (state.failure != LoadState::kNone) {
    statistics_.fail(static_cast<LoadFailure>(state.failure));
  } else if (stream.tls_failure()) {
    // After all was done, too: a server of TLS 1.3 judges our certificate when we are connected already.
    statistics_.fail(LoadFailure::tls_failed);
  } else if (state.finished) {
    if (stream.end() == tcp::End::aborted && cut_ != Cut::run_over) {
      statistics_.fail(LoadFailure::not_closed);
    } else {
      statistics_.completed.add();
      statistics_.total.record(stream.now() - state.due);
    }
  } else if (cut_ == Cut::run_over) {
    statistics_.cut.add();
  } else {
    statistics_.fail(failure_of(stream.end()));
  }
  owner_.on_end(state.slot, stream.now());
}

void LoadClient::on_open_failed(flow::Stream& stream, flow::OpenFailure why) {
  const LoadState& state = state_of(stream);
  if (cut_ == Cut::run_over)
    statistics_.cut.add();
  else
    statistics_.fail(failure_of(why));
  owner_.on_end(state.slot, stream.now());
}

}  // namespace handsel::service
