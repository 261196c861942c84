#include "gusto/base/tensor_file.h"

#include <array>
#include <atomic>
#include <bit>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/file.h"
#include "gusto/base/hash.h"
#include "gusto/base/json.h"
#include "gusto/base/tensor_format.h"
#include "gusto/base/text.h"
#include "gusto/base/version.h"

namespace gusto {

using namespace tensor_format;

namespace {

struct TypeName {
  TensorType type;
  std::string_view name;
  std::size_t size;
};
constexpr std::array kTypes = {
    TypeName{TensorType::u8, "U8", 1},   TypeName{TensorType::i32, "I32", 4}, TypeName{TensorType::u32, "U32", 4},
    TypeName{TensorType::i64, "I64", 8}, TypeName{TensorType::u64, "U64", 8}, TypeName{TensorType::f32, "F32", 4},
    TypeName{TensorType::f64, "F64", 8},
};
const TypeName& row_of(TensorType type) { return kTypes[static_cast<std::size_t>(type)]; }

std::optional<TensorType> type_named(std::string_view name) {
  for (const TypeName& row : kTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(TensorType type) { return row_of(type).name; }
std::size_t size_of(TensorType type) { return row_of(type).size; }

struct TensorFile::Impl {
  struct Tensor {
    TensorType type = TensorType::u8;
    std::vector<std::uint64_t> shape;
    std::uint64_t begin = 0;  // in the data part
    std::span<const std::byte> bytes;
    std::string checksum;
    mutable std::atomic<bool> checked{false};
  };

  std::string name;
  MappedFile mapped;  // where the bytes are, if from a file
  std::string owned;  // where the bytes are, if from memory
  std::map<std::string, Tensor, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> metadata;

  [[noreturn]] void corrupt(std::string_view what) const {
    throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: {}.", name, what),
                "The file is damaged or was not written by gusto; make it again.");
  }

  // Fills tensors and metadata from the bytes, or throws.
  void read(std::span<const std::byte> bytes);
  std::span<const std::byte> header_of(std::span<const std::byte> bytes) const;
  Json parse_header(std::string_view text) const;
  void check_header(std::string_view text) const;
  void describe(const std::string& tensor, const Json& entry, Tensor& result) const;
  void place(std::span<const std::byte> data);
  void read_checksums();
  const Tensor& find(std::string_view tensor) const;
  void check(std::string_view tensor, const Tensor& entry) const;
};

std::span<const std::byte> TensorFile::Impl::header_of(std::span<const std::byte> bytes) const {
  if (bytes.size() < kLengthBytes) corrupt(fmt::format("it has {} bytes, too few for a header", bytes.size()));
  std::array<std::byte, kLengthBytes> length_bytes{};
  std::copy_n(bytes.begin(), kLengthBytes, length_bytes.begin());
  const auto length = std::bit_cast<std::uint64_t>(length_bytes);
  if (length > kMaxHeader) {  // as the first letters of any text say
    throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: it is no model file.", name),
                "Name a file that gusto has written, such as a trained model.");
  }
  if (length > bytes.size() - kLengthBytes) {
    corrupt(fmt::format("its header is said to take {} bytes, and the file has {}", length, bytes.size()));
  }
  return bytes.subspan(kLengthBytes, length);
}

Json TensorFile::Impl::parse_header(std::string_view text) const {
  // The parser keeps the last of equal keys; readers that keep the first would see another file.
  std::vector<std::set<std::string>> keys(1);
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    const auto level = static_cast<std::size_t>(depth);
    if (level > 3) corrupt("its header is nested too deeply");
    if (event == Json::parse_event_t::object_start) {
      keys.resize(level + 1);
      keys.emplace_back();
    } else if (event == Json::parse_event_t::key && !keys[level].insert(parsed.get<std::string>()).second) {
      corrupt(fmt::format("its header names {} twice", quote(parsed.get<std::string>())));
    }
    return true;
  };
  try {
    Json header = parse_json(text, watch);
    if (header.is_object()) return header;
  } catch (const Json::exception&) {
    corrupt("its header is not JSON");
  }
  corrupt("its header is not a JSON object");
}

void TensorFile::Impl::check_header(std::string_view text) const {
  const auto found = metadata.find(kHeaderChecksum);
  if (found == metadata.end()) corrupt("its header carries no checksum");
  std::string zeroed(text);
  const std::size_t key = zeroed.find(kHeaderChecksumText);
  if (key == std::string::npos || found->second.size() != kZeros.size()) corrupt("its header's checksum is malformed");
  zeroed.replace(key + kHeaderChecksumText.size(), kZeros.size(), kZeros);
  if (to_hex(xxh3(as_bytes(zeroed), zeroed.size())) != found->second) corrupt("its header does not match its checksum");
}

void TensorFile::Impl::describe(const std::string& tensor, const Json& entry, Tensor& result) const {
  const auto whole_numbers = [](const Json& list) {
    return list.is_array() &&
           std::all_of(list.begin(), list.end(), [](const Json& n) { return n.is_number_unsigned(); });
  };
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry["dtype"].is_string() ||
      !entry.contains("shape") || !whole_numbers(entry["shape"]) || !entry.contains("data_offsets") ||
      !whole_numbers(entry["data_offsets"]) || entry["data_offsets"].size() != 2) {
    corrupt(fmt::format("the description of tensor {} is malformed", quote(tensor)));
  }
  const std::optional<TensorType> type = type_named(entry["dtype"].get<std::string>());
  if (!type) corrupt(fmt::format("tensor {} has the unknown type {}", quote(tensor), print_json(entry["dtype"])));

  const auto shape = entry["shape"].get<std::vector<std::uint64_t>>();
  const auto offsets = entry["data_offsets"].get<std::array<std::uint64_t, 2>>();
  const std::optional<std::uint64_t> count = checked_product(shape);
  if (!count || offsets[0] > offsets[1] || *count != (offsets[1] - offsets[0]) / size_of(*type) ||
      (offsets[1] - offsets[0]) % size_of(*type) != 0) {
    corrupt(fmt::format("tensor {} of type {} and shape {} cannot lie at bytes {} to {}", quote(tensor),
                        to_string(*type), shape_text(shape), offsets[0], offsets[1]));
  }
  if (offsets[0] % size_of(*type) != 0) corrupt(fmt::format("tensor {} is not aligned", quote(tensor)));
  // The size is kept as a span without a place until the data part is known to be covered.
  result.type = *type;
  result.shape = shape;
  result.begin = offsets[0];
  result.bytes = {static_cast<const std::byte*>(nullptr), offsets[1] - offsets[0]};
}

void TensorFile::Impl::place(std::span<const std::byte> data) {
  std::vector<Tensor*> order;
  for (auto& named : tensors) order.push_back(&named.second);
  std::sort(order.begin(), order.end(), [](const Tensor* a, const Tensor* b) {
    return std::pair(a->begin, a->bytes.size()) < std::pair(b->begin, b->bytes.size());
  });
  std::uint64_t end = 0;
  for (Tensor* tensor : order) {
    if (tensor->begin != end) corrupt(fmt::format("its tensors overlap or leave a gap at byte {} of the data", end));
    if (tensor->bytes.size() > data.size() - end) {
      corrupt(fmt::format("its data end after {} bytes, before its tensors do", data.size()));
    }
    tensor->bytes = data.subspan(end, tensor->bytes.size());
    end += tensor->bytes.size();
  }
  if (end != data.size()) corrupt(fmt::format("{} bytes follow its last tensor", data.size() - end));
}

void TensorFile::Impl::read_checksums() {
  const auto found = metadata.find(kChecksums);
  if (found == metadata.end()) corrupt("it carries no checksums");
  const Json checksums = try_parse_json(found->second);
  if (!checksums.is_object() || checksums.size() != tensors.size()) corrupt("its list of checksums is malformed");
  for (auto& [tensor, entry] : tensors) {
    const auto checksum = checksums.find(tensor);
    if (checksum == checksums.end() || !checksum->is_string()) {
      corrupt(fmt::format("tensor {} has no checksum", quote(tensor)));
    }
    entry.checksum = checksum->get<std::string>();
  }
}

const TensorFile::Impl::Tensor& TensorFile::Impl::find(std::string_view tensor) const {
  const auto found = tensors.find(tensor);
  if (found == tensors.end()) corrupt(fmt::format("tensor {} is missing", quote(tensor)));
  return found->second;
}

// Two threads that come first at once both check: the answer is the same.
void TensorFile::Impl::check(std::string_view tensor, const Tensor& entry) const {
  if (entry.checked.load(std::memory_order_relaxed)) return;
  if (to_hex(xxh3(entry.bytes)) != entry.checksum) {
    corrupt(fmt::format("tensor {} does not match its checksum", quote(tensor)));
  }
  entry.checked.store(true, std::memory_order_relaxed);
}

void TensorFile::Impl::read(std::span<const std::byte> bytes) {
  const std::span<const std::byte> header_bytes = header_of(bytes);
  const std::string_view text(reinterpret_cast<const char*>(header_bytes.data()), header_bytes.size());
  const Json header = parse_header(text);
  for (const auto& [key, entry] : header.items()) {
    if (key != kMetadata) {
      describe(key, entry, tensors[key]);
      continue;
    }
    if (!entry.is_object()) corrupt("its metadata are not a JSON object");
    for (const auto& [name_, value] : entry.items()) {
      if (!value.is_string()) corrupt(fmt::format("its metadata {} is not a string", quote(name_)));
      metadata.emplace(name_, value.get<std::string>());
    }
  }
  check_header(text);
  if ((kLengthBytes + header_bytes.size()) % sizeof(double) != 0) corrupt("its data are not aligned");
  place(bytes.subspan(kLengthBytes + header_bytes.size()));
  read_checksums();
}

TensorFile::TensorFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TensorFile::TensorFile(TensorFile&&) noexcept = default;
TensorFile& TensorFile::operator=(TensorFile&&) noexcept = default;
TensorFile::~TensorFile() = default;

TensorFile TensorFile::open(const std::filesystem::path& path, Checksums checksums) {
  auto impl = std::make_unique<Impl>();
  impl->name = path.string();
  impl->mapped = MappedFile::open(path);
  impl->read(impl->mapped.bytes());
  TensorFile result(std::move(impl));
  if (checksums == Checksums::now) result.check();
  return result;
}

TensorFile TensorFile::parse(std::string bytes, std::string name, Checksums checksums) {
  auto impl = std::make_unique<Impl>();
  impl->name = std::move(name);
  impl->owned = std::move(bytes);
  impl->read(as_bytes(impl->owned));
  TensorFile result(std::move(impl));
  if (checksums == Checksums::now) result.check();
  return result;
}

void TensorFile::check() const {
  for (const auto& [tensor, entry] : impl_->tensors) impl_->check(tensor, entry);
}

const std::string& TensorFile::name() const { return impl_->name; }

std::uint64_t TensorFile::size() const { return impl_->mapped.size() + impl_->owned.size(); }

bool TensorFile::has(std::string_view name) const { return impl_->tensors.contains(name); }

std::vector<std::string> TensorFile::names() const {
  std::vector<std::string> result;
  for (const auto& named : impl_->tensors) result.push_back(named.first);
  return result;
}

std::span<const std::uint64_t> TensorFile::shape(std::string_view name) const { return impl_->find(name).shape; }

std::uint64_t TensorFile::count(std::string_view name, TensorType type) const {
  const Impl::Tensor& found = impl_->find(name);
  if (found.type != type) {
    impl_->corrupt(fmt::format("tensor {} has type {}, not {}", quote(name), to_string(found.type), to_string(type)));
  }
  return found.bytes.size() / size_of(type);
}

std::span<const std::byte> TensorFile::raw(std::string_view name, TensorType type) const {
  count(name, type);
  const Impl::Tensor& found = impl_->find(name);
  impl_->check(name, found);
  return found.bytes;
}

void TensorFile::require_shape(std::string_view name, const std::vector<std::uint64_t>& expected) const {
  const std::span<const std::uint64_t> found = shape(name);
  if (!std::equal(found.begin(), found.end(), expected.begin(), expected.end())) {
    impl_->corrupt(fmt::format("tensor {} has shape {}, not {}", quote(name), shape_text(found), shape_text(expected)));
  }
}

std::string_view TensorFile::text(std::string_view name) const {
  const std::span<const char> found = values<char>(name);
  return {found.data(), found.size()};
}

const std::string& TensorFile::metadata(std::string_view key) const {
  const auto found = impl_->metadata.find(key);
  if (found == impl_->metadata.end()) impl_->corrupt(fmt::format("its metadata lack {}", quote(key)));
  return found->second;
}

bool TensorFile::has_metadata(std::string_view key) const { return impl_->metadata.contains(key); }

void check_format(const TensorFile& in, std::string_view kind, std::int64_t version) {
  const auto corrupt = [&](std::string_view what) {
    throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: {}.", in.name(), what),
                "The file is damaged or was not written by gusto; make it again.");
  };
  if (kind == "model" && in.has_metadata("format") && in.metadata("format") == "gusto-data") {
    throw Error(ErrorCode::corrupt_file, fmt::format("{} is a data file, and a model file is wanted here.", in.name()),
                "Train a model on it, and name the file that the training writes.");
  }
  if (!in.has_metadata("format") || in.metadata("format") != fmt::format("gusto-{}", kind)) {
    corrupt(fmt::format("it holds no gusto {}", kind));
  }
  const std::optional<std::int64_t> found = parse_integer(in.metadata("format_version"));
  if (!found || *found < 1) corrupt("its format version is malformed");
  if (*found <= version) return;
  throw Error(ErrorCode::unsupported,
              fmt::format("{} has format version {}, and gusto {} reads up to {}.", in.name(), *found, gusto::version(),
                          version),
              fmt::format("Use gusto {} or later.", in.metadata("engine_version")));
}

bool is_tensor_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;  // reading from a pipe would take its bytes
  std::ifstream file(path, std::ios::binary);
  std::array<char, kLengthBytes + 1> head{};
  return file.read(head.data(), head.size()) && head[6] == 0 && head[7] == 0 && head[kLengthBytes] == '{';
}

}  // namespace gusto
