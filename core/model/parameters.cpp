// The parameter table and the exchange with PyTorch's layouts. See parameters.h.
#include "core/model/parameters.h"

#include <algorithm>

namespace unpick {

int FeatureOrder::ours(int torch) const {
  switch (kind) {
    case image: {
      const int w = torch % width, h = torch / width % height, c = torch / (width * height);
      return (h * width + w) * channels + c;
    }
    case interleaved: return torch % 2 * channels + torch / 2;
    default: return torch;
  }
}

std::vector<int64_t> Parameter::torch_shape() const {
  switch (layout) {
    case Layout::dense: return {shape[1], shape[0]};
    case Layout::conv: return {shape[3], shape[2], shape[0], shape[1]};
    default: return {shape.size()};
  }
}

const Parameter* Parameters::find(const std::string& name) const {
  for (const Parameter& p : rows_)
    if (p.name == name) return &p;
  return nullptr;
}

const Parameter& Parameters::require(Parameter row) {
  if (const Parameter* known = find(row.name)) {
    if (known->shape != row.shape)
      throw ShapeError("parameter '" + row.name + "': recorded as " + known->shape.str() + " and as " + row.shape.str() +
                       "; give them two names");
    return *known;
  }
  row.offset = region_;
  region_ += aligned(row.shape.size());
  rows_.push_back(std::move(row));
  return rows_.back();
}

int64_t Parameters::count() const {
  int64_t n = 0;
  for (const Parameter& p : rows_) n += p.shape.size();
  return n;
}

void Parameters::initialise(std::span<real> region, uint64_t seed) const {
  const Rng rng(seed, Stream::init);
  uint32_t stream = 0;
  for (const Parameter& p : rows_) {
    const auto values = region.subspan(static_cast<size_t>(p.offset), static_cast<size_t>(p.shape.size()));
    if (p.drawn)
      rng.fill_uniform(values, stream++, -p.bound, p.bound);
    else
      std::fill(values.begin(), values.end(), real{0});
  }
}

namespace {

// Calls visit(index in PyTorch's order, index in ours) for every element.
template <class Visit>
void for_elements(const Parameter& p, Visit visit) {
  const Shape s = p.shape;
  int64_t torch = 0;
  switch (p.layout) {
    case Layout::vector:
      for (int i = 0; i < s.size(); ++i) visit(torch++, p.out.ours(i));
      return;
    case Layout::dense:
      for (int o = 0; o < s[1]; ++o)
        for (int i = 0; i < s[0]; ++i) visit(torch++, int64_t{p.in.ours(i)} * s[1] + p.out.ours(o));
      return;
    case Layout::conv:
      for (int k = 0; k < s[3]; ++k)
        for (int c = 0; c < s[2]; ++c)
          for (int r = 0; r < s[0]; ++r)
            for (int t = 0; t < s[1]; ++t) visit(torch++, ((int64_t{r} * s[1] + t) * s[2] + c) * s[3] + k);
  }
}

}  // namespace

std::vector<float> to_torch(const Parameter& p, std::span<const real> region) {
  std::vector<float> values(static_cast<size_t>(p.shape.size()));
  for_elements(p, [&](int64_t torch, int64_t ours) {
    values[static_cast<size_t>(torch)] = static_cast<float>(region[static_cast<size_t>(p.offset + ours)]);
  });
  return values;
}

void from_torch(const Parameter& p, std::span<const float> values, std::span<real> region) {
  if (static_cast<int64_t>(values.size()) != p.shape.size())
    throw Error(ErrorKind::data, p.name, std::to_string(values.size()) + " values for " + p.shape.str(),
                "the file belongs to another architecture");
  for_elements(p, [&](int64_t torch, int64_t ours) {
    region[static_cast<size_t>(p.offset + ours)] = static_cast<real>(values[static_cast<size_t>(torch)]);
  });
}

}  // namespace unpick
