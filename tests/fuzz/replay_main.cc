/// Runs a fuzz target without libFuzzer: every file of the corpus folders named as arguments, then seeded mutations of
/// them. The same inputs on every machine, so that a plain test run exercises the targets and a failure repeats.
///
///     fuzz-frame [--mutations N] [--seed S] FOLDER|FILE...

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

/// SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : next() % bound; }

 private:
  std::uint64_t state_;
};

struct Arguments {
  std::uint64_t mutations = 20'000;
  std::uint64_t seed = 1;
  std::vector<std::filesystem::path> paths;
};

bool read_number(const char* text, std::uint64_t& value) {
  const char* end = text + std::strlen(text);
  return std::from_chars(text, end, value).ptr == end && end != text;
}

bool read_arguments(int count, char** values, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--mutations" || name == "--seed") {
      std::uint64_t& value = name == "--seed" ? arguments.seed : arguments.mutations;
      if (++i == count || !read_number(values[i], value)) return false;
    } else {
      arguments.paths.emplace_back(name);
    }
  }
  return !arguments.paths.empty();
}

Input read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// In the order of their names, so that a seed means the same everywhere.
std::vector<Input> read_corpus(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Input> corpus;
  for (const auto& file : files) corpus.push_back(read_file(file));
  return corpus;
}

void mutate_once(Input& input, const std::vector<Input>& corpus, Random& random) {
  static constexpr std::uint8_t kEdges[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
  const std::size_t at = random.below(input.size());
  switch (random.below(8)) {
    case 0:
      if (!input.empty()) input[at] ^= static_cast<std::uint8_t>(1u << random.below(8));
      break;
    case 1:
      if (!input.empty()) input[at] = static_cast<std::uint8_t>(random.next());
      break;
    case 2:
      if (!input.empty()) input[at] = kEdges[random.below(std::size(kEdges))];
      break;
    case 3:
      input.resize(random.below(input.size() + 1));
      break;
    case 4:
      input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), 1 + random.below(8),
                   static_cast<std::uint8_t>(random.next()));
      break;
    case 5:
      if (!input.empty()) {
        const std::size_t count = 1 + random.below(std::min<std::size_t>(input.size() - at, 8));
        input.erase(input.begin() + static_cast<std::ptrdiff_t>(at),
                    input.begin() + static_cast<std::ptrdiff_t>(at + count));
      }
      break;
    case 6: {  // the front of one, the back of another
      const Input& other = corpus[random.below(corpus.size())];
      const std::size_t from = random.below(other.size() + 1);
      input.resize(at);
      input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      break;
    }
    default:
      if (!input.empty()) input[at] = static_cast<std::uint8_t>(input[at] + (random.next() & 1 ? 1 : 0xff));
      break;
  }
}

/// The input lies in memory of exactly its size, where a sanitizer sees the first byte past it.
void run(const Input& input) {
  const Input exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int count, char** values) {
  Arguments arguments;
  if (!read_arguments(count, values, arguments)) {
    std::fprintf(stderr, "usage: %s [--mutations N] [--seed S] FOLDER|FILE...\n", values[0]);
    return 2;
  }
  const std::vector<Input> corpus = read_corpus(arguments.paths);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no corpus file in what was named\n", values[0]);
    return 2;
  }
  for (const Input& input : corpus) run(input);
  Random random(arguments.seed);
  for (std::uint64_t i = 0; i < arguments.mutations; ++i) {
    Input input = corpus[random.below(corpus.size())];
    for (std::size_t steps = 1 + random.below(8); steps != 0; --steps) mutate_once(input, corpus, random);
    run(input);
  }
  std::printf("%zu corpus files and %llu mutations, seed %llu: no fault\n", corpus.size(),
              static_cast<unsigned long long>(arguments.mutations), static_cast<unsigned long long>(arguments.seed));
  return 0;
}
