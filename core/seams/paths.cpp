// See paths.h.
#include "core/seams/paths.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kMostSteps = 1e6;

void check(const PathRules& r) {
  const bool sensible = r.step > 0 && r.length >= r.step && r.length <= kMostSteps * r.step && r.radius > 0 && r.smallest >= 0 &&
                        r.smallest < 1 && r.overlap > 0 && r.overlap <= 1 && r.gap >= 0 && r.most > 0;
  if (!sensible)
    throw Error(ErrorKind::usage, "rules of a path", "a number is out of its range",
                "step, length, radius and most are above 0, at most a million steps; smallest, overlap and gap between 0 and 1");
}

// Why v_k cannot be followed at g, if so.
std::optional<Stop> forbidden(const Geometry& g, Eigen::Index k, const PathRules& rules) {
  if (!(g.s(k) > rules.smallest * g.s(0))) return Stop::vanishing;
  for (Eigen::Index i = 0; i < g.s.size(); ++i)
    if (i != k && std::abs(g.s(i) - g.s(k)) <= rules.gap * g.s(k)) return Stop::degenerate;
  return {};
}

}  // namespace

// One direction of one path: it asks for the geometry at a code, takes it, and asks again until a rule stops it.
class PathArm {
 public:
  struct Point {
    double t, arc, s;
    int order;
    VectorXd z, v, x, u;
  };

  PathArm(const Geometry& g, Eigen::Index k, double sign, const PathRules& rules)
      : rules_(rules), steps_(static_cast<size_t>(std::ceil(rules.length / rules.step - 1e-9))) {
    h_ = rules.length / static_cast<double>(steps_);
    const VectorXd z = to_double(g.z);
    add(g, k, sign * g.V.col(k), z, 0, 0);
    stop_ = forbidden(g, k, rules_);
    if (z.norm() > rules_.radius) stop_ = Stop::ball;
    if (!stop_) ask(g.dims);
  }

  bool stopped() const { return stop_.has_value(); }
  Stop stop() const { return *stop_; }
  const VectorXd& wanted() const { return wanted_; }
  const std::vector<Point>& points() const { return points_; }

  void take(const Geometry& g) {
    const VectorXd overlaps = g.V.transpose() * v_[stage_ - 1];
    Eigen::Index k = 0;
    const double overlap = overlaps.cwiseAbs().maxCoeff(&k);
    stop_ = forbidden(g, k, rules_);
    if (!stop_ && overlap < rules_.overlap) stop_ = Stop::crossing;
    if (stop_) return;
    v_[stage_] = std::copysign(1, overlaps(k)) * g.V.col(k);
    s_[stage_] = g.s(k);
    if (stage_ == kStages) {
      const Point& last = points_.back();
      const double arc = last.arc + h_ / 6 * (s_[0] + 2 * s_[1] + 2 * s_[2] + s_[3]);
      add(g, k, v_[stage_], wanted_, last.t + h_, arc);
      if (points_.size() > steps_) {
        stop_ = Stop::length;
        return;
      }
    } else {
      ++stage_;
    }
    ask(g.dims);
  }

 private:
  static constexpr size_t kStages = 4;

  void add(const Geometry& g, Eigen::Index k, const VectorXd& v, const VectorXd& z, double t, double arc) {
    points_.push_back({t, arc, g.s(k), static_cast<int>(k), z, v, g.value, g.J * v / g.s(k)});
    v_[0] = v;
    s_[0] = g.s(k);
    stage_ = 1;
  }

  void ask(const std::vector<int>& dims) {
    wanted_ = points_.back().z;
    VectorXd move = v_[stage_ - 1];
    if (stage_ < 3) move /= 2;
    if (stage_ == kStages) move = (v_[0] + 2 * v_[1] + 2 * v_[2] + v_[3]) / 6;
    wanted_(dims) += h_ * move;
    if (stage_ == kStages && wanted_.norm() > rules_.radius) stop_ = Stop::ball;
  }

  PathRules rules_;
  size_t steps_, stage_ = 1;  // geometry is wanted for stage 1, 2, 3, and 4: the next point
  double h_;
  VectorXd v_[kStages + 1];
  double s_[kStages + 1];
  VectorXd wanted_;
  std::vector<Point> points_;
  std::optional<Stop> stop_;
};

namespace {

void put(Path& path, Eigen::Index column, const PathArm::Point& p, double sign) {
  path.t(column) = sign * p.t;
  path.arc(column) = sign * p.arc;
  path.s(column) = p.s;
  path.order[static_cast<size_t>(column)] = p.order;
  path.z.col(column) = p.z;
  path.x.col(column) = p.x;
  path.v.col(column) = sign * p.v;
  path.u.col(column) = sign * p.u;
}

Path join(const Geometry& g, int k, const PathArm& back, const PathArm& forth) {
  const auto before = static_cast<Eigen::Index>(back.points().size()) - 1, after = static_cast<Eigen::Index>(forth.points().size());
  const Eigen::Index n = before + after;
  Path path{.k = k,
            .latent = g.dims[static_cast<size_t>(g.axis[static_cast<size_t>(k)])],
            .dims = g.dims,
            .before = back.stop(),
            .after = forth.stop(),
            .origin = before,
            .t = VectorXd(n),
            .z = MatrixXd(static_cast<Eigen::Index>(g.z.size()), n),
            .v = MatrixXd(g.V.rows(), n),
            .order = std::vector<int>(static_cast<size_t>(n)),
            .s = VectorXd(n),
            .x = MatrixXd(g.value.size(), n),
            .u = MatrixXd(g.value.size(), n),
            .arc = VectorXd(n)};
  for (Eigen::Index i = 1; i <= before; ++i) put(path, before - i, back.points()[static_cast<size_t>(i)], -1);
  for (Eigen::Index i = 0; i < after; ++i) put(path, before + i, forth.points()[static_cast<size_t>(i)], 1);
  return path;
}

}  // namespace

const char* name(Stop stop) {
  switch (stop) {
    case Stop::length: return "length";
    case Stop::ball: return "ball";
    case Stop::vanishing: return "vanishing";
    case Stop::degenerate: return "degenerate";
    case Stop::crossing: return "crossing";
  }
  return "";
}

PathTracer::PathTracer(GeometryProgram& program, std::span<const real> z_star, const std::vector<int>& dims, const PathRules& rules)
    : program_(program) {
  check(rules);
  std::vector<Geometry> start = program.at(z_star, dims);
  if (start.size() != 1)
    throw Error(ErrorKind::usage, "start of a path", std::to_string(start.size()) + " codes", "trace the paths of one at a time");
  start_ = std::move(start[0]);
  for (Eigen::Index k = 0; k < std::min(start_.s.size(), rules.most); ++k)
    for (double sign : {-1.0, 1.0}) arms_.emplace_back(start_, k, sign, rules);
}

PathTracer::~PathTracer() = default;

bool PathTracer::advance() {
  std::vector<PathArm*> moving;
  std::vector<real> codes;
  for (PathArm& arm : arms_) {
    if (arm.stopped()) continue;
    moving.push_back(&arm);
    for (double value : arm.wanted()) codes.push_back(static_cast<real>(value));
  }
  if (moving.empty()) return false;
  const std::vector<Geometry> at = program_.at(codes, start_.dims);
  for (size_t i = 0; i < moving.size(); ++i) moving[i]->take(at[i]);
  return true;
}

std::vector<Path> PathTracer::paths() const {
  std::vector<Path> paths;
  for (size_t k = 0; 2 * k < arms_.size(); ++k) paths.push_back(join(start_, static_cast<int>(k), arms_[2 * k], arms_[2 * k + 1]));
  return paths;
}

std::vector<Path> trace_paths(GeometryProgram& program, std::span<const real> z_star, const std::vector<int>& dims,
                              const PathRules& rules) {
  PathTracer tracer(program, z_star, dims, rules);
  while (tracer.advance()) continue;
  return tracer.paths();
}

}  // namespace unpick
