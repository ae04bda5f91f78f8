// What a sample of the data says about latents, in words: the titles and labels of every front end.
#pragma once

#include <string>

#include "core/session/latents.h"

namespace unpick {

std::string number_word(size_t n);  // "three"; from 13 on digits

// "Three of ten latents are in use, and each follows a factor of its own"
std::string describe_latents(const LatentSample& sample);

// "z3 follows posX, |r| 0.98", "z7 is not in use"
std::string describe_latent(const LatentSample& sample, int latent);

}  // namespace unpick
