// What tests of a decoder's geometry share: a machine of one thread, decoders in closed form, and errors by their words.
#pragma once

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <memory>
#include <string>

#include "core/base/check.h"
#include "core/seams/decoder_map.h"

namespace unpick {

struct Machine {
  Pool pool{1};
  std::unique_ptr<Backend> backend = make_cpu_backend(pool);
};

inline Eigen::MatrixXd normal_matrix(int rows, int columns, uint32_t step) {
  std::vector<real> values(static_cast<size_t>(rows * columns));
  Rng(11, Stream::test).fill_normal(values, step);
  return Eigen::Map<const Eigen::MatrixXd>(values.data(), rows, columns);
}

// x -> W x, any W.
inline DecoderMap linear_map(const Eigen::MatrixXd& W) {
  return {static_cast<int>(W.cols()), static_cast<int>(W.rows()), [W](Recorder& r, Var z) {
            Var result = r.graph.fill({z.shape()[0], static_cast<int>(W.rows())}, 0);
            for (int i = 0; i < W.rows(); ++i)
              for (int j = 0; j < W.cols(); ++j) {
                const Var column = slice(z, 1, j, 1);
                const Var scaled = affine(column, W(i, j));
                const Var placed = pad(scaled, 1, i, static_cast<int>(W.rows()));
                result = result + placed;
              }
            return result;
          }};
}

template <class Action>
void expect_error(ErrorKind kind, const std::string& part, Action&& action) {
  try {
    action();
    ADD_FAILURE() << "no error about '" << part << "'";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

}  // namespace unpick
