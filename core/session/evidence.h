// The evidence lower bound of a trained model on its data, as the study reports it after training: the three scores of a model that
// need no factors but a decoder.
//
//   reconstruction_loss  mean over images of the cross-entropy of the pixels, summed over the image, one sample of z each; nats
//   kl_loss              mean over images of KL(q(z|x) || N(0,I)), diagonal; nats
//   elbo                 -(reconstruction_loss + kl_loss)
//
// That is for Bernoulli pixels. The variance of others is a setting of the training and not part of a model, so for them it is
//   squared_error        mean over images of |x - d(z)|^2 in place of the first, intensity squared, and no elbo
#pragma once

#include <cstdint>

#include "core/data/dataset.h"
#include "core/metrics/job.h"
#include "core/model/model.h"

namespace unpick {

// Of `batches` batches of 64 images drawn with replacement. What it refers to must outlive the job. Error(usage) for a
// model that does not take these images.
Job evidence(const Model& model, const Dataset& data, Backend& backend, uint64_t seed, int batches = 1000);

}  // namespace unpick
