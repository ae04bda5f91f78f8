// See pca.h. Through the images' Gram matrix: they are fewer than their pixels.
#include "core/data/pca.h"

#include <algorithm>

#include "core/base/decompositions.h"

namespace unpick {

std::vector<double> principal_variances(const Dataset& data, int count, uint32_t most) {
  const uint32_t n = std::min(data.size(), most);
  Eigen::MatrixXd X(n, data.image().size());
  std::vector<real> pixels(static_cast<size_t>(X.cols()));
  for (uint32_t i = 0; i < n; ++i) {
    data.render(static_cast<uint32_t>(uint64_t{i} * data.size() / n), pixels);
    for (Eigen::Index k = 0; k < X.cols(); ++k) X(i, k) = pixels[static_cast<size_t>(k)];
  }
  X.rowwise() -= X.colwise().mean().eval();
  const bool wide = X.cols() > X.rows();
  const Eigen::MatrixXd gram = wide ? Eigen::MatrixXd(X * X.transpose()) : Eigen::MatrixXd(X.transpose() * X);
  const Eigen::VectorXd all = spectrum(gram).values / n;
  std::vector<double> variances;
  for (Eigen::Index k = 0; k < all.size() && static_cast<int>(variances.size()) < count; ++k)
    if (all(k) > 1e-9 * all(0)) variances.push_back(all(k));
  if (static_cast<int>(variances.size()) < count)
    throw Error(
        ErrorKind::usage, "prior 'anisotropic'",
        "the data vary in " + std::to_string(variances.size()) + " directions, the model has " + std::to_string(count) + " latents",
        "lower --latent, or use --prior normal");
  return variances;
}

}  // namespace unpick
