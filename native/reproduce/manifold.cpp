// See manifold.h.
#include "native/reproduce/manifold.h"

#include <cmath>

namespace unpick::reproduce {

using Eigen::Vector2d;
using Eigen::Vector3d;
using Eigen::VectorXd;

Curve Eye::curve(const Eigen::MatrixXd& x) const {
  Curve points;
  for (Eigen::Index p = 0; p < x.cols(); ++p) points.push_back(view(space(x.col(p))));
  return points;
}

Eye eye_of_four() {
  Eye eye{Eigen::MatrixXd::Zero(3, 4), View::from(-1.0, 0.72)};
  eye.projection << 1, 0, 0, 0,  //
      0, 0, 1, 0,                //
      0, 1, 0, 1;
  return eye;
}

Eye eye_of_three(double azimuth, double elevation) { return {Eigen::MatrixXd::Identity(3, 3), View::from(azimuth, elevation)}; }

std::vector<std::vector<VectorXd>> grid_of_values(GeometryProgram& program, double reach, int lines) {
  std::vector<std::vector<VectorXd>> grid(static_cast<size_t>(lines));
  for (int i = 0; i < lines; ++i) {
    std::vector<real> z;
    for (int j = 0; j < lines; ++j)
      for (const int place : {i, j}) z.push_back(static_cast<real>(reach * (2.0 * place / (lines - 1) - 1)));
    for (Geometry& g : program.at(z)) grid[static_cast<size_t>(i)].push_back(std::move(g.value));
  }
  return grid;
}

Plot draw_manifold(io::Canvas& canvas, Box box, const Eye& eye, const std::vector<std::vector<VectorXd>>& grid) {
  std::vector<std::vector<Vector3d>> mesh;
  std::vector<double> x, y;
  for (const auto& row : grid) {
    mesh.emplace_back();
    for (const VectorXd& value : row) {
      mesh.back().push_back(eye.space(value));
      const Vector2d seen = eye.view(mesh.back().back());
      x.push_back(seen.x());
      y.push_back(seen.y());
    }
  }
  Plot plot = Plot::equal(canvas, box, around(x), around(y));
  draw_surface(plot, eye.view, mesh, io::kRed);
  return plot;
}

Plot draw_latent_plane(io::Canvas& canvas, Box box, double reach) {
  Plot plot = Plot::equal(canvas, box, {-reach, reach}, {-reach, reach});
  for (const double radius : {1.0, 2.0}) {
    Curve circle;
    for (int i = 0; i <= 96; ++i) circle.emplace_back(radius * std::cos(i * M_PI / 48), radius * std::sin(i * M_PI / 48));
    plot.line(circle, io::kRule, 1);
    plot.text({radius * std::sqrt(0.5), -radius * std::sqrt(0.5)}, radius == 1 ? "1" : "2", kAxis, io::Align::left, 3, 11);
  }
  plot.text({reach, -reach}, "z\u2081", label_style(io::kBlue), io::Align::right, 0, -4);
  plot.text({-reach, reach}, "z\u2082", label_style(io::kBlue), io::Align::left, 2, 12);
  return plot;
}

Curve latent_curve(const Path& path) {
  Curve points;
  for (Eigen::Index p = 0; p < path.t.size(); ++p) points.emplace_back(path.z(0, p), path.z(1, p));
  return points;
}

}  // namespace unpick::reproduce
