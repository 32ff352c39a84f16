#include "engine/ticket_rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>

#include "crypto/aead.h"
#include "crypto/random.h"
#include "engine/ticket_file.h"

namespace handsel::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// A worker that obeys when the test says so.
class FakeWorker final : public WorkerHandle {
 public:
  bool post(Command command) override {
    if (full) return false;
    posted.push_back(command);
    return true;
  }
  void obey() {
    obeyed += posted.size();
    posted.clear();
  }
  std::uint64_t let_go_done() const override { return obeyed; }
  void run() override {}
  void stop() override {}
  WorkerView view() const override { return {}; }
  flow::Shard& shard() override { std::abort(); }

  bool full = false;
  std::deque<Command> posted;
  std::uint64_t obeyed = 0;
};

class TicketRotationTest : public testing::Test {
 protected:
  TicketRotationTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "handsel-rotation-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    settings_.name = "site";
  }
  ~TicketRotationTest() override { std::filesystem::remove_all(folder_); }

  void write_keys(const std::string& first_letters) {
    std::ofstream file(folder_ / "keys", std::ios::binary);
    for (const char letter : first_letters) file << std::string(48, letter);
  }
  void start() {
    Config config;
    config.tls = {settings_};
    auto keys = tls::TicketKeys::random(entropy_);
    if (!settings_.ticket_keys.empty()) {
      auto file = read_ticket_file(settings_.ticket_keys);
      ASSERT_TRUE(file) << file.error();
      keys = std::move(file->keys);
      tls_.ticket_files.emplace(settings_.name, file->digest);
    }
    tls::ServerConfig server;
    server.ticket_keyring = std::make_shared<tls::TicketKeyring>(std::move(keys));
    tls_.by_name.emplace(settings_.name, std::make_shared<const tls::ServerConfig>(std::move(server)));
    const auto tell = [this](const std::string& line, bool failure) { (failure ? failures_ : lines_).push_back(line); };
    rotation_ =
        std::make_unique<TicketRotation>(config, tls_, std::vector<WorkerHandle*>{&one_, &two_}, entropy_, tell, now_);
  }
  void pass(Duration time) {
    now_ += time;
    rotation_->run(now_);
  }
  /// Time passes, and workers let go of what was replaced.
  void pass_and_obey(Duration time) {
    pass(time);
    one_.obey();
    two_.obey();
    pass(1ms);
  }
  tls::TicketKeyring& keyring() { return *tls_.by_name.at("site")->ticket_keyring; }
  std::vector<std::uint8_t> seal() {
    tls::TicketState state;
    state.secret.assign(std::vector<std::uint8_t>(32, 1));
    std::array<std::uint8_t, tls::TicketKeys::kMaxTicketBytes> memory;
    const Bytes sealed = keyring().in_force().seal(*aead_, entropy_, state, memory);
    return {sealed.begin(), sealed.end()};
  }
  bool opens(Bytes ticket) {
    tls::TicketState state;
    return keyring().in_force().open(*aead_, ticket, state);
  }

  std::filesystem::path folder_;
  TlsSettings settings_;
  crypto::SystemEntropy entropy_;
  std::unique_ptr<crypto::Aead> aead_ = crypto::make_aead();
  TlsConfigs tls_;
  FakeWorker one_;
  FakeWorker two_;
  Instant now_{1s};
  std::vector<std::string> lines_;
  std::vector<std::string> failures_;
  std::unique_ptr<TicketRotation> rotation_;
};

TEST_F(TicketRotationTest, RandomKeys_ThreeIntervals_TicketOpensForTwoAndNotForTheThird) {
  settings_.ticket_rotation = 1h;
  start();
  const auto ticket = seal();
  pass_and_obey(59min);
  EXPECT_EQ(keyring().in_force().size(), 1u) << "it is not time";
  for (int rotation = 1; rotation <= 3; ++rotation) {
    pass_and_obey(1h);
    EXPECT_EQ(opens(ticket), rotation < 3) << rotation;
  }
  EXPECT_EQ(keyring().in_force().size(), tls::TicketKeys::kMaxKeys);
  EXPECT_EQ(rotation_->statistics().rotations.get(), 3u);
}

TEST_F(TicketRotationTest, Defaults_Started_RotateEveryTwelveHours) {
  start();
  EXPECT_EQ(rotation_->next_deadline(), now_ + 12h);
}

TEST_F(TicketRotationTest, OneWorkerIsBusy_Rotated_FormerKeysStayUntilItLetsGo) {
  settings_.ticket_rotation = 1h;
  start();
  const tls::TicketKeys* before = &keyring().in_force();
  pass(1h);
  EXPECT_EQ(keyring().former(), before);
  ASSERT_EQ(one_.posted.size(), 1u);
  EXPECT_EQ(one_.posted[0].what, Command::What::let_go);
  EXPECT_EQ(one_.posted[0].former_keys, before);
  one_.obey();
  pass(1h);
  EXPECT_EQ(keyring().former(), before) << "and nothing replaces those in force meanwhile";
  EXPECT_EQ(keyring().in_force().size(), 2u);
  EXPECT_EQ(rotation_->statistics().waiting.get(), 1u);
  EXPECT_EQ(rotation_->next_deadline(), now_ + 20ms) << "it looks again soon";
  two_.obey();
  pass(20ms);
  EXPECT_EQ(rotation_->statistics().rotations.get(), 1u + 1u) << "what was due comes at once";
}

TEST_F(TicketRotationTest, CommandsOfAWorkerAreFull_Rotated_ItIsAskedAgain) {
  settings_.ticket_rotation = 1h;
  start();
  two_.full = true;
  pass(1h);
  one_.obey();
  pass(1ms);
  EXPECT_NE(keyring().former(), nullptr);
  EXPECT_TRUE(one_.posted.empty()) << "the first is not asked twice";
  two_.full = false;
  pass_and_obey(1ms);
  EXPECT_EQ(keyring().former(), nullptr);
}

TEST_F(TicketRotationTest, FileChanges_LookedAtEveryMinute_ItsKeysComeInForce) {
  write_keys("a");
  settings_.ticket_keys = folder_ / "keys";
  start();
  const auto ticket = seal();
  pass_and_obey(1min);
  EXPECT_EQ(rotation_->statistics().rotations.get(), 0u) << "nothing has changed";
  write_keys("ba");
  pass_and_obey(1min);
  EXPECT_EQ(keyring().in_force().size(), 2u);
  EXPECT_TRUE(opens(ticket));
  EXPECT_THAT(lines_, ElementsAre("[tls.site] seals tickets under a new key, 2 open"));
  write_keys("b");
  rotation_->read_files_now();
  pass_and_obey(1ms);
  EXPECT_FALSE(opens(ticket)) << "the key is no longer in the file";
}

TEST_F(TicketRotationTest, FileIsDamaged_LookedAt_KeysStayAndItIsCounted) {
  write_keys("a");
  settings_.ticket_keys = folder_ / "keys";
  start();
  const auto ticket = seal();
  std::ofstream(folder_ / "keys", std::ios::app) << "x";
  pass_and_obey(1min);
  EXPECT_TRUE(opens(ticket));
  EXPECT_EQ(rotation_->statistics().failed_reads.get(), 1u);
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_THAT(failures_[0], HasSubstr("there are 49 bytes"));
  std::filesystem::remove(folder_ / "keys");
  pass_and_obey(1min);
  EXPECT_TRUE(opens(ticket));
  EXPECT_THAT(failures_.back(), HasSubstr("keys: cannot be read: No such file"));
}

}  // namespace
}  // namespace handsel::engine
