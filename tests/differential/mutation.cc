#include "mutation.h"

#include <algorithm>
#include <array>

namespace handsel::tls::test {
namespace {

void put16(Buffer& out, std::size_t value) {
  append(out, Buffer{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
}

void write_block(Buffer& out, const std::vector<std::pair<std::uint16_t, Buffer>>& extensions) {
  Buffer block;
  for (const auto& [type, body] : extensions) {
    put16(block, type);
    put16(block, body.size());
    append(block, body);
  }
  put16(out, block.size());
  append(out, block);
}

std::vector<std::pair<std::uint16_t, Buffer>> read_block(Bytes block) {
  std::vector<std::pair<std::uint16_t, Buffer>> extensions;
  Reader list(block);
  while (list.remaining() != 0 && list.ok()) {
    const std::uint16_t type = list.u16();
    const Bytes body = list.vector16();
    extensions.emplace_back(type, Buffer(body.begin(), body.end()));
  }
  return extensions;
}

void set_length(Buffer& message) {
  const std::size_t bytes = message.size() - kHandshakeHeaderBytes;
  for (int i = 0; i < 3; ++i)
    message[1 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(bytes >> (16 - 8 * i));
}

Buffer copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

HelloParts HelloParts::parse(Bytes message) {
  Reader reader(message);
  HelloParts parts;
  parts.type = reader.u8();
  reader.bytes(3);
  parts.version = reader.u16();
  parts.random = copy(reader.bytes(32));
  parts.session_id = copy(reader.vector8());
  const bool is_server = parts.type == static_cast<std::uint8_t>(HandshakeType::server_hello);
  parts.suites = copy(is_server ? reader.bytes(2) : reader.vector16());
  parts.compression = copy(is_server ? reader.bytes(1) : reader.vector8());
  parts.has_extensions = reader.remaining() != 0;
  if (parts.has_extensions) parts.extensions = read_block(reader.vector16());
  return parts;
}

Buffer HelloParts::written() const {
  const bool is_server = type == static_cast<std::uint8_t>(HandshakeType::server_hello);
  Buffer out = {type, 0, 0, 0};
  put16(out, version);
  append(out, random);
  out.push_back(static_cast<std::uint8_t>(session_id.size()));
  append(out, session_id);
  if (!is_server) put16(out, suites.size());
  append(out, suites);
  if (!is_server) out.push_back(static_cast<std::uint8_t>(compression.size()));
  append(out, compression);
  if (has_extensions) write_block(out, extensions);
  set_length(out);
  return out;
}

const Buffer* HelloParts::extension(std::uint16_t type_wanted) const {
  const auto found = std::ranges::find(extensions, type_wanted, &std::pair<std::uint16_t, Buffer>::first);
  return found == extensions.end() ? nullptr : &found->second;
}

Buffer Mutator::changed(HelloParts parts) {
  for (std::uint64_t left = 1 + below(3); left > 0; --left) {
    if (below(4) == 0)
      change_fields(parts);
    else
      change(parts.extensions);
  }
  Buffer message = parts.written();
  if (below(8) == 0) change_bytes(message);
  return message;
}

void Mutator::change_extensions(Buffer& message, std::size_t block_at) {
  Extensions extensions = read_block(Bytes(message).subspan(block_at + 2));
  for (std::uint64_t left = 1 + below(2); left > 0; --left) change(extensions);
  message.resize(block_at);
  write_block(message, extensions);
  set_length(message);
}

void Mutator::change_bytes(Buffer& message, std::uint64_t most) {
  for (std::uint64_t left = 1 + below(most); left > 0; --left) change_body(message);
}

void Mutator::change_fields(HelloParts& parts) {
  constexpr std::array<std::uint16_t, 8> kVersions = {0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0305, 0x7f1c};
  switch (below(8)) {
    case 0:
      parts.version = kVersions[below(kVersions.size())];
      break;
    case 1:
      parts.session_id.resize(below(36));
      break;
    case 2:
      change_body(parts.suites);
      break;
    case 3:
      change_body(parts.compression);
      break;
    case 4:
      parts.has_extensions = below(4) != 0;
      break;
    case 5:
      parts.suites.resize(std::min<std::size_t>(parts.suites.size(), below(6)));
      break;
    case 6:
      parts.random[below(parts.random.size())] ^= byte();
      break;
    default:
      change_body(parts.session_id);
      break;
  }
}

void Mutator::change(Extensions& extensions) {
  // Those that anyone speaks of, and some that nobody does.
  constexpr std::array<std::uint16_t, 24> kTypes = {0,  1,  5,  10, 11, 13, 16, 18, 21,     22,     23,     24,
                                                    28, 35, 41, 42, 43, 44, 45, 49, 0x0a0a, 0x3374, 0xff01, 0xffff};
  if (extensions.empty()) {
    extensions.emplace_back(kTypes[below(kTypes.size())], Buffer(below(5), byte()));
    return;
  }
  const std::size_t at = below(extensions.size());
  const auto place = extensions.begin() + static_cast<std::ptrdiff_t>(at);
  switch (below(9)) {
    case 0:
      extensions.erase(place);
      break;
    case 1:
      extensions.push_back(extensions[at]);
      break;
    case 2:
      std::swap(extensions[at], extensions[below(extensions.size())]);
      break;
    case 3:
      extensions[at].first = kTypes[below(kTypes.size())];
      break;
    case 4:
      extensions.emplace(place, kTypes[below(kTypes.size())], Buffer(below(5), byte()));
      break;
    case 5:
      extensions[at].second.clear();
      break;
    default:
      change_body(extensions[at].second);
      break;
  }
}

void Mutator::change_body(Buffer& body) {
  switch (body.empty() ? 5 : below(8)) {
    case 0:
    case 1:
      body[below(body.size())] ^= static_cast<std::uint8_t>(1u << below(8));
      break;
    case 2:  // to another value, whatever it was
      body[below(body.size())] ^= static_cast<std::uint8_t>(1 + below(255));
      break;
    case 3:
      ++body[below(body.size())];
      break;
    case 4:
      body.resize(below(body.size()));
      break;
    case 5:
      body.insert(body.end(), 1 + below(4), byte());
      break;
    case 6:
      body.erase(body.begin() + static_cast<std::ptrdiff_t>(below(body.size())));
      break;
    default:
      --body[below(body.size())];
      break;
  }
}

}  // namespace handsel::tls::test
