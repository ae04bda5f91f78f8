// See toys.h. One row per statement, as everywhere where rows are recorded.
#include "core/seams/toys.h"

#include <cmath>

namespace unpick {
namespace {

Var column(Var z, int j) { return slice(z, 1, j, 1); }  // [B,1]

// Columns [B,1] side by side: [B,n].
Var join(const std::vector<Var>& columns) {
  const int n = static_cast<int>(columns.size());
  Var result = pad(columns[0], 1, 0, n);
  for (int i = 1; i < n; ++i) {
    const Var placed = pad(columns[static_cast<size_t>(i)], 1, i, n);
    result = result + placed;
  }
  return result;
}

// a x + b y
Var mix(double a, Var x, double b, Var y) {
  const Var ax = affine(x, a);
  const Var by = affine(y, b);
  return ax + by;
}

Var sinh(Var x) {
  const Var up = exp(x);
  const Var minus = affine(x, -1);
  const Var down = exp(minus);
  return mix(0.5, up, -0.5, down);
}

// (sinh a, a²/2, 2b + 0.3 sin 2b, 0.4 cos b): orthogonal ranges, one for each latent
Var additive(Var a, Var b) {
  const Var rise = sinh(a);
  const Var square = a * a;
  const Var half = affine(square, 0.5);
  const Var twice = affine(b, 2);
  const Var wave = sin(twice);
  const Var along = mix(1, twice, 0.3, wave);
  const Var cosine = cos(b);
  const Var across = affine(cosine, 0.4);
  return join({rise, half, along, across});
}

// (r cos 0.6b, r sin 0.6b, 2a), r = 1 + tanh(a)/2: the radius, and with it s_b, depends on a
Var revolution(Var a, Var b) {
  const Var t = tanh(a);
  const Var r = affine(t, 0.5, 1);
  const Var angle = affine(b, 0.6);
  const Var c = cos(angle);
  const Var s = sin(angle);
  const Var x = r * c;
  const Var y = r * s;
  const Var height = affine(a, 2);
  return join({x, y, height});
}

// The additive toy after a rotation of the latents by 0.7 rad
Var rotated_additive(Var a, Var b) {
  const double c = std::cos(0.7), s = std::sin(0.7);
  const Var x = mix(c, a, -s, b);
  const Var y = mix(s, a, c, b);
  return additive(x, y);
}

// (cos w, sin w, q), w and q = (2a ± 0.7b)/√2: a plane, stretched along the axes, then rolled up askew
Var bent_sheet(Var a, Var b) {
  const double h = std::sqrt(0.5);
  const Var w = mix(2 * h, a, 0.7 * h, b);
  const Var q = mix(2 * h, a, -0.7 * h, b);
  const Var c = cos(w);
  const Var s = sin(w);
  return join({c, s, q});
}

// (a + 0.3b², 1.5b + 0.3 sin a, 0.4ab)
Var generic(Var a, Var b) {
  const Var b2 = b * b;
  const Var x = mix(1, a, 0.3, b2);
  const Var sine = sin(a);
  const Var y = mix(1.5, b, 0.3, sine);
  const Var ab = a * b;
  const Var z = affine(ab, 0.4);
  return join({x, y, z});
}

DecoderMap of(int outputs, Var (*rows)(Var, Var)) {
  return {2, outputs, [rows](Recorder&, Var z) {
            const Var a = column(z, 0);
            const Var b = column(z, 1);
            return rows(a, b);
          }};
}

}  // namespace

const std::vector<Toy>& toys() {
  static const std::vector<Toy> all = {
      {"additive", "a sum of two curves in orthogonal planes", true, true, of(4, additive)},
      {"revolution", "a surface of revolution: orthogonal, but one speed depends on the other latent", true, false,
       of(3, revolution)},
      {"rotated-additive", "the additive toy with its latents rotated by 40 degrees", false, false, of(4, rotated_additive)},
      {"bent-sheet", "a plane rolled up askew: not additive, yet flat along the axes", true, true, of(3, bent_sheet)},
      {"generic", "neither", false, false, of(3, generic)},
  };
  return all;
}

const Toy& toy(const std::string& name) {
  std::string names;
  for (const Toy& t : toys()) {
    if (t.name == name) return t;
    names += (names.empty() ? "" : ", ") + std::string(t.name);
  }
  throw Error(ErrorKind::usage, "toy '" + name + "'", "unknown", "choose " + names);
}

}  // namespace unpick
