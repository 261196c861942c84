#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/matrix.h"

namespace gusto {
class TensorFile;
class TensorWriter;
}  // namespace gusto

namespace gusto::nn {

/// How much of a row's weight is left when its decay is put off until the row is next read: the product of the steps'
/// factors 1 − rate·decay since the row was last written.
struct LazyDecay {
  std::vector<std::uint32_t> written;  ///< step of each row's last update
  std::vector<double> log_factor{0};   ///< [steps + 1] log of the product of all factors up to a step

  float factor(std::size_t row) const;
};

enum class ParameterKind {
  weights,    ///< a layer's matrix: used whole, decays
  offsets,    ///< a bias or gain: used whole, does not decay
  embedding,  ///< looked up by id: gradients are sparse, and rows are updated only when touched
};

/// A learned matrix.
struct Parameter {
  std::string name;  ///< unique: the tensor's name in files
  ParameterKind kind = ParameterKind::weights;
  Matrix<float> values;
  float reg = 0;  ///< of an embedding: λ of λ/2 · mean over examples of Σ ‖row‖² over the rows that they look up
  std::string field{};                         ///< of an embedding: the text of the field whose ids are its rows
  std::size_t index = 0;                       ///< in its set
  std::unique_ptr<LazyDecay> decay = nullptr;  ///< of an embedding while it is trained with weight decay
};

/// Where a parameter starts from.
struct Start {
  enum class Kind { constant, normal, uniform } kind = Kind::constant;
  float center = 0;
  float width = 0;  ///< standard deviation, or half the width of the range

  static Start constant(float value) { return {Kind::constant, value, 0}; }
  static Start normal(float deviation, float mean = 0) { return {Kind::normal, mean, deviation}; }
  /// Uniform on ±√(6 / (in + out)) (Glorot & Bengio 2010).
  static Start glorot(std::size_t in, std::size_t out);
  /// Uniform on ±√(6 / in), for layers before ReLU (He et al. 2015).
  static Start he(std::size_t in);
};

/// All that a network learns, in the order in which it was added. Addresses of parameters stay valid.
class ParameterSet {
 public:
  explicit ParameterSet(std::uint64_t seed = 42) : seed_(seed) {}
  /// Takes numbers from what save() wrote, in place of drawing them. The file must last until all are added.
  ParameterSet(const TensorFile& stored, std::string prefix) : stored_(&stored), prefix_(std::move(prefix)) {}

  /// Numbers are drawn by (seed, name, row), or those that were stored.
  /// Errors   internal, if the name is taken; corrupt_file, before memory is taken, if its stored shape differs
  Parameter& add(std::string name, ParameterKind kind, std::size_t rows, std::size_t cols, Start start);

  std::size_t size() const { return parameters_.size(); }
  Parameter& operator[](std::size_t index) { return *parameters_[index]; }
  const Parameter& operator[](std::size_t index) const { return *parameters_[index]; }
  /// Null if there is none.
  const Parameter* find(std::string_view name) const;
  std::uint64_t seed() const { return seed_; }
  /// How many numbers are learned.
  std::size_t count() const;

  /// All matrices, under prefix + name.
  void save(TensorWriter& out, std::string_view prefix) const;
  /// Errors   corrupt_file, naming the tensor, if one is missing or has another shape
  void load(const TensorFile& in, std::string_view prefix);
  /// Copies of all matrices, to come back to.
  void copy_to(std::vector<Matrix<float>>& values) const;
  void restore(const std::vector<Matrix<float>>& values);

 private:
  std::uint64_t seed_ = 0;
  const TensorFile* stored_ = nullptr;
  std::string prefix_;
  std::vector<std::unique_ptr<Parameter>> parameters_;
};

}  // namespace gusto::nn
