// `unpick seams`: the geometry of a trained decoder as arrays, as a table of scores with chance levels, and as a picture.
//
//   jacobian.npy [N,D,Z]  derivatives of the mean image, or with --of logits of the logits; D in PyTorch's order C, H, W
//   sv.npy [N,Z]          its singular values, falling
//   v.npy [N,Z,Z]         right singular vectors, in columns, the entry of largest magnitude positive
//   jtj.npy [N,Z,Z]       J'J
//   curvature.npy [N,Z,Z] sum_i (x - d)_i H_i, where images are given
//   hessian.npy [N,Z,Z]   of -log p(x|z) in z, where images are given and the likelihood has one
//   seams.png             |V|, J'J and the curvature, means over the codes
//
// Read next: core/seams/survey.h
#include <cmath>
#include <memory>

#include "core/base/numbers.h"
#include "core/seams/survey.h"
#include "core/session/latents.h"
#include "native/cli/cli.h"
#include "native/cli/progress.h"
#include "native/cli/support.h"
#include "native/io/figures.h"
#include "native/io/npy.h"
#include "native/io/run_directory.h"

namespace unpick::cli {
namespace {

using Eigen::MatrixXd;

constexpr uint32_t kActiveImages = 512;  // that tell which latents are active

struct SeamsOptions {
  std::string model, codes, images, data, of = "mean", out_dir;
  uint32_t count = 64;
  int samples = 16, stein = 256, rotations = 20;
  double beta = kUndefined, sigma2 = kUndefined;
  uint64_t seed = 1;
  bool json = false;
};

// What is to be looked at, and from where it comes.
struct Subject {
  std::string codes, active_from;  // "z.npy", "posterior means of x.npy"
  std::vector<real> z, x;          // [N,Z], [N,H,W,C] or none
  std::vector<GaussianPosterior> q;
  std::vector<int> active;
};

struct Encodings {
  std::vector<real> mu, logvar, L;
};

Encodings encode(Model& model, Backend& backend, std::span<const real> x) {
  const auto width = static_cast<size_t>(model.spec.latent), n = x.size() / static_cast<size_t>(model.spec.image.size());
  Encodings e{std::vector<real>(n * width), std::vector<real>(n * width), std::vector<real>(n * width * width)};
  Encoder(model.spec, model.table, model.weights.span(), backend, 64, true).run(x, e.mu, e.logvar, e.L);
  return e;
}

std::vector<real> render(const Dataset& data, const std::vector<uint32_t>& images) {
  const auto pixels = static_cast<size_t>(data.image().size());
  std::vector<real> x(images.size() * pixels);
  for (size_t i = 0; i < images.size(); ++i) data.render(images[i], std::span(x).subspan(i * pixels, pixels));
  return x;
}

std::unique_ptr<Dataset> open_for(const VaeSpec& spec, const std::string& data) {
  auto opened = open_data(data);
  if (opened->image() != spec.image)
    throw Error(ErrorKind::usage, "data '" + data + "'",
                "has images " + opened->image().str() + ", the model takes " + spec.image.str(),
                "give --data or --images that fit");
  return opened;
}

std::vector<uint32_t> everything(const Dataset& data) {
  std::vector<uint32_t> all(data.size());
  for (uint32_t i = 0; i < data.size(); ++i) all[i] = i;
  return all;
}

// Codes: given, or the means of the images. Images: given, or drawn where there are no codes. Active latents: by --data, else by
// the images that are given, else by the data of training.
Subject collect(const SeamsOptions& o, io::StoredModel& stored, Backend& backend) {
  Model& model = stored.model;
  Subject s;
  std::unique_ptr<Dataset> data;
  if (!o.data.empty() || o.images.empty()) data = open_for(model.spec, o.data.empty() ? stored.info.config.data : o.data);
  if (!o.images.empty()) {
    const auto images = read_images(o.images, model.spec.image);
    s.x = render(*images, everything(*images));
    s.codes = "posterior means of " + o.images;
  } else if (o.codes.empty()) {
    s.x = render(*data, fixed_sample(*data, o.count));
    s.codes = "posterior means of images of " + data->spec();
  }
  Encodings e;
  const auto width = static_cast<size_t>(model.spec.latent);
  if (!s.x.empty()) {
    e = encode(model, backend, s.x);
    for (size_t i = 0; i * width < e.mu.size() && model.spec.objective->samples; ++i)
      s.q.push_back(GaussianPosterior::of(std::span(e.mu).subspan(i * width, width),
                                          std::span(e.L).subspan(i * width * width, width * width)));
    s.z = e.mu;
  }
  if (!o.codes.empty()) {
    const std::vector<float> rows = read_rows(o.codes, model.spec.latent);
    s.z.assign(rows.begin(), rows.end());
    s.codes = o.codes;
  }
  if (!s.x.empty() && s.z.size() / width * static_cast<size_t>(model.spec.image.size()) != s.x.size())
    throw Error(ErrorKind::data, o.images,
                "does not hold one image for each of the " + std::to_string(s.z.size() / width) + " codes",
                "give as many of both, or one of them alone");
  const bool own = !data;
  const std::vector<real> sample = own ? e.mu : encode(model, backend, render(*data, fixed_sample(*data, kActiveImages))).mu;
  s.active = active_latents(sample, model.spec.latent);
  s.active_from = std::to_string(sample.size() / width) + " images of " + (own ? o.images : data->spec());
  return s;
}

// Arrays that grow point by point and are written at the end.
class Arrays {
 public:
  Arrays(const std::string& folder, const VaeSpec& spec, size_t points) : folder_(folder), image_(spec.image), points_(points) {
    if (folder.empty()) return;
    require_writable_size(folder + "/jacobian.npy", points,
                          static_cast<size_t>(spec.image.size()) * static_cast<size_t>(spec.latent) * sizeof(float));
    io::RunDirectory(folder).create();
  }
  void add(const SurveyPoint& p) {
    if (folder_.empty()) return;
    const Geometry& g = p.geometry;
    const Eigen::Index channels = image_[2], plane = g.J.rows() / channels;
    for (Eigen::Index row = 0; row < g.J.rows(); ++row)
      for (const double x : g.J.row(row % plane * channels + row / plane)) jacobian_.push_back(static_cast<float>(x));
    for (const double x : g.s) sv_.push_back(static_cast<float>(x));
    append(v_, g.V);
    append(jtj_, g.G);
    append(curvature_, p.curvature);
    append(hessian_, p.hessian);
  }
  void write(int latent) const {
    if (folder_.empty()) return;
    const auto n = static_cast<int64_t>(points_);
    const io::RunDirectory out(folder_);
    const auto save = [&](const char* name, std::vector<int64_t> shape, const std::vector<float>& values) {
      if (!values.empty()) io::write_npy(out.file(name), io::Array::of(std::move(shape), values));
    };
    save("jacobian.npy", {n, image_.size(), latent}, jacobian_);
    save("sv.npy", {n, latent}, sv_);
    save("v.npy", {n, latent, latent}, v_);
    save("jtj.npy", {n, latent, latent}, jtj_);
    save("curvature.npy", {n, latent, latent}, curvature_);
    save("hessian.npy", {n, latent, latent}, hessian_);
  }

 private:
  static void append(std::vector<float>& to, const MatrixXd& M) {
    for (Eigen::Index i = 0; i < M.rows(); ++i)
      for (const double x : M.row(i)) to.push_back(static_cast<float>(x));
  }
  std::string folder_;
  Shape image_;
  size_t points_;
  std::vector<float> jacobian_, sv_, v_, jtj_, curvature_, hessian_;
};

// The three matrices of the picture, on the active latents, or on all if none is active.
class Picture {
 public:
  explicit Picture(std::vector<int> dims) : dims_(std::move(dims)) {}
  void add(const SurveyPoint& p) {
    const Geometry g = restricted(p.geometry, dims_);
    MatrixXd V(g.V.rows(), g.V.cols());
    for (size_t k = 0; k < g.axis.size(); ++k) V.col(g.axis[k]) = g.V.col(static_cast<Eigen::Index>(k)).cwiseAbs();
    add(V_, V);
    add(G_, g.G.cwiseAbs());
    if (p.curvature.size() > 0) add(C_, p.curvature.cwiseAbs()(g.dims, g.dims));
    if (labels_.empty())
      for (const int latent : g.dims) labels_.push_back("z" + std::to_string(latent));
    ++points_;
  }
  io::Image draw(const std::string& title, const std::string& codes, const std::string& footer) const {
    io::HeatMapFigure figure{title,
                             "Means over " + std::to_string(points_) + " codes: " + codes +
                                 ". Dark is 0, light is 1; off the diagonal, dark is aligned.",
                             footer,
                             labels_,
                             {}};
    figure.maps.push_back({"|V|", "right singular vectors, in the columns of their axes", numbers(V_ / points_)});
    figure.maps.push_back({"J\u1d40J", "|entries|, scaled to 1 on the diagonal", numbers(scaled(G_))});
    if (C_.size() > 0)
      figure.maps.push_back({"residual Hessian",
                             "|\u03a3(x\u2212d)\u1d62H\u1d62|, scaled to 1 on the diagonal, then by the largest",
                             numbers(scaled(C_))});
    return io::heat_map_figure(figure);
  }

 private:
  static void add(MatrixXd& to, const MatrixXd& M) { to = to.size() > 0 ? MatrixXd(to + M) : M; }
  static MatrixXd scaled(const MatrixXd& M) {
    const Eigen::VectorXd d = M.diagonal().cwiseSqrt();
    const MatrixXd ratios = (M.array() / (d * d.transpose()).array()).isFinite().select(M.array() / (d * d.transpose()).array(), 0);
    return ratios / std::max(1.0, ratios.maxCoeff());
  }
  static std::vector<float> numbers(const MatrixXd& M) {
    std::vector<float> values;
    for (Eigen::Index i = 0; i < M.rows(); ++i)
      for (Eigen::Index j = 0; j < M.cols(); ++j) values.push_back(static_cast<float>(M(i, j)));
    return values;
  }
  std::vector<int> dims_;
  std::vector<std::string> labels_;
  MatrixXd V_, G_, C_;
  double points_ = 0;
};

// A5's first number: how far the mean loss of the last tenth of the steps is from that of the tenth before, relative. NaN
// without a log.
double loss_drift(const std::string& model, int64_t step) {
  const io::RunDirectory run(model);
  if (!run.holds_run()) return kUndefined;
  double sum[2] = {0, 0}, n[2] = {0, 0};
  for (const io::MetricsRow& row : run.read_metrics(step)) {
    const double age = static_cast<double>(step - row.losses.step) / static_cast<double>(step);
    if (age >= 0.2) continue;
    const int part = age < 0.1 ? 1 : 0;
    sum[part] += row.losses.loss;
    ++n[part];
  }
  return std::abs(sum[1] / n[1] / (sum[0] / n[0]) - 1);
}

Json json_of(const SurveyScores& scores) {
  Json json{{"latents", scores.dims}, {"rank", scores.rank}, {"least_gap", scores.least_gap}, {"scores", Json::object()}};
  for (const SurveyScore& s : scores.scores)
    json["scores"][s.name] = {
        {"measured", s.mean.measured}, {"rotated", s.mean.rotated}, {"undefined", s.undefined}, {"summary", s.summary}};
  return json;
}

Json json_of(const IdentityCheck& c) {
  return {{"samples", c.samples},
          {"exact", c.exact},
          {"standard_error", c.standard_error},
          {"approximate", c.approximate},
          {"exact_full", c.exact_full},
          {"approximate_full", c.approximate_full},
          {"mean_condition", c.mean_condition},
          {"gap", c.gap}};
}

// A5's second and third number: the identity where it has the least noise, the mean where antithetic samples cancel most of it.
struct WellTrained {
  double identity = kUndefined, mean_condition = kUndefined;
};

WellTrained well_trained(const Survey& result, PosteriorFamily posterior) {
  WellTrained w;
  for (const IdentityCheck& c : result.identity) {
    if (c.expectation == "pointwise") continue;
    w.mean_condition = c.mean_condition;
    if (c.expectation == "sampled") w.identity = posterior == PosteriorFamily::full ? c.exact_full : c.exact;
  }
  return w;
}

struct Report {
  const SeamsOptions& options;
  const io::ModelInfo& info;
  const VaeSpec& spec;
  const Subject& subject;
  const Survey& result;
  double beta, sigma2, drift;
  std::string note;

  std::string list_of(const std::vector<int>& dims) const {
    std::string text;
    for (const int latent : dims) text += " z" + std::to_string(latent);
    return text;
  }

  void json() const {
    const WellTrained trained = well_trained(result, spec.posterior);
    Json document{
        {"model", options.model},
        {"architecture", info.config.model},
        {"posterior", info.config.posterior},
        {"seed", info.config.seed},
        {"step", info.step},
        {"beta", beta},
        {"sigma2", spec.likelihood == Likelihood::gaussian ? Json(sigma2) : Json()},
        {"of", options.of},
        {"codes", subject.codes},
        {"points", result.points},
        {"rotations", options.rotations},
        {"sampling_seed", options.seed},
        {"active",
         {{"count", subject.active.size()},
          {"latents", subject.active},
          {"of", spec.latent},
          {"rule", "standard deviation of posterior means above 0.5"},
          {"images", subject.active_from}}},
        {"well_trained", {{"loss_drift", drift}, {"identity", trained.identity}, {"mean_condition", trained.mean_condition}}},
        {"all", json_of(result.scores.back())},
        {"active_only", subject.active.empty() ? Json() : json_of(result.scores.front())},
        {"identity", Json::object()}};
    for (const IdentityCheck& c : result.identity) document["identity"][c.expectation] = json_of(c);
    if (!note.empty()) document["note"] = note;
    if (!options.out_dir.empty()) document["out_dir"] = options.out_dir;
    print(document);
  }

  void table() const {
    std::string text =
        format("%s: %s, seed %lld, step %lld; %zu codes: %s\n", options.model.c_str(), info.config.model.c_str(),
               static_cast<long long>(info.config.seed), static_cast<long long>(info.step), result.points, subject.codes.c_str());
    text += format("%zu of %d latents are active (%s):%s\n\n", subject.active.size(), spec.latent, subject.active_from.c_str(),
                   list_of(subject.active).c_str());
    const bool two = result.scores.size() == 2;
    text += format("%-56s%s%20s\n", ("of the " + options.of).c_str(), two ? "       active latents" : "", "all latents");
    text += format("%-56s%s%10s%10s\n", "", two ? "   measured  rotated " : "", "measured", "rotated");
    const SurveyScores &first = result.scores.front(), &all = result.scores.back();
    for (size_t i = 0; i < all.scores.size(); ++i) {
      text += format("%-56s", all.scores[i].summary.c_str());
      if (two) text += format(" %10.4g%10.4g", first.scores[i].mean.measured, first.scores[i].mean.rotated);
      text += format("%10.4g%10.4g\n", all.scores[i].mean.measured, all.scores[i].mean.rotated);
    }
    text += format("rank %.1f of %zu, least relative gap of singular values %.2g\n", all.rank, all.dims.size(), all.least_gap);
    if (!result.identity.empty()) {
      const bool full = spec.posterior == PosteriorFamily::full;
      text += format("\nposterior identity, beta %g: medians of %s\n%-22s%10s%12s%14s%16s%12s\n", beta,
                     full ? "|Sigma P - I| / sqrt(Z)" : "|Sigma_jj P_jj - 1| over active latents", "P", "exact", "s.e.",
                     "approximate", "mean condition", "gap, nats");
      for (const IdentityCheck& c : result.identity)
        text += format("%-10s%5d samples%9.4f%12.4f%14.4f%16.4f%12.4g\n", c.expectation.c_str(), c.samples,
                       full ? c.exact_full : c.exact, c.standard_error, full ? c.approximate_full : c.approximate, c.mean_condition,
                       c.gap);
    }
    if (std::isfinite(drift)) text += format("the loss moved by %.2f %% over the last tenth of the steps\n", 100 * drift);
    if (!note.empty()) text += note + "\n";
    if (!options.out_dir.empty()) text += "see " + options.out_dir + "/seams.png\n";
    print(text);
  }
};

int seams(const SeamsOptions& o) {
  io::StoredModel stored = io::read_model(o.model);
  Model& model = stored.model;
  const Config& config = stored.info.config;
  Pool pool;
  const auto backend = make_cpu_backend(pool);
  const Subject subject = collect(o, stored, *backend);

  SurveyRequest request;
  request.logits = o.of == "logits";
  const bool known = std::isfinite(o.beta) || stored.info.step > 0;
  request.beta = !known || !model.spec.objective->samples ? kUndefined
                 : std::isfinite(o.beta)                  ? o.beta
                 : model.spec.objective->reads("beta")    ? config.beta
                                                          : 1;
  request.sigma2 = std::isfinite(o.sigma2) ? o.sigma2 : config.sigma2;
  request.active = subject.active;
  request.samples = o.samples;
  request.stein = o.stein;
  request.rotations = o.rotations;
  request.seed = o.seed;
  request.z = subject.z;
  request.x = subject.x;
  request.q = subject.q;

  const size_t points = subject.z.size() / static_cast<size_t>(model.spec.latent);
  Arrays arrays(o.out_dir, model.spec, points);
  Picture picture(subject.active);
  Survey result;
  {
    Progress progress(static_cast<int64_t>(points));
    int64_t done = 0;
    result = survey(model, request, *backend, [&](const SurveyPoint& p) {
      arrays.add(p);
      if (!o.out_dir.empty()) picture.add(p);
      ++done;
      if (progress.due()) progress.update(done, "codes", "");
    });
  }
  arrays.write(model.spec.latent);
  if (!o.out_dir.empty()) {
    const std::string title =
        std::to_string(subject.active.size()) + " of " + std::to_string(model.spec.latent) + " latents are active";
    io::write_png(io::RunDirectory(o.out_dir).file("seams.png"),
                  picture.draw(title, subject.codes,
                               "unpick seams --model " + o.model + " --of " + o.of + "   (seed " + std::to_string(config.seed) +
                                   ", step " + std::to_string(stored.info.step) + ")"));
  }
  std::string note;
  const std::string obstacle = identity_obstacle(model.spec);
  if (!subject.x.empty() && model.spec.objective->samples && !obstacle.empty())
    note = "the posterior identity is not defined for this model: " + obstacle;
  else if (subject.x.empty())
    note = "no images: no curvature, and no posterior identity";
  else if (!known)
    note = "this model was not trained here, so its beta is unknown: give --beta for the posterior identity";
  const Report report{
      o, stored.info, model.spec, subject, result, request.beta, request.sigma2, loss_drift(o.model, stored.info.step), note};
  o.json ? report.json() : report.table();
  return 0;
}

}  // namespace

void add_seams(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "seams", "the geometry of a decoder: Jacobians, singular vectors, curvature, and scores with chance levels");
  const auto o = std::make_shared<SeamsOptions>();
  command->add_option("--model", o->model, "a run directory, or its model.safetensors")->required()->type_name("DIR|FILE");
  command->add_option("--codes", o->codes, "where to look, [N,Z]; default: the posterior means of the images")->type_name("Z.npy");
  command->add_option("--images", o->images, "the images that belong to the codes; default without codes: some of the data")
      ->type_name("X.npy");
  command->add_option("--data", o->data, "data set, to draw images from and to tell active latents; default: that of training")
      ->type_name("SPEC");
  command->add_option("--count", o->count, "images to draw")->capture_default_str()->check(CLI::Range(1u, 100000u))->type_name("N");
  command->add_option("--of", o->of, "what to differentiate: mean images, or logits")
      ->capture_default_str()
      ->check(CLI::IsMember({"mean", "logits"}))
      ->type_name("mean|logits");
  command->add_option("--samples", o->samples, "samples of q(z|x) for each expectation")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536))
      ->type_name("K");
  command->add_option("--stein", o->stein, "samples of its Stein form, even, 256 or more; 0: leave it out")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 20))
      ->type_name("K");
  command->add_option("--rotations", o->rotations, "random rotations at each code, for the chance levels")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000))
      ->type_name("R");
  command->add_option("--beta", o->beta, "weight of the KL term in training; default: the model's own")
      ->check(CLI::PositiveNumber)
      ->type_name("X");
  command->add_option("--sigma2", o->sigma2, "variance of a pixel in training; default: the model's own")
      ->check(CLI::PositiveNumber)
      ->type_name("X");
  command->add_option("--seed", o->seed, "start of the samples and rotations")->capture_default_str()->type_name("S");
  command->add_option("--out-dir", o->out_dir, "write arrays and seams.png there")->type_name("DIR");
  command->add_flag("--json", o->json, "print the scores as JSON");
  command->callback([o, &run] { run = [o] { return seams(*o); }; });
}

}  // namespace unpick::cli
