#include "fields.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <stdexcept>

#include "grammar.h"
#include "tls/messages/server_hello.h"

namespace handsel::tls::conformance {
namespace {

using std::runtime_error;

/// A length on the wire, which counts the bytes behind it.
struct Length {
  std::size_t at = 0;
  std::size_t width = 0;
};

/// A field, and everything that its size shows in.
struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t outer_begin = 0;  // with its own length, or an extension's type
  std::vector<Length> around;   // outermost first
  bool has_length = false;      // the last of `around` is its own
};

std::size_t read(Bytes bytes, Length length) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < length.width; ++i) value = value << 8 | bytes[length.at + i];
  return value;
}

void write(Buffer& bytes, Length length, std::size_t value) {
  for (std::size_t i = 0; i < length.width; ++i)
    bytes[length.at + i] = static_cast<std::uint8_t>(value >> 8 * (length.width - 1 - i));
}

class Finder {
 public:
  Finder(Bytes message, Form form, const std::string& path) : message_(message), form_(form), whole_path_(path) {
    for (std::size_t at = 0; at < path.size();) {
      const std::size_t dot = std::min(path.find('.', at), path.size());
      path_.push_back(path.substr(at, dot - at));
      at = dot + 1;
    }
  }

  Place find() {
    Place place{kHandshakeHeaderBytes, message_.size(), 0, {{1, 3}}, true};
    if (path_.empty()) return place;
    const std::string_view grammar = message_grammar(message_, form_);
    if (grammar.empty()) fail("the message has no fields");
    return inside(place, grammar, path_);
  }

 private:
  using Path = std::span<const std::string>;

  [[noreturn]] void fail(const std::string& why) const { throw runtime_error(whole_path_ + ": " + why); }

  Place inside(const Place& parent, std::string_view grammar, Path path) const {
    std::size_t at = parent.begin;
    for (const Field& field : fields_of(grammar)) {
      Place place = parent;
      place.outer_begin = at;
      place.has_length = field.kind == Field::Kind::vector;
      if (place.has_length) {
        place.around.push_back({at, field.bytes});
        if (at + field.bytes > parent.end) fail("the message ends before it");
        place.begin = at + field.bytes;
        place.end = place.begin + read(message_, place.around.back());
      } else {
        place.begin = at;
        place.end = field.kind == Field::Kind::rest ? parent.end : at + field.bytes;
      }
      if (place.end > parent.end) fail("the message ends inside it");
      if (field.name == path[0]) return path.size() == 1 ? place : deeper(place, field, path.subspan(1));
      at = place.end;
    }
    fail("no such field");
  }

  Place deeper(const Place& place, const Field& field, Path path) const {
    if (field.inner == "{}") return extension(place, path);
    std::size_t index = 0;
    if (std::isdigit(static_cast<unsigned char>(path[0][0])) != 0) {
      index = std::stoul(path[0]);
      path = path.subspan(1);
    }
    return element(place, field.inner, index, path);
  }

  Place extension(const Place& block, Path path) const {
    const std::uint16_t wanted = extension_type(path[0]);
    for (std::size_t at = block.begin; at + 4 <= block.end;) {
      Place place = block;
      place.outer_begin = at;
      place.around.push_back({at + 2, 2});
      place.has_length = true;
      place.begin = at + 4;
      place.end = place.begin + read(message_, place.around.back());
      if (load_be16(&message_[at]) == wanted)
        return path.size() == 1 ? place
                                : inside(place, extension_grammar(wanted, message_name(message_)), path.subspan(1));
      at = place.end;
    }
    fail("no such extension");
  }

  /// One element of a list: `path` empty means the whole of it.
  Place element(const Place& list, std::string_view grammar, std::size_t index, Path path) const {
    Place place = list;
    for (std::size_t at = list.begin;; at = place.end) {
      place = list;
      place.begin = place.outer_begin = place.end = at;
      place.end = list.end;
      if (at >= list.end) fail("no such element");
      const std::vector<Field> fields = fields_of(grammar);
      const std::string last(fields.back().name);
      place.end = inside(place, grammar, Path(&last, 1)).end;
      place.has_length = false;
      if (index-- == 0) break;
    }
    return path.empty() ? place : inside(place, grammar, path);
  }

  Bytes message_;
  Form form_;
  std::string whole_path_;
  std::vector<std::string> path_;
};

/// Puts `with` in the place of [begin, end) and makes the lengths in front of it agree.
void splice(Buffer& message, std::span<const Length> lengths, std::size_t begin, std::size_t end, Bytes with) {
  for (const Length length : lengths) write(message, length, read(message, length) + with.size() - (end - begin));
  const auto first = message.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto at = message.erase(first, message.begin() + static_cast<std::ptrdiff_t>(end));
  message.insert(at, with.begin(), with.end());
}

Buffer extension_of(const std::string& name, const Buffer& body) {
  const std::uint16_t type = extension_type(name);
  Buffer whole = {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type),
                  static_cast<std::uint8_t>(body.size() >> 8), static_cast<std::uint8_t>(body.size())};
  append(whole, body);
  return whole;
}

/// Operations that replace the field's own bytes.
Buffer altered(Buffer field, const std::string& what, const std::vector<std::string>& arguments) {
  const auto number = [&] { return arguments.empty() ? std::size_t{0} : std::stoul(arguments[0], nullptr, 0); };
  if (what == "=") return parse_bytes(arguments.at(0));
  if (what == "append") {
    append(field, parse_bytes(arguments.at(0)));
  } else if (what == "prepend") {
    Buffer longer = parse_bytes(arguments.at(0));
    append(longer, field);
    return longer;
  } else if (what == "flip") {
    const std::size_t at = arguments.empty() ? field.size() - 1 : number();
    if (at >= field.size()) throw runtime_error("flip: the field is shorter");
    field[at] ^= 1;
  } else if (what == "cut" || what == "keep") {
    const std::size_t count = what == "keep" ? number() : field.size() - number();
    if (count > field.size()) throw runtime_error(what + ": the field is shorter");
    field.resize(count);
  } else if (what == "add") {
    Buffer longer = extension_of(arguments.at(0), parse_bytes(arguments.size() > 1 ? arguments[1] : ""));
    append(longer, field);
    return longer;
  } else if (what == "add-last") {
    append(field, extension_of(arguments.at(0), parse_bytes(arguments.size() > 1 ? arguments[1] : "")));
  } else {
    throw runtime_error("no such operation: " + what);
  }
  return field;
}

}  // namespace

void alter(Buffer& message, Form form, const std::string& path, const std::vector<std::string>& operation) {
  const Place place = Finder(message, form, path).find();
  const std::vector<std::string> arguments(operation.begin() + 1, operation.end());
  const std::string& what = operation[0];
  const auto at = [&](std::size_t offset) { return message.begin() + static_cast<std::ptrdiff_t>(offset); };
  if (what == "length") {
    if (!place.has_length) throw runtime_error(path + " has no length of its own");
    const auto by = static_cast<std::size_t>(std::stol(arguments.at(0), nullptr, 0));
    return write(message, place.around.back(), read(message, place.around.back()) + by);
  }
  std::vector<Length> outside = place.around;
  if (place.has_length) outside.pop_back();
  const Buffer outer(at(place.outer_begin), at(place.end));
  if (what == "remove") return splice(message, outside, place.outer_begin, place.end, {});
  if (what == "double") return splice(message, outside, place.end, place.end, outer);
  if (what == "to-end") {
    const std::size_t parent_end = outside.back().at + outside.back().width + read(message, outside.back());
    splice(message, {}, parent_end, parent_end, outer);
    return splice(message, {}, place.outer_begin, place.end, {});
  }
  const Buffer changed = altered(Buffer(at(place.begin), at(place.end)), what, arguments);
  splice(message, place.around, place.begin, place.end, changed);
}

std::vector<std::string> extension_names(Bytes message, Form form) {
  std::vector<std::string> names;
  const std::vector<Field> fields = fields_of(message_grammar(message, form));
  if (std::ranges::find(fields, "ext", &Field::name) == fields.end()) return names;
  const Place block = Finder(message, form, "ext").find();
  for (std::size_t at = block.begin; at + 4 <= block.end; at += 4u + load_be16(&message[at + 2]))
    names.push_back(extension_name(load_be16(&message[at])));
  return names;
}

Buffer parse_bytes(const std::string& text) {
  Buffer out;
  if (text == "-") return out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('+', at), text.size());
    std::string part = text.substr(at, end - at);
    at = end + 1;
    std::size_t times = 1;
    if (const std::size_t star = part.find('*', part.find_last_of('"') + 1); star != std::string::npos) {
      times = std::stoul(part.substr(star + 1));
      part.resize(star);
    }
    Buffer once;
    if (part.size() >= 2 && part.front() == '"' && part.back() == '"') {
      append(once, as_bytes(std::string_view(part).substr(1, part.size() - 2)));
    } else {
      if (part.size() % 2 != 0) throw runtime_error("an odd number of hexadecimal digits: " + part);
      for (std::size_t i = 0; i < part.size(); i += 2)
        once.push_back(static_cast<std::uint8_t>(std::stoul(part.substr(i, 2), nullptr, 16)));
    }
    for (std::size_t i = 0; i < times; ++i) append(out, once);
  }
  return out;
}

}  // namespace handsel::tls::conformance
