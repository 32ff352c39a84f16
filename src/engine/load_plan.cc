#include "engine/load_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace handsel::engine {
namespace {

struct Scheme {
  std::string_view text;
  bool http;
  bool tls;
  std::uint16_t port;  // 0: it has none of its own
};
constexpr Scheme kSchemes[] = {{"http://", true, false, 80},
                               {"https://", true, true, 443},
                               {"tcp://", false, false, 0},
                               {"tls://", false, true, 0}};

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// What stands in a request line must not end it.
bool fit_for_request_line(std::string_view target) {
  return std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::uint64_t Arrivals::before(Instant end) const {
  if (end <= due(0)) return 0;
  const double seconds = std::chrono::duration<double>(end - start_).count();
  auto count = static_cast<std::uint64_t>(std::max(0.0, std::ceil((seconds * rate_ - worker_) / workers_)));
  while (count != 0 && due(count - 1) >= end) --count;  // what the arithmetic of doubles has rounded
  while (due(count) < end) ++count;
  return count;
}

const tls::ClientConfig* LoadTls::of(std::uint64_t index) const {
  const auto before = [&](std::uint64_t count) { return std::floor(static_cast<double>(count) * resume); };
  return resuming != nullptr && before(index + 1) > before(index) ? resuming.get() : full.get();
}

std::expected<LoadUrl, std::string> LoadUrl::parse(std::string_view text) {
  const auto fault = [&](std::string_view what) {
    return std::unexpected(
        fmt::format("{}: {}; it looks like https://10.77.1.1:8443/path or tcp://[fd77:1::1]:7", text, what));
  };
  const auto scheme = std::ranges::find_if(kSchemes, [&](const Scheme& each) { return text.starts_with(each.text); });
  if (scheme == std::end(kSchemes)) return fault("the target begins with none of https://, http://, tls:// and tcp://");
  LoadUrl url;
  url.http = scheme->http;
  url.tls = scheme->tls;
  std::string_view rest = text.substr(scheme->text.size());

  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, slash);
  const std::string_view target = rest.substr(slash);
  url.host = authority;
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return fault("a ']' is missing");
    host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (!authority.empty() && !authority.starts_with(':')) return fault("behind ']' a ':' and the port should come");
    port = authority.empty() ? authority : authority.substr(1);
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    if (port.find(':') != std::string_view::npos) return fault("an IPv6 address stands in brackets");
  }
  const auto address = wire::IpAddress::parse(host);
  if (!address) return fault(fmt::format("\"{}\" is no IP address (names are not looked up)", host));
  url.address = *address;
  if (port.empty() && scheme->port == 0) return fault("a port is missing");
  const auto number = port.empty() ? scheme->port : read_port(port);
  if (!number) return fault(fmt::format("\"{}\" is no port", port));
  url.port = *number;
  if (!url.http && !target.empty() && target != "/") return fault(fmt::format("{} has no path", scheme->text));
  if (!fit_for_request_line(target)) return fault("blanks and the like in a path are to be written as %20");
  if (!target.empty()) url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

}  // namespace handsel::engine
