// Which latent goes with which singular vector, factor or latent of another model: the one-to-one choice of largest total.
//
// Why not the best row of each column: two columns may want the same row. The Hungarian method finds the exact optimum in
// O(columns² rows). Ties are broken by the order of rows, the same on every host.
//
// Source: Kuhn 1955, in the shortest-augmenting-path form of Jonker and Volgenant 1987.
// Read next: core/seams/geometry.h
#pragma once

#include <Eigen/Core>
#include <vector>

namespace unpick {

// For each column of `value` [R,C], R >= C, the row that it gets, so that the sum of the chosen values is largest.
// ShapeError if R < C; Error(failed) if a value is not finite.
std::vector<int> best_assignment(const Eigen::MatrixXd& value);

// The sum that it reaches.
double best_total(const Eigen::MatrixXd& value);

}  // namespace unpick
