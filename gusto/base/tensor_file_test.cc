#include "gusto/base/tensor_file.h"

#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/json.h"
#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

std::string sample() {
  TensorWriter out;
  out.add("flags", std::vector<std::uint8_t>{1, 2, 3});
  Matrix<float> factors(2, 3);
  for (std::size_t i = 0; i < 6; ++i) factors.values()[i] = static_cast<float>(i) / 2;
  out.add("factors", factors);
  out.add("offsets", std::vector<std::uint64_t>{0, 7});
  out.add_text("title", "Amélie");
  out.add("empty", std::vector<double>{});
  out.set_metadata("note", R"(quotes " and "xxh3_header":" inside)");
  return out.serialize();
}

std::uint64_t header_size(const std::string& bytes) {
  std::array<char, 8> length{};
  std::copy_n(bytes.begin(), 8, length.begin());
  return std::bit_cast<std::uint64_t>(length);
}

// A file with this header, as a careful forger would make it: padded, with a header checksum that fits.
std::string forge(Json header, std::string data = {}, bool with_checksum = true, std::size_t padding = 0) {
  const auto zeros = std::string(16, '0');
  if (with_checksum) header["__metadata__"]["xxh3_header"] = zeros;
  std::string json = print_json(header);
  json.append((64 - (json.size() + 8) % 64) % 64 + padding, ' ');
  if (with_checksum) {
    const std::string key = "\"xxh3_header\":\"";
    json.replace(json.find(key) + key.size(), 16, to_hex(xxh3(std::as_bytes(std::span(json)), json.size())));
  }
  const auto length = std::bit_cast<std::array<char, 8>>(static_cast<std::uint64_t>(json.size()));
  return std::string(length.data(), 8) + json + data;
}

std::string checksum(const std::string& data) { return to_hex(xxh3(std::as_bytes(std::span(data)))); }

Json tensor(std::string type, std::vector<std::uint64_t> shape, std::uint64_t begin, std::uint64_t end) {
  return {{"dtype", std::move(type)}, {"shape", std::move(shape)}, {"data_offsets", {begin, end}}};
}

// The message of the corrupt_file error that reading gives, or what happened instead.
std::string complaint(std::string bytes) {
  try {
    TensorFile::parse(std::move(bytes), "m.gusto");
  } catch (const Error& error) {
    return error.code() == ErrorCode::corrupt_file ? error.message() : std::string(to_string(error.code()));
  }
  return "no error";
}

TEST(TensorFile, RoundTrip) {
  const TensorFile file = TensorFile::parse(sample(), "sample");
  EXPECT_THAT(file.names(), testing::ElementsAre("empty", "factors", "flags", "offsets", "title"));
  EXPECT_THAT(file.values<std::uint8_t>("flags"), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(file.vector<std::uint64_t>("offsets", 2), testing::ElementsAre(0, 7));
  EXPECT_THAT(file.matrix<float>("factors", 2, 3).values(), testing::ElementsAre(0, .5, 1, 1.5, 2, 2.5));
  EXPECT_THAT(file.shape("factors"), testing::ElementsAre(2, 3));
  EXPECT_EQ(file.text("title"), "Amélie");
  EXPECT_TRUE(file.values<double>("empty").empty());
  EXPECT_EQ(file.metadata("note"), R"(quotes " and "xxh3_header":" inside)");
  EXPECT_TRUE(file.has("flags"));
  EXPECT_FALSE(file.has("none"));
  EXPECT_FALSE(file.has_metadata("none"));
}

TEST(TensorFile, RoundTripThroughAFile) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "tensor_file_test.gusto";
  TensorWriter out;
  out.add("numbers", std::vector<double>{1, 2, 3});
  out.write(path);
  const TensorFile file = TensorFile::open(path);
  EXPECT_THAT(file.values<double>("numbers"), testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(std::filesystem::file_size(path), out.serialize().size());
  std::filesystem::remove(path);
}

TEST(TensorFile, WithoutTensors) {
  EXPECT_TRUE(TensorFile::parse(TensorWriter().serialize(), "empty").names().empty());
}

TEST(TensorFile, TakesTensorsThatLieElsewhere) {
  const std::vector<std::uint32_t> numbers{7, 8, 9};
  const std::span<const std::byte> bytes = std::as_bytes(std::span(numbers));
  TensorWriter copied, viewed, handed_over;
  copied.add("numbers", numbers);
  viewed.add_view("numbers", std::span<const std::uint32_t>(numbers));
  const auto in_pieces = [&](const ByteSink& sink) {
    sink(bytes.first(5));
    sink(bytes.subspan(5));
  };
  handed_over.add_source("numbers", TensorType::u32, {3}, {bytes.size(), xxh3(bytes), in_pieces});
  EXPECT_EQ(viewed.serialize(), copied.serialize());
  EXPECT_EQ(handed_over.serialize(), copied.serialize());
  Matrix<float> matrix(2, 3);
  matrix(1, 2) = 5;
  TensorWriter copied_matrix, viewed_matrix;
  copied_matrix.add("matrix", matrix);
  viewed_matrix.add_view("matrix", matrix);
  EXPECT_EQ(viewed_matrix.serialize(), copied_matrix.serialize());

  TensorWriter broken;
  broken.add_source("numbers", TensorType::u32, {3}, {bytes.size(), 0, [&](const ByteSink& s) { s(bytes.first(8)); }});
  EXPECT_THROW(broken.serialize(), Error);
}

TEST(TensorFile, ChecksumsMayBeComparedWhenATensorIsUsed) {
  std::string bytes = sample();
  bytes.back() = 'x';  // of the last tensor, "title"
  EXPECT_EQ(complaint(bytes), "m.gusto cannot be used: tensor \"title\" does not match its checksum.");
  const TensorFile file = TensorFile::parse(bytes, "m.gusto", Checksums::on_use);
  EXPECT_EQ(file.count<std::uint8_t>("title"), 7U);
  EXPECT_THAT(file.values<std::uint8_t>("flags"), testing::ElementsAre(1, 2, 3));
  EXPECT_THROW(file.text("title"), Error);
  EXPECT_THROW(file.text("title"), Error);
  EXPECT_THROW(file.check(), Error);
  EXPECT_THROW(file.count<float>("title"), Error);
  bytes = sample();
  TensorFile::parse(bytes, "m.gusto", Checksums::on_use).check();
}

TEST(TensorFile, IsKnownByItsHead) {
  const test::TemporaryFolder folder;
  EXPECT_TRUE(is_tensor_file(folder.write("empty", TensorWriter().serialize())));
  EXPECT_TRUE(is_tensor_file(folder.write("head", sample().substr(0, 9))));
  EXPECT_FALSE(is_tensor_file(folder.write("cut", sample().substr(0, 8))));
  EXPECT_FALSE(is_tensor_file(folder.write("text", "1,2,3,4\n{}\n")));
  EXPECT_FALSE(is_tensor_file(folder.path()));
  EXPECT_FALSE(is_tensor_file(folder.path() / "none"));
}

TEST(TensorFile, LayoutIsAsDocumented) {
  const std::string bytes = sample();
  EXPECT_EQ((8 + header_size(bytes)) % 64, 0U);
  const auto header = parse_json(bytes.substr(8, header_size(bytes)));
  const auto begin = [&](const char* name) { return header[name]["data_offsets"][0].get<std::uint64_t>(); };
  EXPECT_EQ(begin("offsets"), 0U);  // eight bytes an element come first
  EXPECT_EQ(begin("empty"), 16U);
  EXPECT_EQ(begin("factors"), 16U);
  EXPECT_EQ(begin("flags"), 40U);
  EXPECT_EQ(begin("title"), 43U);  // then in the order written
  EXPECT_EQ(bytes, sample());
}

TEST(TensorFile, AsksForWhatIsNotThereAreErrors) {
  const TensorFile file = TensorFile::parse(sample(), "m.gusto");
  const auto code = [](const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  EXPECT_EQ(code([&] { file.values<float>("none"); }), ErrorCode::corrupt_file);
  EXPECT_EQ(code([&] { file.values<double>("factors"); }), ErrorCode::corrupt_file);
  EXPECT_EQ(code([&] { file.vector<float>("factors", 6); }), ErrorCode::corrupt_file);
  EXPECT_EQ(code([&] { file.matrix<float>("factors", 3, 2); }), ErrorCode::corrupt_file);
  EXPECT_EQ(code([&] { file.metadata("none"); }), ErrorCode::corrupt_file);
  EXPECT_EQ(code([&] { TensorFile::open("no/such/file"); }), ErrorCode::not_found);
}

TEST(TensorFile, WriterRefusesMisuse) {
  TensorWriter out;
  out.add("a", std::vector<float>{1});
  EXPECT_THROW(out.add("a", std::vector<float>{1}), Error);
  EXPECT_THROW(out.add("__metadata__", std::vector<float>{1}), Error);
  EXPECT_THROW(out.add("b\xff", std::vector<float>{1}), Error);
  EXPECT_THROW(out.add_bytes("b", TensorType::f32, {2}, {}), Error);
  EXPECT_THROW(out.add_bytes("b", TensorType::f32, {std::uint64_t{1} << 62, 8}, {}), Error);
  EXPECT_THROW(out.set_metadata("xxh3", "{}"), Error);
  EXPECT_THROW(out.set_metadata("note", "\xff"), Error);
}

RC_GTEST_PROP(TensorFile, AnyNumbersSurvive, (const std::vector<std::uint32_t>& numbers, const std::string& text)) {
  TensorWriter out;
  out.add("numbers", numbers);
  out.add_text("text", text);
  const TensorFile file = TensorFile::parse(out.serialize(), "any");
  RC_ASSERT(file.vector<std::uint32_t>("numbers", numbers.size()) == numbers);
  RC_ASSERT(file.text("text") == text);
}

TEST(TensorFileDamage, AnyChangedByteIsDetected) {
  const std::string intact = sample();
  for (std::size_t i = 0; i < intact.size(); ++i) {
    for (const int flip : {1, 0x20, 0x80, 0xff}) {
      std::string damaged = intact;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      ASSERT_THAT(complaint(damaged), testing::StartsWith("m.gusto cannot be used: "))
          << "byte " << i << " by " << flip;
    }
  }
}

TEST(TensorFileDamage, AnyCutIsDetected) {
  const std::string intact = sample();
  for (std::size_t size = 0; size < intact.size(); ++size) {
    ASSERT_THAT(complaint(intact.substr(0, size)), testing::StartsWith("m.gusto cannot be used: ")) << size;
  }
  EXPECT_THAT(complaint(intact + "x"), testing::HasSubstr("1 bytes follow its last tensor"));
}

RC_GTEST_PROP(TensorFileDamage, NoBytesAreReadBeyondTheirBounds, (const std::string& bytes)) {
  RC_ASSERT(complaint(bytes) != "no error");
}

TEST(TensorFileDamage, ForgedHeadersAreRefused) {
  using testing::HasSubstr;
  const std::string data = "12345678";
  const auto with = [&](Json header) {
    header["__metadata__"]["xxh3"] = print_json(Json{{"a", checksum(data)}});
    return complaint(forge(std::move(header), data));
  };
  EXPECT_EQ(with({{"a", tensor("F32", {2}, 0, 8)}}), "no error");
  EXPECT_EQ(with({{"a", tensor("F32", {2, 1, 1}, 0, 8)}}), "no error");
  EXPECT_THAT(with({{"a", tensor("F32", {3}, 0, 12)}}), HasSubstr("before its tensors do"));
  EXPECT_THAT(with({{"a", tensor("F32", {1}, 0, 4)}}), HasSubstr("4 bytes follow"));
  EXPECT_THAT(with({{"a", tensor("F32", {1}, 4, 8)}}), HasSubstr("gap"));
  EXPECT_THAT(with({{"a", tensor("U8", {8}, 0, 8)}, {"b", tensor("U8", {4}, 4, 8)}}), HasSubstr("overlap"));
  EXPECT_THAT(with({{"a", tensor("F32", {3}, 0, 8)}}), HasSubstr("cannot lie at bytes 0 to 8"));
  EXPECT_THAT(with({{"a", tensor("F32", {2}, 8, 0)}}), HasSubstr("cannot lie"));
  EXPECT_THAT(with({{"a", tensor("F32", {1ULL << 63, 2, 1}, 0, 8)}}), HasSubstr("cannot lie"));
  EXPECT_THAT(with({{"a", tensor("F32", {1ULL << 62, 4}, 0, 0)}}), HasSubstr("cannot lie"));
  EXPECT_THAT(with({{"a", tensor("U8", {2}, 0, 2)}, {"b", tensor("F32", {1}, 2, 6)}}), HasSubstr("not aligned"));
  EXPECT_THAT(with({{"a", tensor("F16", {4}, 0, 8)}}), HasSubstr("unknown type"));
  EXPECT_THAT(with({{"a", {{"dtype", "F32"}}}}), HasSubstr("malformed"));
  EXPECT_THAT(with({{"a", 1}}), HasSubstr("malformed"));
  EXPECT_THAT(with({{"a", {{"dtype", "F32"}, {"shape", {-2}}, {"data_offsets", {0, 8}}}}}), HasSubstr("malformed"));
  EXPECT_THAT(with({{"a", {{"dtype", "F32"}, {"shape", {2.0}}, {"data_offsets", {0, 8}}}}}), HasSubstr("malformed"));
  EXPECT_THAT(with({{"b", tensor("F32", {2}, 0, 8)}}), HasSubstr("tensor \"b\" has no checksum"));
  EXPECT_THAT(complaint(forge({{"a", tensor("F32", {2}, 0, 8)}}, data)), HasSubstr("no checksums"));
  EXPECT_THAT(complaint(forge({{"a", tensor("F32", {2}, 0, 8)}}, data, false)),
              HasSubstr("header carries no checksum"));
  EXPECT_THAT(complaint(forge({{"a", tensor("F32", {2}, 0, 8)}}, data, true, 4)), HasSubstr("data are not aligned"));
  EXPECT_THAT(complaint(forge({{"__metadata__", {{"n", 1}}}})), HasSubstr("not a string"));
  EXPECT_THAT(complaint(forge(Json::array(), {}, false)), HasSubstr("not a JSON object"));
}

std::string raw_header(const std::string& json) {
  const auto length = std::bit_cast<std::array<char, 8>>(static_cast<std::uint64_t>(json.size()));
  return std::string(length.data(), 8) + json;
}

TEST(TensorFileDamage, HeadersThatAreNotPlainJsonAreRefused) {
  using testing::HasSubstr;
  EXPECT_THAT(complaint(raw_header("not json")), HasSubstr("not JSON"));
  EXPECT_THAT(complaint(raw_header(R"({"a": 1, "a": 2})")), HasSubstr("names \"a\" twice"));
  EXPECT_THAT(complaint(raw_header(std::string(1'000'000, '['))), HasSubstr("nested too deeply"));
  EXPECT_THAT(complaint(raw_header("{\"\xff\": 1}")), HasSubstr("not JSON"));
  EXPECT_THAT(complaint(std::string(8, '\xff') + "{}"), HasSubstr("it is no model file"));
  EXPECT_THAT(complaint("model = \"svd.gusto\"\n"), HasSubstr("it is no model file"));
  EXPECT_THAT(complaint(raw_header("{}  ").substr(0, 10)),
              HasSubstr("its header is said to take 4 bytes, and the file"));
}

}  // namespace
}  // namespace gusto
