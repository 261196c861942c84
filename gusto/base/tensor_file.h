#pragma once

/// Files of named tensors: valid safetensors (https://huggingface.co/docs/safetensors), so that Python opens them
/// without gusto, plus checksums and strings in the metadata.
///
/// Layout     8 bytes: header length n, little-endian; n bytes: JSON header, padded with spaces so that data begin at a
///            multiple of 64; then the tensors' bytes without gaps, which the format forbids: ordered by element size,
///            largest first, then in the order written, so that every tensor is aligned to its element size.
/// Metadata   every value is a string. Two keys are the file's own:
///              "xxh3"         a JSON object: tensor name → 16 hexadecimal digits of XXH3-64 over the tensor's bytes
///              "xxh3_header"  XXH3-64 over the n header bytes, seeded with n, this key's own digits taken as zeros
///            Together they cover every byte of the file.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gusto/base/matrix.h"

namespace gusto {

enum class TensorType { u8, i32, u32, i64, u64, f32, f64 };
std::string_view to_string(TensorType type);  ///< safetensors' spelling: "F32"
std::size_t size_of(TensorType type);

template <class T>
constexpr TensorType tensor_type_of() {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, char> || std::is_same_v<U, std::uint8_t>) return TensorType::u8;
  else if constexpr (std::is_same_v<U, std::int32_t>) return TensorType::i32;
  else if constexpr (std::is_same_v<U, std::uint32_t>) return TensorType::u32;
  else if constexpr (std::is_same_v<U, std::int64_t>) return TensorType::i64;
  else if constexpr (std::is_same_v<U, std::uint64_t>) return TensorType::u64;
  else if constexpr (std::is_same_v<U, float>) return TensorType::f32;
  else {
    static_assert(std::is_same_v<U, double>, "no tensor type for this number");
    return TensorType::f64;
  }
}

/// Takes bytes that come in pieces, in order.
using ByteSink = std::function<void(std::span<const std::byte>)>;

/// Where the bytes of a tensor are until its file is written.
struct TensorSource {
  std::uint64_t size = 0;                     ///< in bytes
  std::uint64_t checksum = 0;                 ///< XXH3-64 of them
  std::function<void(const ByteSink&)> read;  ///< hands them all over; may be called several times
};

/// Collects tensors and metadata, then writes them to one file.
class TensorWriter {
 public:
  /// Copies the numbers. Names are unique UTF-8; shape's product is the number of values. Error(internal) otherwise.
  void add_bytes(std::string name, TensorType type, std::vector<std::uint64_t> shape, std::span<const std::byte> bytes);
  template <class T>
  void add(std::string name, std::span<const T> values) {
    add_bytes(std::move(name), tensor_type_of<T>(), {values.size()}, std::as_bytes(values));
  }
  template <class T>
  void add(std::string name, const std::vector<T>& values) {
    add(std::move(name), std::span<const T>(values));
  }
  template <class T>
  void add(std::string name, const Matrix<T>& values) {
    add_bytes(std::move(name), tensor_type_of<T>(), {values.rows(), values.cols()}, std::as_bytes(values.values()));
  }
  /// Numbers that stay where they are, unchanged, until the file is written.
  template <class T>
  void add_view(std::string name, std::span<const T> values) {
    add_view(std::move(name), tensor_type_of<T>(), std::as_bytes(values));
  }
  template <class T>
  void add_view(std::string name, const Matrix<T>& values) {
    add_view(std::move(name), tensor_type_of<T>(), {values.rows(), values.cols()}, std::as_bytes(values.values()));
  }
  void add_view(std::string name, TensorType type, std::span<const std::byte> bytes) {
    add_view(std::move(name), type, {bytes.size() / size_of(type)}, bytes);
  }
  void add_view(std::string name, TensorType type, std::vector<std::uint64_t> shape, std::span<const std::byte> bytes);
  /// Bytes that lie elsewhere and are asked for when the file is written. Error(internal) then, if another number
  /// comes.
  void add_source(std::string name, TensorType type, std::vector<std::uint64_t> shape, TensorSource source);
  void add_text(std::string name, std::string_view text) { add(std::move(name), std::span<const char>(text)); }
  /// Sets or replaces a string. Error(invalid_input) if the value is not UTF-8; Error(internal) for the file's own
  /// keys.
  void set_metadata(std::string key, std::string value);

  /// The file's bytes: the same tensors and metadata give the same bytes.
  std::string serialize() const;
  /// Writes to a temporary file beside path, syncs it, renames it over path and syncs the folder. Error(io).
  void write(const std::filesystem::path& path) const;

 private:
  struct Tensor {
    std::string name;
    TensorType type;
    std::vector<std::uint64_t> shape;
    TensorSource source;
  };
  std::vector<const Tensor*> in_data_order() const;
  /// Length and JSON header: all that comes before the data.
  std::string head(const std::vector<const Tensor*>& order) const;
  void hand_over(const ByteSink& sink) const;

  std::vector<Tensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// When the checksums of tensors are compared; that of the header always is, at once.
enum class Checksums {
  now,     ///< when the file is opened: O(size of the file)
  on_use,  ///< a tensor's when its numbers are first asked for: opening is O(size of the header)
};

/// A tensor file, memory-mapped. All bounds, shapes and types are checked before anything is handed out, and a tensor's
/// checksum before its numbers are.
/// Threads  const members may be called concurrently
class TensorFile {
 public:
  /// Errors   not_found; io; corrupt_file, saying what is wrong
  static TensorFile open(const std::filesystem::path& path, Checksums checksums = Checksums::now);
  /// The same from bytes in memory; `name` stands for the path in messages.
  static TensorFile parse(std::string bytes, std::string name, Checksums checksums = Checksums::now);

  TensorFile(TensorFile&&) noexcept;
  TensorFile& operator=(TensorFile&&) noexcept;
  ~TensorFile();

  /// The path, or what stands for it in messages.
  const std::string& name() const;
  /// Of the whole file, in bytes.
  std::uint64_t size() const;
  bool has(std::string_view name) const;
  std::vector<std::string> names() const;
  /// Shape of a tensor. Error(corrupt_file) if missing.
  std::span<const std::uint64_t> shape(std::string_view name) const;
  /// How many numbers a tensor has, without looking at them. Error(corrupt_file) if missing, or of another type.
  template <class T>
  std::uint64_t count(std::string_view name) const {
    return count(name, tensor_type_of<T>());
  }
  /// A tensor's numbers, in place. Error(corrupt_file) if missing, of another type, or not what its checksum says.
  template <class T>
  std::span<const T> values(std::string_view name) const {
    const std::span<const std::byte> bytes = raw(name, tensor_type_of<T>());
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  /// A tensor of exactly `size` numbers, copied. Error(corrupt_file) if it has another size.
  template <class T>
  std::vector<T> vector(std::string_view name, std::size_t size) const {
    require_shape(name, {size});
    const std::span<const T> found = values<T>(name);
    return {found.begin(), found.end()};
  }
  /// A matrix of exactly that shape, copied. Error(corrupt_file) if it has another.
  template <class T>
  Matrix<T> matrix(std::string_view name, std::size_t rows, std::size_t cols) const {
    require_shape(name, {rows, cols});
    Matrix<T> result(rows, cols);
    const std::span<const T> found = values<T>(name);
    std::copy(found.begin(), found.end(), result.values().begin());
    return result;
  }
  std::string_view text(std::string_view name) const;
  /// Error(corrupt_file) if the key is missing.
  const std::string& metadata(std::string_view key) const;
  bool has_metadata(std::string_view key) const;
  /// Compares the checksums of all tensors that have not been used yet. Error(corrupt_file), naming the tensor
  void check() const;

 private:
  struct Impl;
  explicit TensorFile(std::unique_ptr<Impl> impl);
  std::uint64_t count(std::string_view name, TensorType type) const;
  std::span<const std::byte> raw(std::string_view name, TensorType type) const;
  void require_shape(std::string_view name, const std::vector<std::uint64_t>& shape) const;
  std::unique_ptr<Impl> impl_;
};

/// Checks the metadata by which files of gusto say what they hold: "format" is "gusto-" and the kind ("model", "data"),
/// and "format_version" is at most `version`; "engine_version" is the gusto that wrote it.
/// Errors   corrupt_file; unsupported, for a later version
void check_format(const TensorFile& in, std::string_view kind, std::int64_t version);

/// Whether a file begins as tensor files do, and as no text does: eight bytes of length, then JSON. A file that isn't
/// there, or isn't a regular one, doesn't.
bool is_tensor_file(const std::filesystem::path& path);

}  // namespace gusto
