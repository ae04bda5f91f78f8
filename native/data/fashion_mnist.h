// Pictures of garments, [32,32,1] in grey, of ten classes: Fashion-MNIST from its own files, or a drawn stand-in that needs none.
//
//   fashion-mnist:DIR              60,000 pictures: train-images-idx3-ubyte and train-labels-idx1-ubyte in DIR, also as .gz
//   fashion-mnist:DIR,split=test   10,000 others: t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte
//   fashion, fashion:split=test    the stand-in, as many (garments.h)
//
// Why here and not in core/data: pages cannot read folders, and the stand-in would cost every visitor its bytes.
// Invariants: the published 28x28 pictures stand in the middle of 32x32, with two black pixels on each side, as in Mathieu et al.
// 2019; the one factor is the class. Source: Xiao, Rasul & Vollgraf 2017, https://github.com/zalandoresearch/fashion-mnist. Read
// next: native/io/idx.h
#pragma once

#include <memory>
#include <string>

#include "core/data/dataset.h"
#include "native/io/array.h"

namespace unpick {

// A data set of those above; null if the spec names none of them. Error(usage) for a setting that is not understood, Error(data)
// for files that are missing or are not those of Fashion-MNIST.
std::unique_ptr<Dataset> open_fashion(const std::string& spec);

// Pictures [N,28,28] and their classes [N], 0 to 9, as that data set. Error(data) for others; `name` is its spec.
std::unique_ptr<Dataset> fashion_of(const io::Array& pictures, const io::Array& labels, const std::string& name);

}  // namespace unpick
