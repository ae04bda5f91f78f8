// .npy files: what is read, what is written, and what is refused.
#include "native/io/npy.h"

#include <cmath>

#include "native/io/files.h"
#include "tests/io_support.h"

namespace unpick::io {
namespace {

// An .npy file made by hand.
Bytes npy(const std::string& dictionary, std::string_view data, int version = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>(dictionary.size() >> 8 * i & 255);
  return to_bytes(file + dictionary + std::string(data));
}

Bytes npy_of_shape(const std::string& shape, std::string_view data = "") {
  return npy("{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + ", }", data);
}

std::string refusal(const Bytes& file) {
  return error_of([&] { parse_npy(file, "x.npy"); });
}

TEST(Npy, WhatIsWrittenIsReadBack) {
  const std::vector<float> values{0, -1.5f, 3, 1e-30f, 5, 6};
  const Array back = parse_npy(encode_npy(Array::of({2, 3}, values)));
  EXPECT_EQ(back.dtype, DType::f32);
  EXPECT_EQ(back.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(back.floats(), values);
}

TEST(Npy, EveryTypeComesBackAsItself) {
  const auto round_trip = [](auto value) {
    using T = decltype(value);
    const Array back = parse_npy(encode_npy(Array::of({1}, std::vector<T>{value})));
    EXPECT_EQ(back.view<T>()[0], value);
    EXPECT_EQ(back.floats()[0], static_cast<float>(value));
    EXPECT_EQ(back.integers()[0], static_cast<int64_t>(value));
  };
  round_trip(uint8_t{200});
  round_trip(int8_t{-100});
  round_trip(int32_t{-70000});
  round_trip(int64_t{1} << 40);
  round_trip(float{12});
  round_trip(double{-3});
}

TEST(Npy, AFileOfNumPyIsWrittenBackByteForByte) {
  for (const char* name : {"frame_indices.npy", "inputs32.npy", "gif_frames.npy", "VAE_dsprites/kl_per_latent_gif320.npy"}) {
    const std::string path = reference(std::string("oracles/pretrained/") + name);
    SKIP_WITHOUT(path);
    EXPECT_EQ(encode_npy(read_npy(path)), read_file(path)) << name;
  }
}

TEST(Npy, ReadsTheReferenceImages) {
  const std::string path = reference("oracles/pretrained/inputs32.npy");
  SKIP_WITHOUT(path);
  const Array images = read_npy(path);
  EXPECT_EQ(images.shape_str(), "[32,1,64,64]");
  for (const float pixel : images.floats()) ASSERT_TRUE(pixel == 0 || pixel == 1);
}

TEST(Npy, FortranOrderIsTurnedIntoCOrder) {
  // [2,3] with value 10 * row + column, columns kept together.
  const std::string dictionary = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }";
  const Array array = parse_npy(npy(dictionary, std::string_view("\0\12\1\13\2\14", 6)));
  EXPECT_EQ(array.integers(), (std::vector<int64_t>{0, 1, 2, 10, 11, 12}));

  // [2,2,2] counts 0..7 in Fortran order: the last axis is the slowest.
  const std::string cube = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2), }";
  EXPECT_EQ(parse_npy(npy(cube, std::string_view("\0\1\2\3\4\5\6\7", 8))).integers(),
            (std::vector<int64_t>{0, 4, 2, 6, 1, 5, 3, 7}));
}

TEST(Npy, ReadsAllThreeFormatsAndAnyKeyOrder) {
  for (const int version : {1, 2, 3}) {
    const Bytes file = npy("{\"shape\":(2,),'descr':'|b1' , 'fortran_order':False}\n", std::string_view("\1\0", 2), version);
    EXPECT_EQ(parse_npy(file).integers(), (std::vector<int64_t>{1, 0})) << version;
  }
}

TEST(Npy, ASingleNumberHasNoAxes) {
  const Array back = parse_npy(encode_npy(Array::of({}, std::vector<double>{2.5})));
  EXPECT_TRUE(back.shape.empty());
  EXPECT_EQ(back.doubles(), (std::vector<double>{2.5}));
}

TEST(Npy, HalfPrecisionBecomesFloat) {
  const Array a =
      parse_npy(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }", std::string_view("\0\x3c\1\0\xff\x7b\0\xfc", 8)));
  EXPECT_EQ(a.dtype, DType::f32);
  EXPECT_EQ(a.floats(), (std::vector<float>{1, 0x1p-24f, 65504, -INFINITY}));
}

TEST(Npy, IntegersFromFloatsMustBeWhole) {
  EXPECT_EQ(Array::of({2}, std::vector<float>{3, -4}).integers(), (std::vector<int64_t>{3, -4}));
  for (const double bad : {0.5, 1e300, static_cast<double>(NAN)}) {
    EXPECT_NE(error_of([&] { Array::of({1}, std::vector<double>{bad}).integers(); }), "") << bad;
  }
}

TEST(Npy, RefusalsSayWhatWhyAndWhatToDo) {
  const auto typed = [](const std::string& descr) {
    return refusal(npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,), }", "12345678"));
  };
  EXPECT_EQ(typed("'|O'"), "x.npy: it holds pickled Python objects, which are never loaded; save plain numbers");
  EXPECT_EQ(typed("'>f8'"), "x.npy: it is big-endian ('>f8'); save it with .astype('<f4')");
  EXPECT_EQ(typed("'<c8'"), "x.npy: its type '<c8' is not supported; save it with .astype('float32') or .astype('int32')");
  EXPECT_EQ(typed("[('a', '<f4')]"), "x.npy: it has a structured type; save each field as an array of its own");
  EXPECT_EQ(refusal(npy_of_shape("(4,)", "123")),
            "x.npy: its shape needs 4 bytes of data and it has 3; copy it again, it was cut short");
  EXPECT_EQ(refusal(npy_of_shape("(2,)", "123")),
            "x.npy: its shape needs 2 bytes of data and it has 3; save one array in one file");
  EXPECT_EQ(refusal(to_bytes("PK\3\4")), "x.npy: it is not an .npy file; save it again with numpy.save");
}

TEST(Npy, HostileShapesAreRefused) {
  for (const char* shape : {"(-1,)", "(999999999999999999,)", "(9999999999999999999999,)", "(4294967296, 4294967296)",
                            "(0, 4294967296, 4294967296)", "(1", "1,)", "(,)", "[1]", "(1.5,)", "None", "(1,)(1,)"}) {
    EXPECT_NE(refusal(npy_of_shape(shape, "1")), "") << shape;
  }
  std::string many = "(";
  for (int i = 0; i < 33; ++i) many += "1,";
  EXPECT_NE(refusal(npy_of_shape(many + ")", "1")), "");
}

TEST(Npy, HostileHeadersAreRefused) {
  const std::string good = "'descr': '|u1', 'fortran_order': False, 'shape': (1,)";
  EXPECT_EQ(refusal(npy("{" + good + "}", "1")), "");
  const std::vector<std::string> bad{std::string(),
                                     good,
                                     "{" + good,
                                     "{" + good + ", 'x': 1}",
                                     "{" + good + ", " + good + "}",
                                     "{" + good + "} x",
                                     std::string("{'descr': '|u1'}"),
                                     "{" + good + ", 'shape': (1,)}",
                                     std::string("{'a\nb': 1}")};
  for (const std::string& text : bad) {
    EXPECT_NE(refusal(npy(text, "1")), "") << text;
  }
  EXPECT_NE(refusal(to_bytes(std::string("\x93NUMPY\2\0\xff\xff\xff\xff{", 13))), "") << "a header longer than the file";
}

TEST(Npy, DamageNeverCrashes) {
  const Bytes file = encode_npy(Array::of({3, 2}, std::vector<int32_t>{1, 2, 3, 4, 5, 6}));
  expect_safe_against_damage(file, 128, [](const Bytes& bytes) { parse_npy(bytes); });
}

}  // namespace
}  // namespace unpick::io
