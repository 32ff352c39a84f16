#include "stage.h"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "ends.h"
#include "leftovers.h"
#include "rsa_peer.h"
#include "setup.h"

namespace handsel::tls::conformance {
namespace {

using std::runtime_error;

constexpr std::string_view kGreeting = "all is well";
constexpr std::string_view kEarlyGreeting = "in haste";

/// What the last line of a case demands.
struct Expectation {
  enum class Kind : std::uint8_t { none, refuses, fails, connects, waits };
  Kind kind = Kind::none;
  std::string alert;    // refuses: what the peer is told
  std::string error;    // refuses, fails: the engine's own name of it
  std::string step;     // waits
  bool full = false;    // connects: although a session was offered
  bool unread = false;  // the alert comes under keys that the altered peer does not have
};

std::optional<Expectation> expectation_of(const Words& words) {
  Expectation expectation;
  if (words[0] == "refuses") {
    expectation.kind = Expectation::Kind::refuses;
    expectation.alert = words.at(1);
    expectation.error = words.at(2);
    expectation.unread = words.size() > 3 && words[3] == "unread";
  } else if (words[0] == "fails") {
    expectation.kind = Expectation::Kind::fails;
    expectation.error = words.at(1);
  } else if (words[0] == "connects") {
    expectation.kind = Expectation::Kind::connects;
    expectation.full = words.size() > 1 && words[1] == "full";
  } else if (words[0] == "waits") {
    expectation.kind = Expectation::Kind::waits;
    expectation.step = words.at(1);
  } else {
    return std::nullopt;
  }
  return expectation;
}

/// A case, understood.
struct Plan {
  explicit Plan(const Case& script) : scenario(Scenario::parse(script.lines.at(0).words)), setup(scenario) {
    for (auto line = script.lines.begin() + 1; line != script.lines.end(); ++line) {
      try {
        add(*line);
      } catch (const std::exception& error) {
        throw runtime_error("line " + std::to_string(line->number) + ": " + error.what());
      }
    }
    if (expectation.kind == Expectation::Kind::none) throw runtime_error("nothing is expected");
  }

  void add(const Line& line) {
    const Words& words = line.words;
    if (const auto what = expectation_of(words)) {
      expectation = *what;
    } else if (words[0] == "engine" || words[0] == "peer") {
      setup.set(scenario, words);
    } else if (words[0] == "later") {
      later.emplace_back(words.begin() + 1, words.end());
    } else if (words[0] == "carry") {
      carried.add(Rule({line.number, Words(words.begin() + 1, words.end())}, scenario.form()));
    } else if (words[0] == "data") {
      greetings = std::stoul(words.at(1));
    } else if (words[0] == "early") {
      early_greetings = std::stoul(words.at(1));
    } else if (words[0] == "declines") {
      declined = words.size() > 1 ? words[1] : "";
    } else if (words[0] == "close") {
      closes = true;
    } else if (Rule::is_rule(words)) {
      rules.add(Rule(line, scenario.form()));
    } else {
      throw runtime_error("not understood: " + words[0]);
    }
  }

  Scenario scenario;
  Setup setup;
  std::vector<Words> later;  // settings that are new when the session is taken up again
  Rules rules;               // on what the peer says
  Rules carried;             // on what the engine says in the clear, as somebody on the way might alter it
  std::size_t greetings = 1;
  std::size_t early_greetings = 1;
  std::optional<std::string> declined;  // early data, by a server for this reason
  bool closes = false;                  // the peer, in the end
  Expectation expectation;
};

/// What goes from the engine to the peer.
Buffer carried(Engine& engine, std::vector<Item>& said, Rules& rules) {
  Buffer bytes = engine.take_output();
  std::vector<Item> items = engine.take_said();
  said.insert(said.end(), items.begin(), items.end());
  const bool in_the_clear = std::ranges::all_of(items, [](const Item& item) { return item.epoch == 0; });
  if (items.empty() || !in_the_clear || rules.unused() == nullptr) return bytes;
  rules.apply(items);
  bytes.clear();
  for (const Item& item : items) {
    append(bytes, Buffer{item.type, 3, 3, static_cast<std::uint8_t>(item.content.size() >> 8),
                         static_cast<std::uint8_t>(item.content.size())});
    append(bytes, item.content);
  }
  return bytes;
}

class Stage {
 public:
  explicit Stage(const Case& script)
      : plan_(script), client_(must(prepared(plan_.setup.client))), server_(must(prepared(plan_.setup.server))) {
    prepare_pools(under_test_.world);
    other_.world.worker.unix_at_zero_ms = under_test_.world.worker.unix_at_zero_ms;
  }

  void play() {
    if (plan_.scenario.resumed) connect_before();
    begin();
    if (plan_.scenario.early) send_early();
    exchange();
    if (engine_->connected && peer_->connected() && !engine_->failed) greet();
    check();
    peer_.reset();
    if (engine_->failed) expect_no_secret_left(under_test_, engine_->session());
    // A HelloRetryRequest's cookie stands in a block of its own.
    const bool held_cookie = !plan_.scenario.engine_is_server && engine_->session().info().retried;
    engine_.reset();
    expect_nothing_left(under_test_, !held_cookie);
  }

 private:
  template <class T>
  static T must(std::expected<T, std::string> made) {
    if (!made) throw runtime_error(made.error());
    return *std::move(made);
  }

  void begin() {
    if (plan_.scenario.engine_is_server) {
      engine_ = std::make_unique<Engine>(under_test_, server_);
      if (plan_.scenario.rsa)
        peer_ = std::make_unique<RsaPeer>(other_, *plan_.setup.rsa_suite, plan_.setup.premaster);
      else
        peer_ = std::make_unique<SessionPeer>(other_, client_);
      peer_->start();
    } else {
      engine_ = std::make_unique<Engine>(under_test_, client_);
      peer_ = std::make_unique<SessionPeer>(other_, server_);
      engine_->start();
    }
  }

  void connect_before() {
    test::ClientEnd client(plan_.scenario.engine_is_server ? other_.world : under_test_.world, client_);
    test::ServerEnd server(plan_.scenario.engine_is_server ? under_test_.world : other_.world, server_);
    client.start();
    test::exchange(client, server);
    if (!client.connected || !server.connected) throw runtime_error("the handshake to be resumed failed");
    for (const Words& words : plan_.later) plan_.setup.set(plan_.scenario, words);
    client_ = must(prepared(plan_.setup.client));
    server_ = must(prepared(plan_.setup.server));
  }

  void send_early() {
    for (std::size_t i = 0; i < plan_.early_greetings; ++i)
      if (!(plan_.scenario.engine_is_server ? peer_->send_early(kEarlyGreeting) : engine_->send_early(kEarlyGreeting)))
        throw runtime_error("no early data may be sent");
  }

  /// Somebody on the way had the client's first flight, and gave it to the server before.
  void play_to_another(Bytes flight) {
    Engine another(under_test_, server_);
    another.receive(flight);
    another.settle();
    expect("early data that came first", as_text(another.early_plaintext),
           repeated(kEarlyGreeting, plan_.early_greetings));
  }

  void exchange() {
    for (;;) {
      const Buffer to_engine = peer_->take_altered(plan_.rules);
      if (std::exchange(plan_.scenario.replayed, false)) play_to_another(to_engine);
      engine_->receive(to_engine);
      engine_->settle();
      const Buffer to_peer = carried(*engine_, said_, plan_.carried);
      if (to_engine.empty() && to_peer.empty()) return;
      peer_->receive(to_peer);
    }
  }

  void greet() {
    for (std::size_t i = 0; i < plan_.greetings; ++i) peer_->send(kGreeting);
    if (plan_.closes) peer_->close();
    exchange();
    if (engine_->failed || peer_->failure()) return;
    engine_->send(kGreeting);
    exchange();
  }

  void check() const {
    if (const Line* line = plan_.rules.unused())
      throw runtime_error("never came to line " + std::to_string(line->number));
    if (const Line* line = plan_.carried.unused())
      throw runtime_error("never came to line " + std::to_string(line->number));
    if (plan_.declined) check_decline();
    switch (plan_.expectation.kind) {
      case Expectation::Kind::refuses:
        return check_refusal();
      case Expectation::Kind::fails:
        return check_failure(0);
      case Expectation::Kind::connects:
        return check_connection();
      case Expectation::Kind::waits:
        return expect("waits for", name_of(engine_->session().waiting()), plan_.expectation.step);
      case Expectation::Kind::none:
        break;
    }
  }

  static void expect(const std::string& what, std::string_view is, std::string_view wanted) {
    if (is != wanted) throw runtime_error(what + ": " + std::string(is) + ", should be " + std::string(wanted));
  }

  std::size_t fatal_alerts() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(said_, [](const Item& item) { return item.type == 21 && item.content.at(1) != 0; }));
  }

  void check_failure(std::size_t alerts) const {
    const Session& session = engine_->session();
    expect("error", name_of(session.failure().error), plan_.expectation.error);
    expect("fatal alerts", std::to_string(fatal_alerts()), std::to_string(alerts));
    if (session.wants_record()) throw runtime_error("the failed session wants more records");
    const Statistics& statistics = under_test_.world.statistics;
    const auto row = static_cast<std::size_t>(session.failure().error);
    const std::uint64_t counted = statistics.handshakes_failed[row].get() + statistics.connections_failed[row].get();
    expect("times counted", std::to_string(counted), "1");
  }

  void check_refusal() const {
    check_failure(1);
    const Buffer& last = said_.back().content;
    if (said_.back().type != 21 || last[0] != 2) throw runtime_error("the last record is no fatal alert");
    expect("alert", name_of(static_cast<Alert>(last[1])), plan_.expectation.alert);
    const Failure theirs = peer_->failure();
    if (plan_.expectation.unread) {
      if (theirs.error == Error::alert_received) throw runtime_error("the peer does read the alert");
      return;
    }
    expect("what the peer makes of it", name_of(theirs.error), name_of(Error::alert_received));
    expect("alert that the peer reads", name_of(theirs.alert), plan_.expectation.alert);
  }

  void check_connection() const {
    expect("error", name_of(engine_->session().failure().error), "none");
    if (!engine_->connected || !peer_->connected()) throw runtime_error("not connected");
    expect("data that came", as_text(engine_->plaintext), repeated(kGreeting, plan_.greetings));
    expect("data that the peer got", as_text(peer_->plaintext()), kGreeting);
    const bool resumes = plan_.scenario.resumed && !plan_.expectation.full;
    if (resumes != engine_->session().info().resumed) throw runtime_error("resumed, or not");
    if (plan_.scenario.early) check_early_data();
    if (plan_.closes && !engine_->peer_closed) throw runtime_error("the end of the peer's data was not noticed");
  }

  /// It came whole, or nothing of it came.
  void check_early_data() const {
    const bool taken = engine_->session().info().early_data == EarlyData::accepted;
    if (taken == plan_.declined.has_value()) throw runtime_error(taken ? "early data was taken" : "it was declined");
    const Bytes came = plan_.scenario.engine_is_server ? Bytes(engine_->early_plaintext) : peer_->early_plaintext();
    expect("early data that came", as_text(came), repeated(kEarlyGreeting, taken ? plan_.early_greetings : 0));
  }

  void check_decline() const {
    if (engine_->session().info().early_data != EarlyData::rejected) throw runtime_error("early data was not declined");
    if (!plan_.scenario.engine_is_server) return;
    const auto& refused = under_test_.world.statistics.early_data_refused;
    for (std::size_t row = 0; row < kEarlyDataRefusals; ++row) {
      const std::string_view reason = name_of(static_cast<EarlyDataRefusal>(row));
      expect("declined as " + std::string(reason), std::to_string(refused[row].get()),
             reason == *plan_.declined ? "1" : "0");
    }
  }

  static std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
  }

  Plan plan_;
  ClientConfig client_;
  ServerConfig server_;
  Listened under_test_, other_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Peer> peer_;
  std::vector<Item> said_;  // by the engine
};

}  // namespace

void play(const Case& script) { Stage(script).play(); }

}  // namespace handsel::tls::conformance
