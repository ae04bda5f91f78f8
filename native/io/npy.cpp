// The header of an .npy file is a Python dictionary as text; a cursor reads the little of Python that NumPy writes there.
// Read native/io/npy.h first.
#include "native/io/npy.h"

#include <algorithm>

#include "native/io/files.h"

namespace unpick::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxRank = 32;  // NumPy's own

struct Header {
  DType stored = DType::f32;
  bool fortran = false;
  std::vector<int64_t> shape;
};

class Cursor {
 public:
  Cursor(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Header header() {
    Header out;
    bool have_type = false, have_order = false, have_shape = false;
    want('{');
    while (!take('}')) {
      const std::string key = quoted();
      want(':');
      bool& seen = key == "descr" ? have_type : key == "fortran_order" ? have_order : have_shape;
      if (seen) fail("its header names '" + key + "' twice");
      seen = true;
      if (key == "descr")
        out.stored = type();
      else if (key == "fortran_order")
        out.fortran = boolean();
      else if (key == "shape")
        out.shape = shape();
      else
        fail("its header has the unknown key '" + key + "'");
      if (!take(',')) {
        want('}');
        break;
      }
    }
    skip_space();
    if (!text_.empty()) fail("its header has text after the dictionary");
    if (!have_type || !have_order || !have_shape) fail("its header lacks descr, fortran_order or shape");
    return out;
  }

  [[noreturn]] void fail(const std::string& why, const std::string& hint = "save it again with numpy.save") const {
    throw Error(ErrorKind::data, name_, why, hint);
  }

 private:
  void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size())); }
  bool take(char c) {
    skip_space();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void want(char c) {
    if (!take(c)) fail(std::string("its header is not a dictionary as NumPy writes it ('") + c + "' is missing)");
  }

  std::string quoted() {
    skip_space();
    const char quote = text_.empty() ? '\0' : text_.front();
    const size_t end = quote == '\'' || quote == '"' ? text_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) fail("its header is not a dictionary as NumPy writes it (a name in quotes is missing)");
    std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    // Only printable ASCII may reach an error line.
    if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; })) fail("its header is not plain text");
    return value;
  }

  DType type() {
    skip_space();
    if (!text_.empty() && text_.front() == '[') fail("it has a structured type", "save each field as an array of its own");
    const std::string descr = quoted();
    for (const DTypeRow& known : kDTypes) {
      if (descr == known.npy && !descr.empty()) return known.dtype;
    }
    if (descr.find('O') != std::string::npos) fail("it holds pickled Python objects, which are never loaded", "save plain numbers");
    if (!descr.empty() && descr.front() == '>') fail("it is big-endian ('" + descr + "')", "save it with .astype('<f4')");
    fail("its type '" + descr + "' is not supported", "save it with .astype('float32') or .astype('int32')");
  }

  bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(0, word.size()) != word) continue;
      text_.remove_prefix(word.size());
      return word == "True";
    }
    fail("its fortran_order is neither True nor False");
  }

  std::vector<int64_t> shape() {
    std::vector<int64_t> out;
    want('(');
    while (!take(')')) {
      out.push_back(extent());
      if (out.size() > kMaxRank) fail("it has more than " + std::to_string(kMaxRank) + " axes");
      if (take(',')) continue;
      want(')');
      break;
    }
    return out;
  }

  int64_t extent() {
    skip_space();
    size_t digits = 0;
    int64_t value = 0;
    for (; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9'; ++digits) {
      if (digits == 18) fail("an extent of its shape is too large");
      value = 10 * value + (text_[digits] - '0');
    }
    if (digits == 0) fail("its shape is not a tuple of non-negative numbers");
    text_.remove_prefix(digits);
    return value;
  }

  std::string_view text_;
  const std::string& name_;
};

// Fortran order keeps the first axis together. Walks the array in C order and fetches each item.
std::vector<std::byte> to_c_order(std::span<const std::byte> raw, const std::vector<int64_t>& shape, size_t item) {
  std::vector<std::byte> out(raw.size());
  std::vector<size_t> stride(shape.size()), index(shape.size(), 0);
  size_t step = item;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    stride[axis] = step;
    step *= static_cast<size_t>(shape[axis]);
  }
  size_t from = 0;
  for (size_t to = 0; to < out.size(); to += item) {
    std::memcpy(out.data() + to, raw.data() + from, item);
    for (size_t axis = shape.size(); axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < static_cast<size_t>(shape[axis])) break;
      from -= stride[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return out;
}

}  // namespace

Array parse_npy(std::span<const std::byte> bytes, const std::string& name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto byte = [&](size_t i) { return static_cast<size_t>(bytes[i]); };
  const Cursor file({}, name);
  if (text.substr(0, kMagic.size()) != kMagic) file.fail("it is not an .npy file");
  if (text.size() < 8) file.fail("it ends within its header");
  const size_t version = byte(6), start = version == 1 ? 10 : 12;
  if (version < 1 || version > 3 || byte(7) != 0)
    file.fail("its format " + std::to_string(version) + "." + std::to_string(byte(7)) + " is not known");
  if (text.size() < start) file.fail("it ends within its header");
  const size_t length = byte(8) | byte(9) << 8 | (version == 1 ? 0 : byte(10) << 16 | byte(11) << 24);
  if (length > text.size() - start) file.fail("it ends within its header");

  Header header = Cursor(text.substr(start, length), name).header();
  const auto raw = bytes.subspan(start + length);
  const auto size = byte_size(header.shape, header.stored);
  if (!size) file.fail("its shape is too large");
  if (raw.size() != *size) {
    file.fail("its shape needs " + std::to_string(*size) + " bytes of data and it has " + std::to_string(raw.size()),
              raw.size() < *size ? "copy it again, it was cut short" : "save one array in one file");
  }
  if (!header.fortran || header.shape.size() < 2) return from_file(header.stored, std::move(header.shape), raw);
  const auto ordered = to_c_order(raw, header.shape, item_size(header.stored));
  return from_file(header.stored, std::move(header.shape), ordered);
}

Array read_npy(const std::string& path) { return parse_npy(read_file(path), path); }

std::vector<std::byte> encode_npy(const Array& array) {
  if (byte_size(array.shape, array.dtype) != array.bytes.size())
    throw ShapeError("encode_npy: the bytes do not fill " + array.shape_str());
  std::string shape;
  for (const int64_t extent : array.shape) shape += std::to_string(extent) + ", ";
  if (!shape.empty()) shape.erase(shape.size() - (array.shape.size() == 1 ? 1 : 2));  // "3, 4", but "3,"
  std::string header = std::string("{'descr': '") + row(array.dtype).npy + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');  // the data begin at a multiple of 64
  header += '\n';

  std::string head(kMagic);
  for (const size_t byte : {size_t{1}, size_t{0}, header.size() & 255, header.size() >> 8}) head += static_cast<char>(byte);
  head += header;
  const auto raw = std::as_bytes(std::span(head.data(), head.size()));
  std::vector<std::byte> out(raw.begin(), raw.end());
  out.insert(out.end(), array.bytes.begin(), array.bytes.end());
  return out;
}

void write_npy(const std::string& path, const Array& array) { write_atomically(path, encode_npy(array)); }

}  // namespace unpick::io
