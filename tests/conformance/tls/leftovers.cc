#include "leftovers.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>

namespace handsel::tls::conformance {
namespace {

using std::runtime_error;

constexpr std::size_t kLink = 64;  // a free piece of the pool starts with a pointer

/// Takes every free piece, shows it, gives it back.
void visit_pools(FramePool& frames, const std::function<void(MutableBytes, bool is_block)>& visit) {
  std::vector<std::uint8_t*> blocks;
  std::vector<MutableBytes> longs;
  while (void* block = frames.take_block()) blocks.push_back(static_cast<std::uint8_t*>(block));
  for (MutableBytes piece = frames.take_long(); !piece.empty(); piece = frames.take_long()) longs.push_back(piece);
  for (std::uint8_t* block : blocks) visit({block, limits::kHandshakeBlockBytes}, true);
  for (const MutableBytes piece : longs) visit(piece, false);
  for (auto piece = longs.rbegin(); piece != longs.rend(); ++piece) frames.give_long(*piece);
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) frames.give_block(*block);
}

void expect_none_of(const std::vector<Buffer>& secrets, Bytes memory, const std::string& where) {
  for (const Buffer& secret : secrets)
    if (!std::ranges::search(memory, secret).empty())
      throw runtime_error("a secret of " + std::to_string(secret.size()) + " bytes is left in " + where);
}

std::vector<Buffer> secrets_of(const Listened& side) {
  std::vector<Buffer> secrets = side.aead->keys();
  secrets.insert(secrets.end(), side.kernels.secrets().begin(), side.kernels.secrets().end());
  return secrets;
}

}  // namespace

void prepare_pools(test::World& world) {
  visit_pools(world.frames, [](MutableBytes piece, bool) { std::memset(piece.data(), 0, piece.size()); });
}

void expect_no_secret_left(Listened& side, const Session& failed) {
  const std::vector<Buffer> secrets = secrets_of(side);
  expect_none_of(secrets, {reinterpret_cast<const std::uint8_t*>(&failed), sizeof failed}, "the failed session");
}

void expect_nothing_left(Listened& side, bool frames_only_held_frames) {
  test::ClientWorld& world = side.world;
  const auto expect = [](bool fulfilled, const char* what) {
    if (!fulfilled) throw runtime_error(what);
  };
  expect(world.frames.blocks_taken() == 0, "a block of the frame pool is still taken");
  expect(world.frames.longs_taken() == 0, "a long buffer of the frame pool is still taken");
  expect(world.stage.waiting() == 0 && world.stage.take_completed() == nullptr, "an operation is still in the stage");
  expect(world.sessions.taken_out() == 0, "a stored session was not given back");
  expect(world.sessions.pending_count() == 0, "what tickets would need is still held");
  expect(world.exporters.size() == 0, "what keying material would be exported from is still held");
  expect(side.aead->remembered() == 0, "the AEAD engine was not told to forget a record's key");
  const std::vector<Buffer> secrets = secrets_of(side);
  visit_pools(world.frames, [&](MutableBytes piece, bool is_block) {
    expect_none_of(secrets, piece, is_block ? "a block of the frame pool" : "a long buffer of the frame pool");
    if (!is_block || !frames_only_held_frames) return;
    const Bytes frames = piece.first(limits::kMaxHandshakeFrameBytes).subspan(kLink);
    expect(std::ranges::all_of(frames, [](std::uint8_t byte) { return byte == 0; }),
           "a coroutine's frame is not wiped");
  });
  expect_none_of(secrets, world.worker.scratch, "the worker's scratch");
}

}  // namespace handsel::tls::conformance
