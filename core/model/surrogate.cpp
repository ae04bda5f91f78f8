// See surrogate.h.
#include "core/model/surrogate.h"

#include <array>

#include "core/graph/derive.h"

namespace unpick {
namespace {

RowNumbers indices(std::vector<int> values) { return std::make_shared<const std::vector<int>>(std::move(values)); }

// d(decode)/dz_j at row b of codes [B,Z]: row b Z + j of [B Z,D].
Var jacobian_rows(Recorder& r, Var codes, const std::function<Var(Var)>& decode) {
  const int batch = codes.shape()[0], latent = codes.shape()[1];
  std::vector<int> repeated;
  std::vector<real> tangents(static_cast<size_t>(batch * latent * latent), 0);
  for (int row = 0; row < batch * latent; ++row) {
    repeated.push_back(row / latent);
    tangents[static_cast<size_t>(row * latent + row % latent)] = 1;
  }
  const Var z = gather(codes, indices(std::move(repeated)));
  const Var t = r.constant(z.shape(), std::move(tangents));
  const Var mean = decode(z);
  return jvp(std::array{mean}, std::array{z}, std::array{t})[0];
}

// Entry (j, j + shift mod Z) of J'J for all b and j, row b Z + j: [B Z].
Var gram_entries(Var rows, int latent, int shift) {
  const int count = rows.shape()[0];
  if (shift == 0) return sum(rows * rows, {count});
  std::vector<int> partner;
  for (int row = 0; row < count; ++row) partner.push_back(row / latent * latent + (row + shift) % latent);
  const Var other = gather(rows, indices(std::move(partner)));
  return sum(rows * other, {count});
}

// J'J, [B,Z,Z], from Z/2 + 1 of its cyclic diagonals; the others follow by symmetry.
Var gram(Var rows, int latent) {
  const int count = rows.shape()[0];
  Var G;  // [B Z Z]
  for (int shift = 0; shift <= latent / 2; ++shift) {
    const Var entries = gram_entries(rows, latent, shift);
    const bool twice = shift > 0 && 2 * shift != latent;  // entry (j, k) is not of this diagonal as (k, j) too
    for (const bool mirrored : {false, true}) {
      if (mirrored && !twice) continue;
      std::vector<int> places;
      for (int row = 0; row < count; ++row) {
        const int b = row / latent, j = row % latent, k = (j + shift) % latent;
        places.push_back((b * latent + (mirrored ? k : j)) * latent + (mirrored ? j : k));
      }
      const Var placed = scatter_add(entries, indices(std::move(places)), count * latent);
      G = G.ok() ? G + placed : placed;
    }
  }
  return reshape(G, {count / latent, latent, latent});
}

}  // namespace

Var log_det(Var A) {
  const int batch = A.shape()[0];
  Var sum_of_logs;
  for (int left = A.shape()[1]; left > 0; --left) {
    const Var top = slice(A, 1, 0, 1);      // [B,1,left]
    const Var pivot = slice(top, 2, 0, 1);  // [B,1,1]
    const Var term = log(reshape(pivot, {batch}));
    sum_of_logs = sum_of_logs.ok() ? sum_of_logs + term : term;
    if (left == 1) break;
    const Shape shape{batch, left - 1, left - 1};
    const Var row = slice(top, 2, 1, left - 1);
    const Var inverse = recip(pivot);
    const Var scaled = row * broadcast(inverse, row.shape());
    const Var wide_row = broadcast(row, shape);
    const Var column = broadcast(permute(scaled, {0, 2, 1, 3}), shape);
    const Var outer = wide_row * column;
    A = slice(slice(A, 1, 1, left - 1), 2, 1, left - 1) - outer;
  }
  return sum_of_logs;
}

Var surrogate_penalty(Recorder& r, const Posterior& q, Var tau, const std::function<Var(Var)>& decode) {
  const Scope scope(r.graph, "surrogate");
  const int batch = q.mu.shape()[0], latent = q.mu.shape()[1];
  const Var rows = jacobian_rows(r, q.mu, decode);
  const Var precision = recip(tau);
  Var log_volume;
  if (q.lower.ok()) {
    const Var G = gram(rows, latent);
    std::vector<real> identity(static_cast<size_t>(latent * latent), 0);
    for (size_t j = 0; j < identity.size(); j += static_cast<size_t>(latent) + 1) identity[j] = 1;
    const Var one = r.constant({1, latent, latent}, std::move(identity));
    const Var unit = broadcast(one, G.shape());
    const Var scaled = G * broadcast(precision, G.shape());
    log_volume = total(log_det(scaled + unit));
  } else {
    const Var diagonal = gram_entries(rows, latent, 0);
    const Var scaled = diagonal * broadcast(precision, diagonal.shape());
    log_volume = total(log(affine(scaled, 1, 1)));
  }
  const Var length = total(q.mu * q.mu);
  return affine(length + log_volume, 0.5 / batch);
}

}  // namespace unpick
