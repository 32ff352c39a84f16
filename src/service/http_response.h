#pragma once
/// A client's reading of HTTP/1.x responses (RFC 9112), in a fixed state.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"

namespace handsel::service {

/// One response to a GET or a PUT, read in pieces of any size. Interim responses (1xx) are skipped. Bodies by length,
/// in chunks, or until the server closes. Begins as zeros.
class HttpResponse {
 public:
  /// What one call has read.
  struct Read {
    std::size_t taken = 0;  ///< of the bytes given
    Bytes body;             ///< that part of them which is body
  };

  /// Reads the head up to its end, or one stretch of the body; to be called again with what is left, until complete()
  /// or failed(). Takes something of whatever is given until then.
  Read read(Bytes bytes);
  /// The server has closed: completes a body that has no other end.
  void on_peer_closed();

  bool begun() const { return part_ != Part::status_line || head_bytes_ != 0; }
  bool complete() const { return part_ == Part::complete; }
  /// What came is not HTTP, or its head is longer than limits::kMaxHttpHeadBytes.
  bool failed() const { return part_ == Part::failed; }
  /// 200 and so on; 0 before it was read.
  std::uint16_t status() const { return status_; }
  /// The server will take no other request on this connection.
  bool closes() const { return closes_; }

 private:
  enum class Part : std::uint8_t {
    status_line,
    fields,
    body,
    until_close,
    chunk_size,
    chunk_data,
    chunk_end,
    trailers,
    complete,
    failed
  };
  static constexpr std::size_t kLineBytes = 33;  // as much of a line as is looked at: a Content-Length of 17 digits

  void take_line(std::string_view line);
  void take_status_line(std::string_view line);
  void take_field(std::string_view line);
  void end_head();
  void take_chunk_size(std::string_view line);

  std::uint64_t left_ = 0;  // of the body, or of a chunk
  std::uint16_t status_ = 0;
  std::uint16_t head_bytes_ = 0;  // of the head, or of a chunk's line
  Part part_ = Part::status_line;
  std::uint8_t line_bytes_ = 0;
  bool closes_ : 1 = false;
  bool chunked_ : 1 = false;
  bool has_length_ : 1 = false;
  std::array<char, kLineBytes> line_{};
};
static_assert(std::is_trivially_copyable_v<HttpResponse>);

}  // namespace handsel::service
