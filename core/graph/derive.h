// Derivatives: graph in, longer graph out.
//
// One fact per primitive (a partial or an adjoint) gives both directions, and since the result is an ordinary graph,
// any order costs no further code: differentiate the gradient. A decoder's Jacobian is one jvp with a tangent for each latent;
// a Hessian is the jvp of a gradient.
//
// Read next: core/graph/plan.h
#pragma once

#include <span>
#include <vector>

#include "core/graph/graph.h"

namespace unpick {

// Forward mode: the directional derivatives dy/dx . t, one per y, same shapes as ys.
//
// Several directions at once: a tangent [m B, ...] for x [B, ...] holds m directions for each row of x, direction k of row b in its
// row b m + k, and the results are stacked alike. Only the tangents grow: values and partials are computed once for each row,
// not once for each direction. That needs keeps_rows(ys, xs), else ShapeError.
std::vector<Var> jvp(std::span<const Var> ys, std::span<const Var> xs, std::span<const Var> tangents);

// True if row b of each y is computed from row b of the xs, and every row of the graph on the way keeps them in that order.
bool keeps_rows(std::span<const Var> ys, std::span<const Var> xs);

Var repeat_rows(Var x, int n);  // [B,...] with each row n times: [n B,...]

// Reverse mode: the cotangents w' dy/dx, one per x, same shapes as xs.
std::vector<Var> vjp(Var y, Var cotangent, std::span<const Var> xs);

// vjp of a scalar with cotangent 1.
std::vector<Var> grad(Var loss, std::span<const Var> xs);

}  // namespace unpick
