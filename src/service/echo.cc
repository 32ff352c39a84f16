#include "service/echo.h"

#include <algorithm>

namespace handsel::service {

bool Echo::wants_data(flow::Stream& stream) { return stream.send_room() != 0; }

std::size_t Echo::on_data(flow::Stream& stream, Bytes bytes) {
  const std::size_t count = std::min(bytes.size(), stream.send_room());
  if (count != 0) stream.send(bytes.first(count));
  return count;
}

}  // namespace handsel::service
