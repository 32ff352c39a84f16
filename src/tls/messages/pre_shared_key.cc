#include "tls/messages/pre_shared_key.h"

#include <algorithm>

namespace handsel::tls {
namespace {

constexpr std::unexpected<Error> kMalformed{Error::malformed_extension};
constexpr std::size_t kMinBinderBytes = 32;

}  // namespace

std::expected<PskModes, Error> read_psk_modes(Bytes body) {
  Reader reader(body);
  const Bytes modes = reader.vector8();
  if (!reader.finished() || modes.empty()) return kMalformed;
  const auto holds = [&](std::uint8_t mode) { return std::ranges::find(modes, mode) != modes.end(); };
  return PskModes{holds(kPskOnly), holds(kPskWithDhe)};
}

void write_psk_modes(Writer& writer, std::span<const std::uint8_t> modes) {
  auto extension = open_extension(writer, ExtensionType::psk_key_exchange_modes);
  auto list = writer.length<1>();
  writer.bytes(modes);
}

std::expected<OfferedPsks, Error> OfferedPsks::read(Bytes body) {
  OfferedPsks offered;
  Reader reader(body);
  offered.identities_ = reader.vector16();
  offered.binders_ = reader.vector16();
  if (!reader.finished() || offered.identities_.empty() || offered.binders_.empty()) return kMalformed;
  std::size_t binders = 0;
  for (Reader list(offered.identities_); !list.empty(); ++offered.size_) {
    const Bytes identity = list.vector16();
    list.u32();
    if (!list.ok() || identity.empty()) return kMalformed;
  }
  for (Reader list(offered.binders_); !list.empty(); ++binders)
    if (list.vector8().size() < kMinBinderBytes) return kMalformed;
  if (binders != offered.size_) return std::unexpected(Error::illegal_parameter);
  return offered;
}

PskIdentity OfferedPsks::identity(std::size_t index) const {
  Reader list(identities_);
  for (std::size_t i = 0; i < index; ++i) {
    list.vector16();
    list.u32();
  }
  const Bytes identity = list.vector16();
  return {identity, list.u32()};
}

Bytes OfferedPsks::binder(std::size_t index) const {
  Reader list(binders_);
  for (std::size_t i = 0; i < index; ++i) list.vector8();
  return list.vector8();
}

void write_offered_psk(Writer& writer, const PskIdentity& identity, std::size_t binder_bytes) {
  auto extension = open_extension(writer, ExtensionType::pre_shared_key);
  {
    auto identities = writer.length<2>();
    {
      auto length = writer.length<2>();
      writer.bytes(identity.identity);
    }
    writer.u32(identity.obfuscated_age);
  }
  auto binders = writer.length<2>();
  auto binder = writer.length<1>();
  writer.zeros(binder_bytes);
}

std::expected<std::uint16_t, Error> read_selected_psk(Bytes body) {
  Reader reader(body);
  const std::uint16_t index = reader.u16();
  if (!reader.finished()) return kMalformed;
  return index;
}

void write_selected_psk(Writer& writer, std::uint16_t index) {
  auto extension = open_extension(writer, ExtensionType::pre_shared_key);
  writer.u16(index);
}

}  // namespace handsel::tls
