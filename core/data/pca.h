// Principal components of a data set: how many directions it has, and how far it reaches along each.
#pragma once

#include <vector>

#include "core/data/dataset.h"

namespace unpick {

// The variances of the first `count` components, falling, in squared units of a pixel; centred, from at most `most` images spread
// evenly over the set. Error(usage) if the data have fewer directions than that.
std::vector<double> principal_variances(const Dataset& data, int count, uint32_t most = 512);

}  // namespace unpick
