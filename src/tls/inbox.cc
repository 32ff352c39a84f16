#include "tls/inbox.h"

#include <algorithm>
#include <cstring>

#include "base/secret.h"

namespace handsel::tls {
namespace {

// The length of the message that starts here, with its header; 0 while its header is not whole.
std::expected<std::size_t, Error> message_bytes(Bytes start, HandshakeTypes expected) {
  if (!start.empty() && !expected.holds(start[0])) return std::unexpected(Error::unexpected_handshake_message);
  if (start.size() < kHandshakeHeaderBytes) return std::size_t{0};
  const std::size_t body = load_be24(&start[1]);
  if (body > limits::kMaxHandshakeMessage) return std::unexpected(Error::message_too_long);
  return kHandshakeHeaderBytes + body;
}

Message as_message(Bytes whole) {
  return {static_cast<HandshakeType>(whole[0]), whole.subspan(kHandshakeHeaderBytes), whole};
}

}  // namespace

Inbox::~Inbox() {
  secure_wipe(buffer_.first(high_water_));
  if (buffer_.data() != memory_.data()) pool_.give_long(buffer_);
}

std::expected<std::optional<Message>, Error> Inbox::next(HandshakeTypes expected) {
  if (stored() == 0) {
    begin_ = end_ = 0;
    const std::expected<std::size_t, Error> whole = message_bytes(fragment_, expected);
    if (!whole) return std::unexpected(whole.error());
    if (*whole == 0 || *whole > fragment_.size()) return std::nullopt;
    const Message message = as_message(fragment_.first(*whole));
    fragment_ = fragment_.subspan(*whole);
    return message;
  }
  if (const Error error = store(kHandshakeHeaderBytes); error != Error::none) return std::unexpected(error);
  const std::expected<std::size_t, Error> whole = message_bytes(buffer_.subspan(begin_, stored()), expected);
  if (!whole) return std::unexpected(whole.error());
  if (*whole == 0) return std::nullopt;
  if (const Error error = store(*whole); error != Error::none) return std::unexpected(error);
  if (stored() < *whole) return std::nullopt;
  const Message message = as_message(buffer_.subspan(begin_, *whole));
  begin_ += *whole;
  return message;
}

Error Inbox::settle() {
  const Error error = fragment_.empty() ? Error::none : store(stored() + fragment_.size());
  fragment_ = {};
  return error;
}

Error Inbox::store(std::size_t wanted) {
  if (wanted <= stored()) return Error::none;
  const std::size_t count = std::min(wanted - stored(), fragment_.size());
  if (count == 0) return Error::none;
  if (const Error error = reserve(count); error != Error::none) return error;
  std::memcpy(&buffer_[end_], fragment_.data(), count);
  end_ += count;
  high_water_ = std::max(high_water_, end_);
  fragment_ = fragment_.subspan(count);
  return Error::none;
}

Error Inbox::reserve(std::size_t bytes) {
  if (bytes <= buffer_.size() - end_) return Error::none;
  if (begin_ != 0) {
    std::memmove(buffer_.data(), &buffer_[begin_], stored());
    end_ -= begin_;
    begin_ = 0;
  }
  if (bytes <= buffer_.size() - end_) return Error::none;
  if (buffer_.data() != memory_.data()) return Error::message_too_long;
  const MutableBytes longer = pool_.take_long();
  if (longer.empty()) return Error::no_handshake_memory;
  if (end_ != 0) std::memcpy(longer.data(), buffer_.data(), end_);
  secure_wipe(buffer_.first(high_water_));
  buffer_ = longer;
  return bytes <= buffer_.size() - end_ ? Error::none : Error::message_too_long;
}

}  // namespace handsel::tls
