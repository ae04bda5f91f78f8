// Convolutions of any kernel, stride and size as matrix products whose first factor is never formed.
//
//   down    A line of the kernel meets S C neighbouring numbers of an image that has its halo of zeros, so a row of the product is
//   R
//           segments of the image. The halo costs a copy of one image, which stays in L1 or L2; without padding there is none.
//   up      Every pixel of y times the transposed weights [K, R S C] gives the patch of x that it reaches; patches are added
//           line by line. Neighbours overlap, so every ceil(S / stride)-th is added in turn: no sum waits for the one before it.
//   weight  Every pixel adds the outer product of its patch and its K outputs.
// With one channel, as in the layers next to the image, R S C is 16 and these forms have no competitor.
#include "core/backend/conv.h"
#include "core/backend/tile.h"

namespace unpick {
inline namespace UNPICK_ISA {
namespace {

using namespace tile;

UNPICK_INLINE void copy(const real* from, int64_t n, real* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = from[i];
}
UNPICK_INLINE void zero(real* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = 0;
}
UNPICK_INLINE void add(const real* from, int64_t n, real* to) {
  for (int64_t i = 0; i < n; ++i) to[i] += from[i];
}

// The line of a patch of one channel.
typedef real Quad __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));  // NOLINT(modernize-use-using)

int64_t padded(int n) { return round_up(n, kLanes); }

// rows x columns, padded with zeros to whole vectors.
void pad_columns(const real* from, int64_t rows, int columns, real* to) {
  const int64_t wide = padded(columns);
  for (int64_t row = 0; row < rows; ++row) {
    copy(from + row * columns, columns, to + row * wide);
    zero(to + row * wide + columns, wide - columns);
  }
}

int64_t halo_line(const ConvShape& s) { return int64_t{s.x[2] + 2 * s.pad} * s.channels(); }
int64_t halo_image(const ConvShape& s) { return s.pad == 0 ? 0 : (s.x[1] + 2 * s.pad) * halo_line(s); }

// x with `pad` zeros on every side.
void add_halo(const ConvShape& s, const real* x, real* to) {
  const int64_t line = halo_line(s), inner = int64_t{s.x[2]} * s.channels(), side = int64_t{s.pad} * s.channels();
  zero(to, s.pad * line);
  to += s.pad * line;
  for (int h = 0; h < s.x[1]; ++h, to += line) {
    zero(to, side);
    copy(x + h * inner, inner, to + side);
    zero(to + side + inner, side);
  }
  zero(to, s.pad * line);
}

// The columns n.. n + V vectors of y for every pixel. `image` has its halo.
template <int V>
__attribute__((noinline)) void down_columns(const ConvShape& s, const real* image, const real* weights, int64_t ldb, int n,
                                            real* y) {
  const int64_t line = halo_line(s), segment = int64_t{s.w[1]} * s.channels(), step = int64_t{s.stride} * s.channels();
  const int filters = s.filters(), pixels = s.pixels(), width = least(V * kLanes, filters - n);
  int p = 0, q = 0;
  const real* at = image;
  for (int pixel = 0; pixel < pixels; pixel += kRows) {
    Rows row;
    for (int r = 0; r < kRows; ++r) {
      row[r] = at;
      if (pixel + r + 1 >= pixels) continue;  // spare rows repeat the last pixel
      if (++q == s.y[2]) {
        q = 0;
        ++p;
      }
      at = image + p * s.stride * line + q * step;
    }
    Sums<V> sum{};
    const real* b = weights + n;
    for (int tap = 0; tap < s.w[0]; ++tap, b += segment * ldb) {
      if (segment == 4)
        multiply<V>(sum, row, b, ldb, std::integral_constant<int64_t, 4>());
      else
        multiply<V>(sum, row, b, ldb, segment);
      for (int r = 0; r < kRows; ++r) row[r] += line;
    }
    real* to = y + int64_t{pixel} * filters + n;
    const int rows = least(kRows, pixels - pixel);
    if (rows == kRows && width == V * kLanes) {
      store_rows<V>(sum, to, filters);
    } else {
      real edge[kRows * V * kLanes];
      store_rows<V>(sum, edge, V * kLanes);
      for (int r = 0; r < rows; ++r) copy(edge + r * V * kLanes, width, to + int64_t{r} * filters);
    }
  }
}

// The columns n.. of the patches of a line of y: patches[q][padded R S C].
template <int V>
__attribute__((noinline)) void patch_columns(const ConvShape& s, const real* y, const real* weights, int64_t n, real* patches) {
  const int64_t wide = padded(s.taps());
  for (int q = 0; q < s.y[2]; q += kRows) {
    Rows row;
    for (int r = 0; r < kRows; ++r) row[r] = y + int64_t{least(q + r, s.y[2] - 1)} * s.filters();
    Sums<V> sum{};
    multiply<V>(sum, row, weights + n, wide, s.filters());
    store_rows<V>(sum, patches + q * wide + n, wide);
  }
}

// Adds `count` lines of patches, `from_step` apart, to places in x that are `to_step` apart and do not overlap.
UNPICK_INLINE void add_lines(const real* from, int64_t from_step, int64_t n, int count, real* to, int64_t to_step) {
  if (n == 4)
    for (int i = 0; i < count; ++i, from += from_step, to += to_step)
      *reinterpret_cast<Quad*>(to) += *reinterpret_cast<const Quad*>(from);
  else
    for (int i = 0; i < count; ++i, from += from_step, to += to_step) add(from, n, to);
}

// Adds the patches of line p of y to one image of x.
void add_patches(const ConvShape& s, int p, const real* patches, real* x) {
  const int64_t wide = padded(s.taps()), line = int64_t{s.x[2]} * s.channels(), segment = int64_t{s.w[1]} * s.channels();
  const int64_t step = int64_t{s.stride} * s.channels(), before = int64_t{s.pad} * s.channels();
  const int overlap = (s.w[1] + s.stride - 1) / s.stride;
  const int first = least(s.y[2], (s.pad + s.stride - 1) / s.stride);  // of the patches that lie within the line
  const int room = s.x[2] + s.pad - s.w[1], end = room < 0 ? first : least(s.y[2], room / s.stride + 1);
  for (int tap = 0; tap < s.w[0]; ++tap) {
    const int h = p * s.stride + tap - s.pad;
    if (h < 0 || h >= s.x[1]) continue;
    real* to = x + h * line;
    const real* from = patches + tap * segment;
    const auto add_clipped = [&](int q) {
      const int64_t begin = q * step - before, skip = begin < 0 ? -begin : 0;
      add(from + q * wide + skip, (begin + segment < line ? segment : line - begin) - skip, to + begin + skip);
    };
    for (int q = 0; q < first; ++q) add_clipped(q);
    for (int q = first < end ? end : first; q < s.y[2]; ++q) add_clipped(q);
    for (int turn = 0; turn < overlap; ++turn) {
      const int q = first + turn;
      if (q < end)
        add_lines(from + q * wide, overlap * wide, segment, (end - q + overlap - 1) / overlap, to + q * step - before,
                  overlap * step);
    }
  }
}

constexpr int kBlockPixels = 128;  // of y, over which all taps run before the next ones: what they read stays in L1

// partial[kRows of the taps from `first`][V vectors from n] (+)= patches' y over `count` pixels, whose patches begin at x +
// offset[..].
template <int V>
__attribute__((noinline)) void weight_rows(const ConvShape& s, const real* x, const int64_t* offset, const real* y, int count,
                                           int first, int64_t n, bool fresh, real* partial) {
  const int64_t wide = padded(s.filters()), line = halo_line(s);
  const int segment = s.w[1] * s.channels();
  real* to = partial + first * wide + n;
  Rows row;
  for (int r = 0; r < kRows; ++r) {
    const int tap = least(first + r, s.taps() - 1);  // spare rows repeat the last tap
    row[r] = x + tap / segment * line + tap % segment;
  }
  Sums<V> sum{};
  if (!fresh) load_rows<V>(sum, to, wide);
  outer<V>(sum, row, offset, y + n, wide, count);
  store_rows<V>(sum, to, wide);
}

// Calls wide(n) for whole panels of kVectors up to `columns`, then narrow(n) for single vectors.
template <class Wide, class Narrow>
UNPICK_INLINE void for_columns(int64_t columns, Wide wide, Narrow narrow) {
  int64_t n = 0;
  for (; n + kPanel <= columns; n += kPanel) wide(n);
  for (; n < columns; n += kLanes) narrow(n);
}

class Direct final : public ConvMethod {
 public:
  ConvSizes sizes(const ConvShape& s, ConvPass pass) const override {
    ConvSizes z;
    if (pass == ConvPass::down) {
      z.weights = s.filters() % kLanes == 0 ? 0 : s.taps() * padded(s.filters());
      z.scratch = halo_image(s);
    } else {
      z.weights = s.filters() * padded(s.taps());
      z.scratch = round_up(s.y[2], kRows) * padded(s.taps());
    }
    return z;
  }

  void prepare(const ConvShape& s, ConvPass pass, int part, const real* w, real* weights, real*) const override {
    const int filters = s.filters(), taps = s.taps();
    const int64_t wide = padded(taps);
    if (pass == ConvPass::down) {
      const int first = taps * part / kParts, last = taps * (part + 1) / kParts;
      pad_columns(w + int64_t{first} * filters, last - first, filters, weights + first * padded(filters));
      return;
    }
    for (int k = filters * part / kParts; k < filters * (part + 1) / kParts; ++k) {
      for (int tap = 0; tap < taps; ++tap) weights[k * wide + tap] = w[int64_t{tap} * filters + k];
      zero(weights + k * wide + taps, wide - taps);
    }
  }

  void down(const ConvShape& s, int images, const real* x, const real* weights, real* y, real* scratch) const override {
    const int64_t ldb = padded(s.filters());
    for (int i = 0; i < images; ++i, x += s.x_image(), y += s.y_image()) {
      const real* image = s.pad > 0 ? scratch : x;
      if (s.pad > 0) add_halo(s, x, scratch);
      for_columns(
          ldb, [&](int64_t n) { down_columns<kVectors>(s, image, weights, ldb, static_cast<int>(n), y); },
          [&](int64_t n) { down_columns<1>(s, image, weights, ldb, static_cast<int>(n), y); });
    }
  }

  void up(const ConvShape& s, int images, const real* y, const real* weights, real* x, real* scratch) const override {
    for (int i = 0; i < images; ++i, x += s.x_image()) {
      zero(x, s.x_image());
      for (int p = 0; p < s.y[1]; ++p, y += int64_t{s.y[2]} * s.filters()) {
        for_columns(
            padded(s.taps()), [&](int64_t n) { patch_columns<kVectors>(s, y, weights, n, scratch); },
            [&](int64_t n) { patch_columns<1>(s, y, weights, n, scratch); });
        add_patches(s, p, scratch, x);
      }
    }
  }
};

}  // namespace

const ConvMethod& direct_convolution() {
  static constexpr Direct method;
  return method;
}

ConvSizes weight_sizes(const ConvShape& s) {
  const int group = least(s.images(), (kBlockPixels + s.pixels() - 1) / s.pixels());
  const int64_t y = s.filters() % kLanes == 0 ? 0 : s.pixels() * padded(s.filters());
  return {group, round_up(s.taps(), kRows) * padded(s.filters()), group * (halo_image(s) + y)};
}

void add_weight(const ConvShape& s, int images, const real* x, const real* y, bool fresh, real* partial, real* scratch) {
  const int64_t wide = padded(s.filters()), step = int64_t{s.stride} * s.channels(), line = s.stride * halo_line(s);
  const int64_t x_image = s.pad > 0 ? halo_image(s) : s.x_image();
  if (s.pad > 0) {
    for (int i = 0; i < images; ++i) add_halo(s, x + i * s.x_image(), scratch + i * x_image);
    x = scratch;
    scratch += images * x_image;
  }
  if (s.filters() != wide) {
    pad_columns(y, int64_t{images} * s.pixels(), s.filters(), scratch);
    y = scratch;
  }
  int64_t offset[kBlockPixels];
  int count = 0;
  const auto finish_block = [&] {
    for (int tap = 0; tap < s.taps(); tap += kRows)
      for_columns(
          wide, [&](int64_t n) { weight_rows<kVectors>(s, x, offset, y, count, tap, n, fresh, partial); },
          [&](int64_t n) { weight_rows<1>(s, x, offset, y, count, tap, n, fresh, partial); });
    y += count * wide;
    count = 0;
    fresh = false;
  };
  for (int i = 0; i < images; ++i)
    for (int p = 0; p < s.y[1]; ++p)
      for (int q = 0; q < s.y[2]; ++q) {
        offset[count++] = i * x_image + p * line + q * step;
        if (count == kBlockPixels) finish_block();
      }
  if (count > 0) finish_block();
}

void sum_weights(const ConvShape& s, const real* partial, int partials, int64_t stride, real* w) {
  for (int tap = 0; tap < s.taps(); ++tap, partial += padded(s.filters()), w += s.filters()) {
    copy(partial, s.filters(), w);
    for (int p = 1; p < partials; ++p) add(partial + p * stride, s.filters(), w);
  }
}

}  // namespace UNPICK_ISA
}  // namespace unpick
