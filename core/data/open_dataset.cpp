// Data sets by name: where a spec string becomes a Dataset.
//
//   dsprites                                           the whole set
//   dsprites:shape=ellipse,orientation=0,posY=8..23    a slice; ranges have both ends
//   dsprites:shape=square|heart,scale=0..2|5           "|" between alternatives, shapes by name or number
//   gaussian:outputs=10,s=2|1.4|1,sigma2=0.1,seed=1    x = W*z* + noise with these singular values; what is left out has
//   waves:sigma2=0.01,seed=1,size=10000                these defaults (synthetic.h)
//   color-dsprites, noisy-dsprites, scream-dsprites    dSprites in colour, with the same slices
//   faces, pinwheel, pinwheel:points=100,seed=1
//
// Why strict: a typing error that trained on something else would go unnoticed for an afternoon. So whatever is unknown, given
// twice or out of range is an error, which says what would have been right.
// Read next: core/data/dsprites.h, core/data/synthetic.h
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>

#include "core/base/nearest.h"
#include "core/data/dataset.h"
#include "core/data/dsprites.h"
#include "core/data/faces.h"
#include "core/data/pinwheel.h"
#include "core/data/synthetic.h"
#include "core/data/variants.h"

namespace unpick {
namespace {

using std::string;
using std::string_view;

string quoted(string_view text) { return "'" + string(text) + "'"; }

std::vector<string_view> split(string_view text, char separator) {
  std::vector<string_view> parts;
  for (size_t end = text.find(separator); end != string_view::npos; end = text.find(separator)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

// "did you mean 'posX'? known: shape, scale, ...": the nearest name, if one is near, and all of them.
template <class Names>
string suggest(string_view word, const Names& names) {
  string all, words;
  for (const char* name : names) {
    all += (all.empty() ? "" : ", ") + string(name);
    words += string(name) + "|";
  }
  const string near = nearest(string(word), words);
  return (near.empty() ? "" : "did you mean " + quoted(near) + "? ") + "known: " + all;
}

// What stands after "dsprites:". Keeps the whole spec for its messages.
class SliceReader {
 public:
  explicit SliceReader(const string& spec) : spec_(spec) {}

  Dsprites::Allowed read(string_view assignments) {
    for (const string_view assignment : split(assignments, ',')) {
      const size_t equals = assignment.find('=');
      if (equals == string_view::npos)
        reject(quoted(assignment) + " is not factor=values", "write for example dsprites:shape=ellipse,posY=8..23");
      const size_t factor = read_factor(assignment.substr(0, equals));
      for (const string_view range : split(assignment.substr(equals + 1), '|')) add_range(factor, range);
    }
    Dsprites::Allowed allowed = Dsprites::everything();
    for (size_t f = 0; f < allowed.size(); ++f) {
      std::sort(given_[f].begin(), given_[f].end());
      if (!given_[f].empty()) allowed[f] = given_[f];
    }
    return allowed;
  }

 private:
  [[noreturn]] void reject(const string& why, const string& hint) const {
    throw Error(ErrorKind::usage, "data " + quoted(spec_), why, hint);
  }

  size_t read_factor(string_view name) const {
    const auto& names = Dsprites::kNames;
    const auto factor = static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    if (factor == names.size()) reject("there is no factor " + quoted(name), suggest(name, names));
    if (!given_[factor].empty()) reject(string(name) + " is given twice", "join its values with |, for example scale=0..2|5");
    return factor;
  }

  int read_value(size_t factor, string_view text) const {
    const auto& shapes = Dsprites::kShapes;
    const auto shape = std::find(shapes.begin(), shapes.end(), text);
    if (factor == 0 && shape != shapes.end()) return static_cast<int>(shape - shapes.begin());
    int value = -1;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem == std::errc() && end == text.data() + text.size() && value >= 0 && value < Dsprites::kLevels[factor]) return value;
    const string range = "0.." + std::to_string(Dsprites::kLevels[factor] - 1);
    reject(string(Dsprites::kNames[factor]) + " cannot be " + quoted(text),
           factor == 0 ? suggest(text, shapes) + ", or " + range : "its values are " + range);
  }

  void add_range(size_t factor, string_view text) {
    const size_t dots = text.find("..");
    const int first = read_value(factor, text.substr(0, dots));
    const int last = dots == string_view::npos ? first : read_value(factor, text.substr(dots + 2));
    if (first > last) reject(quoted(text) + " runs backwards", "write " + std::to_string(last) + ".." + std::to_string(first));
    std::vector<int>& values = given_[factor];
    for (int value = first; value <= last; ++value) {
      if (std::find(values.begin(), values.end(), value) != values.end())
        reject(string(Dsprites::kNames[factor]) + " " + std::to_string(value) + " is given twice", "name each value once");
      values.push_back(value);
    }
  }

  const string& spec_;
  Dsprites::Allowed given_;
};

// What stands after "gaussian:" or "waves:": numbers by name, each known and given once.
class NumberReader {
 public:
  NumberReader(const string& spec, string_view assignments, std::vector<const char*> names)
      : spec_(spec), names_(std::move(names)) {
    given_.resize(names_.size());
    if (assignments.empty()) return;
    for (const string_view assignment : split(assignments, ',')) {
      const size_t equals = std::min(assignment.find('='), assignment.size());
      const string_view name = assignment.substr(0, equals);
      const auto at = static_cast<size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
      if (at == names_.size()) reject("there is no setting " + quoted(name), suggest(name, names_));
      if (!given_[at].empty()) reject(string(name) + " is given twice", "give it once");
      for (const string_view number : split(assignment.substr(std::min(equals + 1, assignment.size())), '|'))
        given_[at].push_back(read(name, string(number)));
    }
  }
  std::vector<double> numbers(size_t at, std::vector<double> initial) const { return given_[at].empty() ? initial : given_[at]; }
  double number(size_t at, double initial) const {
    if (given_[at].size() > 1) reject(string(names_[at]) + " has " + std::to_string(given_[at].size()) + " values", "give one");
    return given_[at].empty() ? initial : given_[at][0];
  }
  template <class Whole>
  Whole whole(size_t at, Whole initial) const {
    const double x = number(at, static_cast<double>(initial));
    const double most = std::min(9007199254740991.0, static_cast<double>(std::numeric_limits<Whole>::max()));
    if (x != std::floor(x) || x < 0 || x > most) reject(string(names_[at]) + " must be a whole number", "give one from 0 on");
    return static_cast<Whole>(x);
  }

 private:
  [[noreturn]] void reject(const string& why, const string& hint) const {
    throw Error(ErrorKind::usage, "data " + quoted(spec_), why, hint);
  }
  double read(string_view name, const string& text) const {
    char* end = nullptr;
    const double x = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != 0 || !std::isfinite(x)) reject(string(name) + " cannot be " + quoted(text), "give a number");
    return x;
  }

  const string& spec_;
  std::vector<const char*> names_;
  std::vector<std::vector<double>> given_;
};

using Opened = std::unique_ptr<Dataset>;

// All of dSprites, or the slice that stands after the colon.
Dsprites read_dsprites(const string& spec, string_view assignments) {
  if (assignments.empty() && spec.find(':') == string::npos) return Dsprites();
  return Dsprites(SliceReader(spec).read(assignments));
}

Opened open_dsprites(const string& spec, string_view assignments) {
  return std::make_unique<Dsprites>(read_dsprites(spec, assignments));
}

template <DspritesVariant::Kind kind>
Opened open_variant(const string& spec, string_view assignments) {
  return std::make_unique<DspritesVariant>(kind, read_dsprites(spec, assignments));
}

Opened open_faces(const string& spec, string_view) {
  if (spec != "faces") throw Error(ErrorKind::usage, "data " + quoted(spec), "faces has no slices", "write faces");
  return std::make_unique<Faces>();
}

Opened open_pinwheel(const string& spec, string_view assignments) {
  const NumberReader r(spec, assignments, {"points", "seed"});
  return std::make_unique<Pinwheel>(r.whole<uint32_t>(0, 100), r.whole<uint64_t>(1, 0));
}

Opened open_gaussian(const string& spec, string_view assignments) {
  const NumberReader r(spec, assignments, {"outputs", "s", "sigma2", "seed", "size"});
  return std::make_unique<GaussianData>(r.whole(0, 10), r.numbers(1, {2, std::sqrt(2), 1}), r.number(2, 0.1),
                                        r.whole<uint64_t>(3, 1), r.whole<uint32_t>(4, 10000));
}

Opened open_waves(const string& spec, string_view assignments) {
  const NumberReader r(spec, assignments, {"sigma2", "seed", "size"});
  return std::make_unique<WaveData>(r.whole<uint64_t>(1, 1), r.number(0, 0.01), r.whole<uint32_t>(2, 10000));
}

using Variant = DspritesVariant::Kind;
constexpr std::array<const char*, 8> kNames{"dsprites",       "gaussian",        "waves", "color-dsprites",
                                            "noisy-dsprites", "scream-dsprites", "faces", "pinwheel"};
constexpr std::array<Opened (*)(const string& spec, string_view assignments), 8> kOpen{open_dsprites,
                                                                                       open_gaussian,
                                                                                       open_waves,
                                                                                       open_variant<Variant::color>,
                                                                                       open_variant<Variant::noisy>,
                                                                                       open_variant<Variant::scream>,
                                                                                       open_faces,
                                                                                       open_pinwheel};

}  // namespace

std::unique_ptr<Dataset> open_dataset(const std::string& spec) {
  const size_t colon = std::min(spec.find(':'), spec.size());
  const string name = spec.substr(0, colon);
  const auto at = static_cast<size_t>(std::find(kNames.begin(), kNames.end(), name) - kNames.begin());
  if (at == kNames.size())
    throw Error(ErrorKind::usage, "data " + quoted(spec), "there is no such data set", suggest(name, kNames));
  return kOpen[at](spec, string_view(spec).substr(std::min(colon + 1, spec.size())));
}

}  // namespace unpick
