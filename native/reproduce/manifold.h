// Latent planes and manifolds of decoders with two latents, as figures 1, 3 and 4 show them: paths in blue, seams in red, axes and
// their images in green, the chosen point in amber.
#pragma once

#include "core/seams/curves.h"
#include "native/reproduce/plot.h"

namespace unpick::reproduce {

// How outputs [D] are seen: a linear map to space, then a view of it.
struct Eye {
  Eigen::MatrixXd projection;  // [3,D]
  View view;
  Eigen::Vector3d space(const Eigen::VectorXd& x) const { return projection * x; }
  Curve curve(const Eigen::MatrixXd& x) const;  // [D,P]
};
// (x_1, x_3, x_2 + x_4) of four outputs: the height adds what bends along either latent, so that both bends are seen.
Eye eye_of_four();
Eye eye_of_three(double azimuth, double elevation);

// d on a grid of codes, [-reach, reach]^2.
std::vector<std::vector<Eigen::VectorXd>> grid_of_values(GeometryProgram& program, double reach, int lines);

// Surface and curves, as large as the box allows.
Plot draw_manifold(io::Canvas& canvas, Box box, const Eye& eye, const std::vector<std::vector<Eigen::VectorXd>>& grid);
// [-reach, reach]^2 with circles of the prior at one and two standard deviations.
Plot draw_latent_plane(io::Canvas& canvas, Box box, double reach);

Curve latent_curve(const Path& path);  // of the two latents

}  // namespace unpick::reproduce
