#pragma once
/// Ticket keys in a file, for engines that take up each other's sessions. Control thread.

#include <array>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "tls/ticket.h"

namespace handsel::engine {

struct TicketFile {
  std::shared_ptr<const tls::TicketKeys> keys;
  std::array<std::uint8_t, 32> digest{};  ///< of the content: tells whether it has changed
  bool open_to_others = false;            ///< somebody else than its owner may read or write it
};

/// Reads the whole file: one to three keys of 48 bytes. The error names the file and says what is wrong.
std::expected<TicketFile, std::string> read_ticket_file(const std::filesystem::path& path);

}  // namespace handsel::engine
