/// Any bytes as TCP options: what is understood of them must survive being written and read again.

#include <cstdlib>
#include <vector>

#include "wire/tcp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace handsel;
  using namespace handsel::wire;
  TcpHeader header;
  header.options = parse_tcp_options({data, size});
  if (header.options.sack_count > TcpOptions::kMaxSackBlocks) std::abort();
  if (sack_blocks_that_fit(header.options) != header.options.sack_count) return 0;

  std::vector<std::uint8_t> bytes(header_bytes(header));
  if (bytes.size() > TcpHeader::kMaxBytes || bytes.size() % 4 != 0) std::abort();
  Writer writer(bytes);
  emit(header, writer);
  const auto view = TcpView::parse(bytes);
  if (!writer.ok() || !view || view->to_header() != header) std::abort();
  return 0;
}
