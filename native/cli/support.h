// What several commands share: opening data and models, checking arrays, printing results.
//
// Read next: native/cli/cli.h
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/data/image_array.h"
#include "native/io/array.h"

namespace unpick::cli {

using Json = nlohmann::ordered_json;

// A data set by its spec: "dsprites", a slice of it, "fashion-mnist:DIR", or a path that ends in .npy.
std::unique_ptr<Dataset> open_data(const std::string& spec);

// Images from an .npy file: uint8 (0 and 1, or 0..255) or floats in [0,1], as [N,H,W], [N,H,W,C], [N,C,H,W] or [N,H*W*C],
// where C is 1 or 3 and flat images are in PyTorch's order C, H, W. `expected` [H,W,C] is what a model takes; without it,
// flat images must be square. Throws Error(data) for anything else.
std::unique_ptr<ImageArray> read_images(const std::string& path, std::optional<Shape> expected = {});

// A matrix [N,width] of finite numbers with N >= 1, or Error(data) naming `path`.
std::vector<float> read_rows(const std::string& path, int width);

// "[H,W,C]" pixels as files have them, [C,H,W]: PyTorch's order. Returns `from` unchanged if C is 1.
std::vector<float> channels_first(std::vector<float> images, Shape image);

// Error(data) if `count` items of `bytes` each are more than one file may hold.
void require_writable_size(const std::string& what, size_t count, size_t bytes);

// The whole of stdout's text; Error(failed) if it cannot be written (a full disk, a closed pipe).
void print(const std::string& text);
void print(const Json& json);

std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

}  // namespace unpick::cli
