#include "service/http_response.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace handsel::service {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view text, std::string_view wanted) {
  return std::ranges::equal(text, wanted, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// The whole text as a number, or false.
bool read_number(std::string_view text, int base, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

HttpResponse::Read HttpResponse::read(Bytes bytes) {
  if (part_ == Part::body || part_ == Part::chunk_data) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    left_ -= count;
    if (left_ == 0) part_ = part_ == Part::body ? Part::complete : Part::chunk_end;
    return {count, bytes.first(count)};
  }
  if (part_ == Part::until_close) return {bytes.size(), bytes};
  std::size_t taken = 0;
  while (taken < bytes.size() && part_ != Part::complete && part_ != Part::failed) {
    const auto c = static_cast<char>(bytes[taken++]);
    if (++head_bytes_ > limits::kMaxHttpHeadBytes) {
      part_ = Part::failed;
    } else if (c == '\n') {
      take_line({line_.data(), std::min<std::size_t>(line_bytes_, kLineBytes)});
      line_bytes_ = 0;
    } else if (c != '\r') {
      if (line_bytes_ < kLineBytes) line_[line_bytes_] = c;
      if (line_bytes_ < 255) ++line_bytes_;
    }
    if (part_ == Part::body || part_ == Part::chunk_data || part_ == Part::until_close) break;
  }
  return {taken, {}};
}

void HttpResponse::on_peer_closed() {
  if (part_ == Part::until_close) part_ = Part::complete;
}

void HttpResponse::take_line(std::string_view line) {
  switch (part_) {
    case Part::status_line:
      return take_status_line(line);
    case Part::fields:
      return line.empty() ? end_head() : take_field(line);
    case Part::chunk_size:
      return take_chunk_size(line);
    case Part::chunk_end:  // the empty line behind a chunk's data
      part_ = line.empty() ? Part::chunk_size : Part::failed;
      head_bytes_ = 0;
      return;
    case Part::trailers:
      if (line.empty()) part_ = Part::complete;
      return;
    default:
      return;
  }
}

// RFC 9112 4: HTTP-version SP status-code SP [reason-phrase]
void HttpResponse::take_status_line(std::string_view line) {
  std::uint64_t status = 0;
  const bool sound = line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ' &&
                     read_number(line.substr(9, 3), 10, status) && status >= 100 && status < 600;
  part_ = sound ? Part::fields : Part::failed;
  status_ = static_cast<std::uint16_t>(status);
  closes_ = line.starts_with("HTTP/1.0");
  chunked_ = has_length_ = false;
}

void HttpResponse::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (equal_ignoring_case(name, "content-length")) {
    // A length that is none, or two that differ, would leave us guessing where the next response begins.
    std::uint64_t length = 0;
    if (line_bytes_ > kLineBytes || !read_number(value, 10, length) || (has_length_ && length != left_))
      part_ = Part::failed;
    left_ = length;
    has_length_ = true;
  } else if (equal_ignoring_case(name, "transfer-encoding")) {
    chunked_ = equal_ignoring_case(value, "chunked");
    if (!chunked_) part_ = Part::failed;
  } else if (equal_ignoring_case(name, "connection")) {
    if (equal_ignoring_case(value, "close")) closes_ = true;
    if (equal_ignoring_case(value, "keep-alive")) closes_ = false;
  }
}

// RFC 9112 6.3: where the body ends.
void HttpResponse::end_head() {
  head_bytes_ = 0;
  if (status_ < 200) {
    part_ = Part::status_line;
  } else if (status_ == 204 || status_ == 304) {
    part_ = Part::complete;
  } else if (chunked_) {
    part_ = Part::chunk_size;
  } else if (has_length_) {
    part_ = left_ == 0 ? Part::complete : Part::body;
  } else {
    part_ = Part::until_close;
    closes_ = true;
  }
}

// RFC 9112 7.1: chunk-size [ chunk-ext ]
void HttpResponse::take_chunk_size(std::string_view line) {
  head_bytes_ = 0;
  const std::string_view digits = trimmed(line.substr(0, line.find(';')));
  if (!read_number(digits, 16, left_))
    part_ = Part::failed;
  else
    part_ = left_ == 0 ? Part::trailers : Part::chunk_data;
}

}  // namespace handsel::service
