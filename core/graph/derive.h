// Derivatives: graph in, longer graph out.
//
// One fact per primitive (a partial or an adjoint) gives both directions, and since the result is an ordinary graph,
// any order costs no further code: differentiate the gradient. A decoder's Jacobian is one jvp over tiled codes; a
// Hessian-vector product is the jvp of a gradient.
//
// Read next: core/graph/plan.h
#pragma once

#include <span>
#include <vector>

#include "core/graph/graph.h"

namespace unpick {

// Forward mode: the directional derivatives dy/dx . t, one per y, same shapes as ys.
std::vector<Var> jvp(std::span<const Var> ys, std::span<const Var> xs, std::span<const Var> tangents);

// Reverse mode: the cotangents w' dy/dx, one per x, same shapes as xs.
std::vector<Var> vjp(Var y, Var cotangent, std::span<const Var> xs);

// vjp of a scalar with cotangent 1.
std::vector<Var> grad(Var loss, std::span<const Var> xs);

}  // namespace unpick
