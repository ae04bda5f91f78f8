// .safetensors files: what is read, what is written, and what is refused.
#include "native/io/safetensors.h"

#include <cstring>

#include "native/io/files.h"
#include "tests/io_support.h"

namespace unpick::io {
namespace {

// A file made by hand: the header, and `size` bytes of buffer.
Bytes file_of(const std::string& header, size_t size) {
  Bytes file(8);
  const uint64_t length = header.size();
  std::memcpy(file.data(), &length, sizeof length);
  const Bytes text = to_bytes(header);
  file.insert(file.end(), text.begin(), text.end());
  file.resize(file.size() + size);
  return file;
}

std::string tensor(const std::string& shape, const std::string& offsets, const std::string& dtype = "U8") {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

std::string refusal_of_weights(const Bytes& file) {
  return error_of([&] { parse_safetensors(file, "m.safetensors"); });
}
std::string refusal_of_weights(const std::string& header, size_t size) { return refusal_of_weights(file_of(header, size)); }

Tensors example() {
  return {{{"format", "pt"}, {"config", R"({"beta":"4\n"})"}},
          {{"encoder.conv1.weight", Array::of({2, 1, 2}, std::vector<float>{1, 2, 3, 4})},
           {"empty", Array::of({0, 7}, std::vector<float>{})},
           {"step", Array::of({}, std::vector<int64_t>{20000})}}};
}

TEST(Safetensors, WhatIsWrittenIsReadBack) {
  const Tensors back = parse_safetensors(encode_safetensors(example()));
  EXPECT_EQ(back.metadata, example().metadata);
  ASSERT_EQ(back.tensors.size(), 3u);
  EXPECT_EQ(back.find("encoder.conv1.weight")->floats(), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(back.find("encoder.conv1.weight")->shape_str(), "[2,1,2]");
  EXPECT_EQ(back.find("empty")->shape_str(), "[0,7]");
  EXPECT_EQ(back.find("step")->integers(), (std::vector<int64_t>{20000}));
  EXPECT_EQ(back.find("decoder"), nullptr);
}

TEST(Safetensors, TheGivenOrderIsKeptAndWiderTypesGoFirst) {
  Tensors t;
  t.tensors = {{"b", Array::of({1}, std::vector<uint8_t>{1})},
               {"z", Array::of({1}, std::vector<float>{1})},
               {"a", Array::of({1}, std::vector<float>{2})},
               {"n", Array::of({1}, std::vector<int64_t>{3})}};
  std::string order;
  for (const NamedArray& each : parse_safetensors(encode_safetensors(t)).tensors) order += each.name;
  EXPECT_EQ(order, "nzab");
}

TEST(Safetensors, EqualTensorsGiveEqualAlignedBytes) {
  const Bytes file = encode_safetensors(example());
  EXPECT_EQ(file, encode_safetensors(example()));
  uint64_t header = 0;
  std::memcpy(&header, file.data(), sizeof header);
  EXPECT_EQ(header % 8, 0u);
}

TEST(Safetensors, ReadsTheReferenceModel) {
  const std::string path = reference("oracles/pretrained/VAE_dsprites/VAE_dsprites.safetensors");
  SKIP_WITHOUT(path);
  const Tensors model = read_safetensors(path);
  size_t parameters = 0;
  for (const NamedArray& t : model.tensors) parameters += t.array.count();
  EXPECT_EQ(parameters, 502005u);
  EXPECT_TRUE(model.metadata.count("source"));
  const std::string name = "encoder.conv1.weight";
  ASSERT_NE(model.find(name), nullptr);
  EXPECT_EQ(model.find(name)->shape_str(), "[32,1,4,4]");

  const Tensors again = parse_safetensors(encode_safetensors(model));
  ASSERT_EQ(again.tensors.size(), model.tensors.size());
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    EXPECT_EQ(again.tensors[i].name, model.tensors[i].name);
    EXPECT_EQ(again.tensors[i].array.bytes, model.tensors[i].array.bytes);
  }
}

TEST(Safetensors, HalfPrecisionBecomesFloat) {
  Bytes file = file_of(R"({"h":)" + tensor("[1]", "[0,2]", "F16") + R"(,"b":)" + tensor("[1]", "[2,4]", "BF16") + "}", 4);
  file[file.size() - 3] = file[file.size() - 1] = std::byte{0x40};
  const Tensors t = parse_safetensors(file);
  EXPECT_EQ(t.find("h")->floats(), (std::vector<float>{2}));  // 0x4000 in either format
  EXPECT_EQ(t.find("b")->floats(), (std::vector<float>{2}));
}

TEST(Safetensors, LengthsThatCannotBeAreRefused) {
  EXPECT_NE(refusal_of_weights(Bytes(7)), "");
  EXPECT_NE(refusal_of_weights(Bytes(8)), "") << "an empty header";
  for (const uint64_t length :
       {uint64_t{3}, uint64_t{1} << 20, uint64_t{100'000'001}, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{7}}) {
    Bytes file = file_of("{}", 0);
    std::memcpy(file.data(), &length, sizeof length);
    EXPECT_NE(refusal_of_weights(file), "") << length;
  }
  EXPECT_EQ(refusal_of_weights("{}   ", 0), "") << "no tensors at all is a file, and spaces may follow";
}

TEST(Safetensors, OffsetsMustTileTheBuffer) {
  const auto two = [](const std::string& first, const std::string& second) {
    return refusal_of_weights(R"({"a":)" + tensor("[4]", first) + R"(,"b":)" + tensor("[4]", second) + "}", 8);
  };
  EXPECT_EQ(two("[0,4]", "[4,8]"), "");
  EXPECT_EQ(two("[4,8]", "[0,4]"), "") << "the header may name them in any order";
  EXPECT_NE(two("[0,4]", "[3,7]"), "") << "overlap";
  EXPECT_NE(two("[0,4]", "[0,4]"), "") << "the same bytes twice";
  EXPECT_NE(two("[0,4]", "[5,9]"), "") << "gap, and outside";
  EXPECT_NE(two("[1,5]", "[5,9]"), "") << "gap at the start";
  EXPECT_NE(two("[0,4]", "[8,4]"), "") << "backwards";
  EXPECT_NE(two("[0,4]", "[4,18446744073709551615]"), "");
  EXPECT_NE(two("[0,4]", "[4,18446744073709551616]"), "");
  EXPECT_NE(two("[0,4]", "[-4,8]"), "");
  EXPECT_NE(two("[0,4]", "[4.0,8]"), "");
  EXPECT_NE(two("[0,4]", "[4]"), "");
  EXPECT_NE(two("[0,4]", "[4,6,8]"), "");
  EXPECT_NE(refusal_of_weights(R"({"a":)" + tensor("[4]", "[0,4]") + "}", 5), "") << "a byte left over";
}

TEST(Safetensors, ShapesMustMatchTheirBytes) {
  const auto one = [](const std::string& shape, const std::string& dtype = "U8") {
    return refusal_of_weights(R"({"a":)" + tensor(shape, "[0,4]", dtype) + "}", 4);
  };
  EXPECT_EQ(one("[2,2]"), "");
  EXPECT_EQ(one("[1]", "F32"), "");
  for (const char* shape : {"[5]", "[-4]", "[-2,-2]", "[4.0]", "[\"4\"]", "4", "null", "[[4]]", "[18446744073709551615]",
                            "[4294967296,4294967296,4]", "[9223372036854775808,2,2]", "[0,4294967296,4294967296]"}) {
    EXPECT_NE(one(shape), "") << shape;
  }
  EXPECT_EQ(one("[1]", "F8_E4M3"), "m.safetensors, tensor 'a': its type 'F8_E4M3' is not supported; save it as F32");
}

TEST(Safetensors, HeadersThatAreNotThisFormatAreRefused) {
  const std::string good = tensor("[1]", "[0,1]");
  EXPECT_EQ(refusal_of_weights(R"({"a":)" + good + "}", 1), "");
  const std::vector<std::string> bad{std::string("[]"),
                                     std::string("{"),
                                     std::string("null"),
                                     std::string(" {}"),
                                     std::string("{} {}"),
                                     std::string(R"({"a":1})"),
                                     std::string(R"({"a":{}})"),
                                     std::string(R"({"a":{"dtype":"U8"}})"),
                                     R"({"a":)" + good + R"(,"a":)" + good + "}",
                                     R"({"__metadata__":{"a":1},"a":)" + good + "}",
                                     R"({"__metadata__":{"a":"1","a":"2"},"a":)" + good + "}",
                                     R"({"__metadata__":"x","a":)" + good + "}",
                                     R"({"__metadata__":{"a":{}},"a":)" + good + "}",
                                     std::string(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})"),
                                     std::string(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":[1]}})"),
                                     "{\"\xff\":" + good + "}"};
  for (const std::string& header : bad) {
    EXPECT_NE(refusal_of_weights(header, 1), "") << header;
  }
}

TEST(Safetensors, JsonBombsAreRefusedAtOnce) {
  const size_t deep = 2'000'000;
  EXPECT_NE(refusal_of_weights("{\"a\":" + std::string(deep, '['), 0), "");
  std::string objects;
  for (size_t i = 0; i < deep / 5; ++i) objects += "{\"a\":";
  EXPECT_NE(refusal_of_weights(objects, 0), "");
  std::string axes = "[1";
  for (size_t i = 0; i < deep; ++i) axes += ",1";
  EXPECT_NE(refusal_of_weights(R"({"a":)" + tensor(axes + "]", "[0,1]") + "}", 1), "");
}

TEST(Safetensors, AnErrorStaysOneLineWhateverTheName) {
  const std::string line =
      refusal_of_weights(R"({"a\n\u001b[31m)" + std::string(500, 'x') + R"(":)" + tensor("[2]", "[0,1]") + "}", 1);
  EXPECT_NE(line.find("'a??[31mxxx"), std::string::npos) << line;
  EXPECT_LT(line.size(), 300u);
}

TEST(Safetensors, DamageNeverCrashes) {
  const Bytes file = encode_safetensors(example());
  expect_safe_against_damage(file, file.size(), [](const Bytes& bytes) { parse_safetensors(bytes); });
}

TEST(Safetensors, MistakesOfTheCallerAreNotWritten) {
  Tensors twice = example();
  twice.tensors.push_back(twice.tensors[0]);
  EXPECT_THROW(encode_safetensors(twice), ShapeError);
  Tensors short_of_bytes = example();
  short_of_bytes.tensors[0].array.bytes.pop_back();
  EXPECT_THROW(encode_safetensors(short_of_bytes), ShapeError);
}

}  // namespace
}  // namespace unpick::io
