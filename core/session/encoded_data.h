// A trained model over a data set of factors, as metrics see it: factors in, posterior means out.
//
// Why a table: the study's BetaVAE and FactorVAE scores ask for 2.9 million codes of dSprites, which has 737,280 images. Each image
// is drawn and encoded once, when it is first asked for, and looked up from then on.
//
// Read next: core/metrics/representation.h, core/session/evidence.h
#pragma once

#include <vector>

#include "core/data/dataset.h"
#include "core/metrics/representation.h"
#include "core/model/model.h"

namespace unpick {

class EncodedData : public Representation {
 public:
  // Keeps references to all but the model's table. Labels are the factors that vary; data without any are one factor that numbers
  // the images. Error(usage) if the model does not take these images or there are fewer than two; Error(data) if factors do not
  // number the images as a grid.
  EncodedData(const Model& model, const Dataset& data, Backend& backend, Pool& pool);

  const std::vector<int>& sizes() const override { return sizes_; }
  bool labelled() const override { return labelled_; }
  Eigen::MatrixXf encode(const Eigen::MatrixXi& factors) override { return rows(mean_, factors); }
  Eigen::MatrixXf log_variances(const Eigen::MatrixXi& factors) override { return rows(logvar_, factors); }

  void encode_ahead(uint32_t from, uint32_t to);                       // images from..to-1, so that asking for them is quick
  std::vector<uint32_t> images(const Eigen::MatrixXi& factors) const;  // their indices in the data set
  uint32_t encoded() const { return encoded_; }                        // images encoded so far

 private:
  using Table = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::MatrixXf rows(const Table& table, const Eigen::MatrixXi& factors);
  void encode_missing(const std::vector<uint32_t>& images);

  const Dataset& data_;
  Pool& pool_;
  Parameters parameters_;
  Encoder encoder_;
  std::vector<int> sizes_;
  bool labelled_ = true;
  Table mean_, logvar_;  // [images,Z]
  std::vector<bool> known_;
  uint32_t encoded_ = 0;
  std::vector<real> pixels_;  // [B,H,W,C]
};

}  // namespace unpick
