// Philox 4x32-10 and the transforms from its bits to uniform, normal and permutation. See rng.h.
#include "core/base/rng.h"

#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

namespace unpick {
namespace {

// log x for x > 0 from +, -, *, / alone: x = m 2^e with m in [sqrt(1/2), sqrt 2), log m = 2 atanh((m-1)/(m+1)).
double portable_log(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  int e = static_cast<int>(bits >> 52) - 1023;
  bits = (bits & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL;
  double m;
  std::memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++e;
  }
  const double s = (m - 1) / (m + 1), w = s * s;
  double sum = 0;
  for (int k = 23; k >= 1; k -= 2) sum = sum * w + 1.0 / k;
  return 2 * s * sum + e * 0.6931471805599453;
}

double polynomial(double x, const std::array<double, 8>& c) {
  double y = c[7];
  for (size_t k = 7; k-- > 0;) y = y * x + c[k];
  return y;
}

}  // namespace

std::array<uint32_t, 4> Rng::block(uint32_t step, uint32_t index) const {
  std::array<uint32_t, 4> c{index, step, stream_, 0};
  uint32_t k0 = static_cast<uint32_t>(seed_), k1 = static_cast<uint32_t>(seed_ >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * c[0], p1 = uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1), static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1,
         static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

double Rng::uniform(uint32_t step, uint32_t index) const { return (bits(step, index) + 0.5) * 0x1p-32; }
double Rng::normal(uint32_t step, uint32_t index) const { return normal_quantile(uniform(step, index)); }

uint32_t Rng::below(uint32_t n, uint32_t step, uint32_t index) const {
  return static_cast<uint32_t>((uint64_t{bits(step, index)} * n) >> 32);
}

void Rng::fill_uniform(std::span<real> out, uint32_t step, double low, double high) const {
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<real>(low + (high - low) * uniform(step, static_cast<uint32_t>(i)));
}

void Rng::fill_normal(std::span<real> out, uint32_t step) const {
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<real>(normal(step, static_cast<uint32_t>(i)));
}

std::vector<uint32_t> Rng::shuffle(uint32_t n, uint32_t step) const {
  std::vector<uint32_t> p(n);
  std::iota(p.begin(), p.end(), 0u);
  for (uint32_t i = n; i > 1; --i) std::swap(p[i - 1], p[below(i, step, i)]);
  return p;
}

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q *
           polynomial(r, {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
                          4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3}) /
           polynomial(r, {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
                          2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3});
  }
  double r = std::sqrt(-portable_log(q < 0 ? p : 1 - p)), x;
  if (r <= 5) {
    r -= 1.6;
    x = polynomial(r, {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
                       1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4}) /
        polynomial(r, {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                       1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9});
  } else {
    r -= 5;
    x = polynomial(r,
                   {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
                    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7}) /
        polynomial(r,
                   {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
                    1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15});
  }
  return q < 0 ? -x : x;
}

}  // namespace unpick
