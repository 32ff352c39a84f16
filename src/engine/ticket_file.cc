#include "engine/ticket_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/secret.h"
#include "crypto/hash.h"

namespace handsel::engine {
namespace {

// One byte more than a file may have, so that a longer one shows.
constexpr std::size_t kMaxFileBytes = tls::TicketKeys::kMaxKeys * tls::TicketKeys::kKeyFileBytes;
using Content = Secret<kMaxFileBytes + 1>;

class Descriptor {
 public:
  // Without waiting: a pipe in the file's place would hold the control thread up.
  explicit Descriptor(const std::filesystem::path& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

bool read_all(const Descriptor& file, Content& content) {
  const MutableBytes memory = content.fill(Content::capacity());
  std::size_t size = 0;
  while (size < memory.size()) {
    const ssize_t count = ::read(file.number(), &memory[size], memory.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  content.fill(size);
  return true;
}

}  // namespace

std::expected<TicketFile, std::string> read_ticket_file(const std::filesystem::path& path) {
  const Descriptor file(path);
  struct stat status{};
  if (!file || ::fstat(file.number(), &status) != 0)
    return std::unexpected(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  if (!S_ISREG(status.st_mode)) return std::unexpected(fmt::format("{}: is not a regular file", path.string()));
  Content content;
  if (!read_all(file, content))
    return std::unexpected(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  if (content.size() > kMaxFileBytes)
    return std::unexpected(
        fmt::format("{}: ticket keys are one to three of 48 bytes each, newest first; the file has {} bytes",
                    path.string(), status.st_size));
  auto keys = tls::TicketKeys::from_bytes(content.view());
  if (!keys) return std::unexpected(fmt::format("{}: {}", path.string(), keys.error()));
  TicketFile read{.keys = std::move(*keys), .open_to_others = (status.st_mode & 077) != 0};
  crypto::Hash hash(crypto::HashId::sha256);
  hash.update(content.view());
  hash.finish(read.digest);
  return read;
}

}  // namespace handsel::engine
