// Convolutions of 4x4 kernels with stride 2 by minimal filtering, F(2x2, 2x2) (Winograd 1980; Lavin and Gray 2016).
//
// A 4x4 kernel of stride 2 is a 2x2 kernel of stride 1 over pixels of 4C channels: the four parities of the padded image. Two
// outputs of a line then need three products instead of four, and a 2x2 tile of outputs nine instead of sixteen:
//   y0 = m0 + m1      m0 = (d0 - d1) g0      m1 = d1 (g0 + g1)      m2 = (d1 - d2) g1
//   y1 = m1 - m2
// and the same down the columns. For each of the nine frequencies c = 3 c1 + c2 the tiles of a group of images are the rows of
// one matrix product.
//   down    V[9][tiles][4C], U[9][4C][K], M = V U, two additions a line give the 2x2 outputs.
//   up      each of the four parities of x is a 2x2 convolution of stride 1 over y, by the same formula with kernels U[4][9][K][C].
//           Their inputs overlap so much that only three difference images are formed, and addressed with a stride.
// Every coefficient is 0, 1 or -1, so that little accuracy is lost. The halo of zeros around an image is nowhere stored: reads
// outside it are redirected to a line of zeros.
#include "core/backend/conv.h"
#include "core/backend/tile.h"

namespace unpick {
inline namespace UNPICK_ISA {
namespace {

using namespace tile;

constexpr int kFrequencies = 9;
constexpr int kTilesWorthwhile = 64;           // below, transforming the weights costs more than it saves
constexpr int64_t kGroupElements = 80 * 1024;  // of V or of the difference images: what stays in L2

// The sizes of one pass over a group of images.
struct Tiling {
  int down, across, channels, filters;  // tiles of an image, C, K
  int tiles;                            // of one image
  int64_t rows;                         // of a group, rounded up to whole register tiles
  Tiling(const ConvShape& s, int images)
      : down(s.y[1] / 2),
        across(s.y[2] / 2),
        channels(s.channels()),
        filters(s.filters()),
        tiles(down * across),
        rows(round_up(int64_t{images} * tiles, kRows)) {}
  int64_t depth() const { return 4 * int64_t{channels}; }
};

// ---- weights ---------------------------------------------------------------------------------------------------------

// Where the transformed kernels of one parity go: element [c][panel][row][column in the panel].
struct KernelLayout {
  int64_t frequency, panel;
};

// U = G g G' for 2x2 kernels of [rows][columns] matrices, columns being cut into panels of kPanel.
void transform_kernel(const real* const (&g)[2][2], int rows, int columns, KernelLayout layout, real* u) {
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; column += kLanes) {
      const int64_t at = int64_t{row} * columns + column;
      const Vec a = load(g[0][0] + at), b = load(g[0][1] + at), c = load(g[1][0] + at), d = load(g[1][1] + at);
      const Vec left = a + c, right = b + d;
      const Vec value[kFrequencies] = {a, a + b, b, left, left + right, right, c, c + d, d};
      real* to = u + column / kPanel * layout.panel + int64_t{row} * kPanel + column % kPanel;
      UNPICK_UNROLL
      for (int f = 0; f < kFrequencies; ++f) store(to + f * layout.frequency, value[f]);
    }
}

// ---- transforms of images ----------------------------------------------------------------------------------------------

// V[c][row][4C] of one image, whose tiles are rows first.. of the group. `zeros` are C zeros.
void transform_input(const Tiling& t, const real* x, const real* zeros, int64_t first, real* v) {
  const int height = 4 * t.down, width = 4 * t.across, channels = t.channels;
  const int64_t frequency = t.rows * t.depth();
  for (int ty = 0; ty < t.down; ++ty)
    for (int sy = 0; sy < 2; ++sy)
      for (int tx = 0; tx < t.across; ++tx)
        for (int sx = 0; sx < 2; ++sx) {
          const real* d[3][3];
          UNPICK_UNROLL
          for (int i = 0; i < 3; ++i) {
            const int h = 4 * ty - 1 + sy + 2 * i;
            UNPICK_UNROLL
            for (int j = 0; j < 3; ++j) {
              const int w = 4 * tx - 1 + sx + 2 * j;
              const bool inside = h >= 0 && h < height && w >= 0 && w < width;
              d[i][j] = inside ? x + (int64_t{h} * width + w) * channels : zeros;
            }
          }
          real* to = v + (first + ty * t.across + tx) * t.depth() + (sy * 2 + sx) * channels;
          for (int k = 0; k < channels; k += kLanes) {
            Vec line[3][3];  // after the columns' differences
            UNPICK_UNROLL
            for (int j = 0; j < 3; ++j) {
              const Vec a = load(d[0][j] + k), b = load(d[1][j] + k), c = load(d[2][j] + k);
              line[0][j] = a - b;
              line[1][j] = b;
              line[2][j] = b - c;
            }
            UNPICK_UNROLL
            for (int i = 0; i < 3; ++i) {
              store(to + (3 * i + 0) * frequency + k, line[i][0] - line[i][1]);
              store(to + (3 * i + 1) * frequency + k, line[i][1]);
              store(to + (3 * i + 2) * frequency + k, line[i][1] - line[i][2]);
            }
          }
        }
}

// The 2x2 outputs of each tile from M[c][row][kPanel]: out(image, tile row, tile column) is the place of the first of them; the
// others lie `right` and `below`.
template <class Out>
UNPICK_INLINE void transform_output(const Tiling& t, int images, const real* m, int64_t right, int64_t below, Out out) {
  const int64_t frequency = t.rows * kPanel;
  for (int image = 0; image < images; ++image)
    for (int ty = 0; ty < t.down; ++ty)
      for (int tx = 0; tx < t.across; ++tx, m += kPanel) {
        real* y = out(image, ty, tx);
        UNPICK_UNROLL
        for (int j = 0; j < kPanel; j += kLanes) {
          Vec v[kFrequencies];
          UNPICK_UNROLL
          for (int f = 0; f < kFrequencies; ++f) v[f] = load(m + f * frequency + j);
          const Vec r0 = v[0] + v[3], r1 = v[1] + v[4], r2 = v[2] + v[5];
          const Vec q0 = v[3] - v[6], q1 = v[4] - v[7], q2 = v[5] - v[8];
          store(y + j, r0 + r1);
          store(y + right + j, r1 - r2);
          store(y + below + j, q0 + q1);
          store(y + below + right + j, q1 - q2);
        }
      }
}

// y with a halo of zeros, and its differences to the pixel below, to the right, and both: images d, dy, dx, dxy of
// [P+2][Q+2][K], in this order, each with a spare pixel behind it.
struct Differences {
  int64_t line, image;
  explicit Differences(const ConvShape& s)
      : line(int64_t{s.y[2] + 2} * s.filters()), image((s.y[1] + 2) * line + round_up(s.filters(), kLanes)) {}
};

void transform_small(const ConvShape& s, const real* y, real* d) {
  const Differences e(s);
  const int filters = s.filters();
  const int64_t width = e.line - 2 * filters;
  real *dy = d + e.image, *dx = dy + e.image, *dxy = dx + e.image;
  for (int64_t k = 0; k < e.image; k += kLanes) store(d + k, Vec{});
  for (int p = 0; p < s.y[1]; ++p)
    for (int64_t k = 0; k < width; k += kLanes) store(d + (p + 1) * e.line + filters + k, load(y + p * width + k));
  const int64_t end = (s.y[1] + 1) * e.line;  // no tile reads differences from the last line
  for (int64_t k = 0; k < end; k += kLanes) {
    const Vec a = load(d + k), right = load(d + k + filters), below = load(d + k + e.line), both = load(d + k + e.line + filters);
    store(dy + k, a - below);
    store(dx + k, a - right);
    store(dxy + k, (a - below) - (right - both));
  }
}

// ---- the three products --------------------------------------------------------------------------------------------------

// c[rows][kPanel] = a[rows][depth] b[depth][kPanel]
__attribute__((noinline)) void product(const real* a, int64_t rows, int64_t depth, const real* b, real* c) {
  for (int64_t row = 0; row < rows; row += kRows) {
    Sums<kVectors> sum{};
    Rows line;
    UNPICK_UNROLL
    for (int r = 0; r < kRows; ++r) line[r] = a + (row + r) * depth;
    multiply<kVectors>(sum, line, b, kPanel, depth);
    store_rows<kVectors>(sum, c + row * kPanel, kPanel);
  }
}

class Winograd final : public ConvMethod {
 public:
  ConvSizes sizes(const ConvShape& s, ConvPass pass) const override {
    const int64_t kernel = int64_t{s.channels()} * s.filters(), tiles = s.pixels() / 4;
    const int64_t per_image = pass == ConvPass::up ? 4 * Differences(s).image : kFrequencies * tiles * 4 * s.channels();
    ConvSizes z;
    z.group = static_cast<int>(kGroupElements / per_image);
    z.group = z.group < 1 ? 1 : least(least(z.group, kMostImages), s.images());
    const Tiling t(s, z.group);
    const int64_t products = kFrequencies * t.rows * kPanel;
    z.weights = kFrequencies * 4 * kernel;
    if (pass == ConvPass::down) {
      z.scratch = kFrequencies * t.rows * t.depth() + products + s.channels();
    } else {
      z.scratch = z.group * per_image + products;
      if (z.scratch < 4 * kernel) z.scratch = 4 * kernel;  // prepare's transposed taps
    }
    return z;
  }

  void prepare(const ConvShape& s, ConvPass pass, int part, const real* w, real* weights, real* scratch) const override {
    const int channels = s.channels(), filters = s.filters(), sy = part / 2, sx = part % 2;
    const int64_t tap = int64_t{channels} * filters;
    const real* g[2][2];
    if (pass == ConvPass::down) {
      for (int ty = 0; ty < 2; ++ty)
        for (int tx = 0; tx < 2; ++tx) g[ty][tx] = w + ((2 * ty + sy) * 4 + 2 * tx + sx) * tap;
      const int64_t panel = 4 * int64_t{channels} * kPanel;
      transform_kernel(g, channels, filters, {4 * tap, panel}, weights + int64_t{part} * channels * kPanel);
    } else {
      for (int ty = 0; ty < 2; ++ty)
        for (int tx = 0; tx < 2; ++tx) {
          real* turned = scratch + (ty * 2 + tx) * tap;
          transpose(w + ((3 - sy - 2 * ty) * 4 + 3 - sx - 2 * tx) * tap, filters, channels, filters, turned, channels);
          g[ty][tx] = turned;
        }
      transform_kernel(g, filters, channels, {tap, int64_t{filters} * kPanel}, weights + part * kFrequencies * tap);
    }
  }

  void down(const ConvShape& s, int images, const real* x, const real* weights, real* y, real* scratch) const override {
    const Tiling t(s, images);
    real *v = scratch, *m = v + kFrequencies * t.rows * t.depth(), *zeros = m + kFrequencies * t.rows * kPanel;
    for (int k = 0; k < t.channels; ++k) zeros[k] = 0;
    for (int image = 0; image < images; ++image) transform_input(t, x + image * s.x_image(), zeros, int64_t{image} * t.tiles, v);
    const int64_t below = int64_t{2} * t.across * t.filters;
    for (int n = 0; n < t.filters; n += kPanel) {
      for (int f = 0; f < kFrequencies; ++f)
        product(v + f * t.rows * t.depth(), t.rows, t.depth(), weights + (int64_t{f} * t.filters + n) * t.depth(),
                m + f * t.rows * kPanel);
      transform_output(t, images, m, t.filters, below, [&](int image, int ty, int tx) {
        return y + image * s.y_image() + 2 * (ty * below + int64_t{tx} * t.filters) + n;
      });
    }
  }

  void up(const ConvShape& s, int images, const real* y, const real* weights, real* x, real* scratch) const override {
    const Tiling t(s, images);
    const Differences e(s);
    real* m = scratch + 4 * images * e.image;
    for (int image = 0; image < images; ++image) transform_small(s, y + image * s.y_image(), scratch + 4 * image * e.image);
    const int64_t kernel = int64_t{t.channels} * t.filters, line = int64_t{s.x[2]} * t.channels;
    for (int a = 0; a < 2; ++a)
      for (int b = 0; b < 2; ++b)
        for (int n = 0; n < t.channels; n += kPanel) {
          for (int f = 0; f < kFrequencies; ++f) {
            const int c1 = f / 3, c2 = f % 3;
            const int which = (c1 == 1 ? 0 : 1) + (c2 == 1 ? 0 : 2);
            const real* from = scratch + which * e.image + (a + (c1 > 0)) * e.line + (b + (c2 > 0)) * t.filters;
            parity_product(t, e, images, from, weights + ((a * 2 + b) * kFrequencies + f) * kernel + int64_t{n} * t.filters,
                           m + f * t.rows * kPanel);
          }
          transform_output(t, images, m, 2 * t.channels, 2 * line, [&](int image, int ty, int tx) {
            return x + image * s.x_image() + (4 * ty + a) * line + (int64_t{4} * tx + b) * t.channels + n;
          });
        }
  }

 private:
  static constexpr int kMostImages = 8;  // in a group

  // m[rows][kPanel] = tiles of a difference image times b[K][kPanel]
  __attribute__((noinline)) static void parity_product(const Tiling& t, const Differences& e, int images, const real* from,
                                                       const real* b, real* m) {
    const int64_t tiles = int64_t{images} * t.tiles;
    int image = 0, ty = 0, tx = 0;
    const real* at = from;
    for (int64_t row = 0; row < tiles; row += kRows, m += kRows * kPanel) {
      Rows line;
      for (int r = 0; r < kRows; ++r) {
        line[r] = at;
        if (row + r + 1 >= tiles) continue;  // spare rows repeat the last tile
        if (++tx == t.across) {
          tx = 0;
          if (++ty == t.down) {
            ty = 0;
            ++image;
          }
        }
        at = from + 4 * image * e.image + 2 * (ty * e.line + int64_t{tx} * t.filters);
      }
      Sums<kVectors> sum{};
      multiply<kVectors>(sum, line, b, kPanel, t.filters);
      store_rows<kVectors>(sum, m, kPanel);
    }
  }
};

}  // namespace

bool winograd_suits(const ConvShape& s) {
  const bool stride2 = s.w[0] == 4 && s.w[1] == 4 && s.stride == 2 && s.pad == 1;
  const bool whole_tiles = s.x[1] == 2 * s.y[1] && s.x[2] == 2 * s.y[2] && s.y[1] % 2 == 0 && s.y[2] % 2 == 0;
  const bool whole_vectors = s.channels() % kPanel == 0 && s.filters() % kPanel == 0;
  return stride2 && whole_tiles && whole_vectors && int64_t{s.images()} * s.pixels() / 4 >= kTilesWorthwhile;
}

const ConvMethod& winograd_convolution() {
  static constexpr Winograd method;
  return method;
}

}  // namespace UNPICK_ISA
}  // namespace unpick
