// The header is read as a stream of JSON events, straight into the few fields that may occur: a hostile header can neither
// nest deeply nor grow a document in memory, and names that come twice are seen. Read native/io/safetensors.h first.
#include "native/io/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "native/io/files.h"

namespace unpick::io {
namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // bytes, as in the reference implementation
constexpr size_t kTensorRank = 32;
constexpr const char* kMetadata = "__metadata__";

struct Entry {
  std::string name, dtype;
  std::vector<uint64_t> shape, offsets;
};

// Receives the events of {"__metadata__": {name: text}, tensor: {"dtype": text, "shape": [n...], "data_offsets": [n, n]}}.
// Depth 1 is the header, 2 a tensor or the metadata, 3 a list. Every method returns false to stop, with the reason in `why`.
class HeaderEvents {
 public:
  std::map<std::string, std::string> metadata;
  std::vector<Entry> entries;
  std::string why;

  bool start_object(size_t) {
    if (depth_ >= 2) return stop("an object is nested too deeply");
    if (++depth_ == 2) {
      fields_.clear();
      if (!in_metadata_) entries.push_back({name_, {}, {}, {}});
    }
    return true;
  }
  bool end_object() {
    if (depth_-- == 2 && !in_metadata_ && fields_.size() != 3) return stop("a tensor lacks dtype, shape or data_offsets");
    return true;
  }
  bool key(std::string& text) {
    auto& seen = depth_ == 1 ? names_ : fields_;
    if (!seen.insert(text).second) return stop("a name comes twice");
    (depth_ == 1 ? name_ : field_) = text;
    if (depth_ == 1)
      in_metadata_ = text == kMetadata;
    else if (!in_metadata_ && text != "dtype" && text != "shape" && text != "data_offsets")
      return stop("a tensor has an unknown field");
    return true;
  }
  bool start_array(size_t) {
    if (depth_ != 2 || in_metadata_ || field_ == "dtype") return stop("a list stands where none may be");
    depth_ = 3;
    return true;
  }
  bool end_array() {
    depth_ = 2;
    return true;
  }
  bool number_unsigned(uint64_t n) {
    if (depth_ != 3) return stop("a number stands where none may be");
    auto& list = field_ == "shape" ? entries.back().shape : entries.back().offsets;
    if (list.size() == kTensorRank) return stop("a tensor has more than " + std::to_string(kTensorRank) + " axes");
    list.push_back(n);
    return true;
  }
  bool string(std::string& text) {
    if (depth_ != 2 || (!in_metadata_ && field_ != "dtype")) return stop("a text stands where none may be");
    (in_metadata_ ? metadata[field_] : entries.back().dtype) = text;
    return true;
  }
  bool number_integer(int64_t) { return stop("a number is negative"); }
  bool number_float(double, const std::string&) { return stop("a number is not a whole number"); }
  bool boolean(bool) { return stop("true or false stands where none may be"); }
  bool null() { return stop("null stands where none may be"); }
  bool binary(std::vector<uint8_t>&) { return stop("binary data stand where none may be"); }
  bool parse_error(size_t at, const std::string&, const nlohmann::json::exception&) {
    return stop("it is not JSON at byte " + std::to_string(at));
  }

 private:
  bool stop(const std::string& reason) {
    why = reason;
    return false;
  }

  int depth_ = 0;
  bool in_metadata_ = false;
  std::string name_, field_;
  std::set<std::string> names_, fields_;
};

[[noreturn]] void fail(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::data, name, why, "save it again with safetensors, or copy it again if it was cut short");
}

// A tensor's name as it may stand in an error: one line, and short.
std::string printable(const std::string& name) {
  std::string out = "'" + name.substr(0, 80) + "'";
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c == 127; }, '?');
  return out;
}

Array read_entry(const Entry& entry, std::span<const std::byte> buffer, const std::string& file) {
  const std::string what = file + ", tensor " + printable(entry.name);
  const auto known =
      std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](const DTypeRow& r) { return entry.dtype == r.safetensors; });
  if (known == std::end(kDTypes)) {
    throw Error(ErrorKind::data, what, "its type " + printable(entry.dtype) + " is not supported", "save it as F32");
  }
  std::vector<int64_t> shape;
  for (const uint64_t extent : entry.shape) {
    if (extent > uint64_t{std::numeric_limits<int64_t>::max()}) fail(what, "its shape is too large");
    shape.push_back(static_cast<int64_t>(extent));
  }
  const uint64_t begin = entry.offsets[0], end = entry.offsets[1];
  const auto size = byte_size(shape, known->dtype);
  if (!size) fail(what, "its shape is too large");
  if (*size != end - begin)
    fail(what, "its shape needs " + std::to_string(*size) + " bytes and it has " + std::to_string(end - begin));
  return from_file(known->dtype, std::move(shape), buffer.subspan(begin, end - begin));
}

}  // namespace

Tensors parse_safetensors(std::span<const std::byte> bytes, const std::string& name) {
  uint64_t length = 0;
  if (bytes.size() < sizeof length) fail(name, "it is too short to be a .safetensors file");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaxHeader || length > bytes.size() - sizeof length) {
    fail(name, "it is not a .safetensors file, or ends within its header (" + std::to_string(length) + " bytes long, it says)");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + sizeof length, length);
  if (text.empty() || text.front() != '{') fail(name, "its header does not begin with {");

  HeaderEvents header;
  if (!nlohmann::json::sax_parse(text, &header)) fail(name, "its header is wrong: " + header.why);

  // Tensors tile the buffer: each begins where the one before it ends. This rules out overlaps, gaps and offsets outside.
  for (const Entry& e : header.entries) {
    if (e.offsets.size() != 2) fail(name + ", tensor " + printable(e.name), "data_offsets are not two numbers");
  }
  std::stable_sort(header.entries.begin(), header.entries.end(),
                   [](const Entry& a, const Entry& b) { return a.offsets < b.offsets; });
  const auto buffer = bytes.subspan(sizeof length + length);
  uint64_t at = 0;
  for (const Entry& e : header.entries) {
    if (e.offsets[0] != at || e.offsets[1] < at || e.offsets[1] > buffer.size()) {
      fail(name + ", tensor " + printable(e.name), "its data lie outside the file, overlap another tensor's or leave a gap");
    }
    at = e.offsets[1];
  }
  if (at != buffer.size()) fail(name, std::to_string(buffer.size() - at) + " bytes at its end belong to no tensor");

  Tensors out{std::move(header.metadata), {}};
  for (const Entry& e : header.entries) out.tensors.push_back({e.name, read_entry(e, buffer, name)});
  return out;
}

Tensors read_safetensors(const std::string& path) { return parse_safetensors(read_file(path), path); }

std::vector<std::byte> encode_safetensors(const Tensors& tensors) {
  std::vector<const NamedArray*> order;
  for (const NamedArray& t : tensors.tensors) order.push_back(&t);
  std::stable_sort(order.begin(), order.end(),
                   [](const NamedArray* a, const NamedArray* b) { return item_size(a->array.dtype) > item_size(b->array.dtype); });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!tensors.metadata.empty()) header[kMetadata] = tensors.metadata;
  size_t at = 0;
  for (const NamedArray* t : order) {
    const Array& a = t->array;
    if (header.contains(t->name) || t->name == kMetadata)
      throw ShapeError("encode_safetensors: the name '" + t->name + "' is taken");
    if (byte_size(a.shape, a.dtype) != a.bytes.size())
      throw ShapeError("encode_safetensors: '" + t->name + "' does not fill its shape");
    header[t->name] = {{"dtype", row(a.dtype).safetensors}, {"shape", a.shape}, {"data_offsets", {at, at + a.bytes.size()}}};
    at += a.bytes.size();
  }

  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorKind::data, "safetensors", "a name or the metadata are not UTF-8", "write them in UTF-8");
  }
  text.append((8 - text.size() % 8) % 8, ' ');  // so that the buffer is aligned
  std::vector<std::byte> out(sizeof(uint64_t) + text.size());
  out.reserve(out.size() + at);
  const uint64_t length = text.size();
  std::memcpy(out.data(), &length, sizeof length);
  std::memcpy(out.data() + sizeof length, text.data(), text.size());
  for (const NamedArray* t : order) out.insert(out.end(), t->array.bytes.begin(), t->array.bytes.end());
  return out;
}

void write_safetensors(const std::string& path, const Tensors& tensors) { write_atomically(path, encode_safetensors(tensors)); }

}  // namespace unpick::io
