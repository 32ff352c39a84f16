#include <algorithm>

#include "crypto/certificate.h"

namespace handsel::crypto {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_without_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view without_root_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

}  // namespace

bool name_matches(std::string_view pattern, std::string_view host) {
  pattern = without_root_dot(pattern);
  host = without_root_dot(host);
  if (pattern.empty() || host.empty()) return false;
  if (!pattern.starts_with("*.")) return pattern.find('*') == pattern.npos && equal_without_case(pattern, host);
  const std::string_view domain = pattern.substr(1);  // with its dot
  if (domain.find('*') != domain.npos || domain.find('.', 1) == domain.npos) return false;
  const std::size_t first_dot = host.find('.');
  return first_dot != host.npos && first_dot > 0 && equal_without_case(domain, host.substr(first_dot));
}

}  // namespace handsel::crypto
