#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/file.h"
#include "gusto/base/hash.h"
#include "gusto/base/json.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/tensor_format.h"
#include "gusto/base/text.h"

namespace gusto {

using namespace tensor_format;

void TensorWriter::add_bytes(std::string name, TensorType type, std::vector<std::uint64_t> shape,
                             std::span<const std::byte> bytes) {
  const auto kept = std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
  add_source(std::move(name), type, std::move(shape),
             {bytes.size(), xxh3(bytes), [kept](const ByteSink& sink) { sink(*kept); }});
}

void TensorWriter::add_view(std::string name, TensorType type, std::vector<std::uint64_t> shape,
                            std::span<const std::byte> bytes) {
  add_source(std::move(name), type, std::move(shape),
             {bytes.size(), xxh3(bytes), [bytes](const ByteSink& sink) { sink(bytes); }});
}

void TensorWriter::add_source(std::string name, TensorType type, std::vector<std::uint64_t> shape,
                              TensorSource source) {
  const std::optional<std::uint64_t> count = checked_product(shape);
  if (!count || *count > std::numeric_limits<std::uint64_t>::max() / size_of(type) ||
      *count * size_of(type) != source.size) {
    throw Error(ErrorCode::internal, fmt::format("Tensor {} of shape {} and type {} was given {} bytes.", quote(name),
                                                 shape_text(shape), to_string(type), source.size));
  }
  const bool taken = std::any_of(tensors_.begin(), tensors_.end(), [&](const Tensor& t) { return t.name == name; });
  if (taken || name == kMetadata || !is_utf8(name)) {
    throw Error(ErrorCode::internal, fmt::format("Tensor name {} is taken or not allowed.", quote(name)));
  }
  tensors_.push_back({std::move(name), type, std::move(shape), std::move(source)});
}

void TensorWriter::set_metadata(std::string key, std::string value) {
  if (key == kChecksums || key == kHeaderChecksum || !is_utf8(key)) {
    throw Error(ErrorCode::internal, fmt::format("Metadata key {} is not allowed.", quote(key)));
  }
  if (!is_utf8(value)) {
    throw Error(ErrorCode::invalid_input, fmt::format("The text to store as {} is not UTF-8: {}.", key, quote(value)),
                "Convert it to UTF-8 first.");
  }
  metadata_.insert_or_assign(std::move(key), std::move(value));
}

std::vector<const TensorWriter::Tensor*> TensorWriter::in_data_order() const {
  std::vector<const Tensor*> order;
  for (const Tensor& tensor : tensors_) order.push_back(&tensor);
  std::stable_sort(order.begin(), order.end(),
                   [](const Tensor* a, const Tensor* b) { return size_of(a->type) > size_of(b->type); });
  return order;
}

std::string TensorWriter::head(const std::vector<const Tensor*>& order) const {
  Json checksums = Json::object();
  Json tensors = Json::object();
  std::uint64_t begin = 0;
  for (const Tensor* tensor : order) {
    const std::uint64_t end = begin + tensor->source.size;
    checksums[tensor->name] = to_hex(tensor->source.checksum);
    tensors[tensor->name] = {
        {"dtype", to_string(tensor->type)}, {"shape", tensor->shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  Json metadata = metadata_;
  metadata[kChecksums] = print_json(checksums);
  metadata[kHeaderChecksum] = kZeros;
  tensors[kMetadata] = std::move(metadata);

  std::string json = print_json(tensors);
  const std::size_t unpadded = kLengthBytes + json.size();
  json.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  if (json.size() > kMaxHeader) {
    throw Error(ErrorCode::invalid_input, fmt::format("The file's header would take {}; at most {} can be read back.",
                                                      format_bytes(json.size()), format_bytes(kMaxHeader)));
  }
  const std::size_t digits = json.find(kHeaderChecksumText) + kHeaderChecksumText.size();
  json.replace(digits, kZeros.size(), to_hex(xxh3(as_bytes(json), json.size())));

  const auto length = std::bit_cast<std::array<char, kLengthBytes>>(static_cast<std::uint64_t>(json.size()));
  return std::string(length.data(), length.size()) + json;
}

void TensorWriter::hand_over(const ByteSink& sink) const {
  const std::vector<const Tensor*> order = in_data_order();
  sink(as_bytes(head(order)));
  for (const Tensor* tensor : order) {
    std::uint64_t size = 0;
    tensor->source.read([&](std::span<const std::byte> piece) {
      size += piece.size();
      sink(piece);
    });
    if (size != tensor->source.size) {
      throw Error(ErrorCode::internal, fmt::format("Tensor {} was to have {} bytes and came with {}.",
                                                   quote(tensor->name), tensor->source.size, size));
    }
  }
}

std::string TensorWriter::serialize() const {
  std::string result;
  hand_over([&](std::span<const std::byte> piece) {
    result.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  return result;
}

void TensorWriter::write(const std::filesystem::path& path) const {
  AtomicFile file(path);
  hand_over([&](std::span<const std::byte> piece) { file.append(piece); });
  file.commit();
}

}  // namespace gusto
