#include "gusto/nn/checkpoint.h"

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/tensor_file.h"

namespace gusto::nn {
namespace {

constexpr std::string_view kFormat = "gusto-checkpoint";
constexpr std::string_view kVersion = "1";

}  // namespace

Checkpoint::Checkpoint(std::filesystem::path path, std::string_view name, std::string_view fingerprint,
                       std::uint64_t seed)
    : path_(std::move(path)), name_(name), run_(fmt::format("{} {} seed {}", name, fingerprint, seed)) {}

void Checkpoint::resume(ParameterSet& parameters, Optimizer& optimizer, TrainingProgress& progress) const {
  if (path_.empty() || !std::filesystem::exists(path_)) return;
  const TensorFile file = TensorFile::open(path_);
  const auto is = [&](std::string_view key, std::string_view value) {
    return file.has_metadata(key) && file.metadata(key) == value;
  };
  if (!is("format", kFormat) || !is("format_version", kVersion) || !is("run", run_)) {
    throw Error(ErrorCode::invalid_input,
                fmt::format("{} is not a checkpoint of this training of {}.", path_.string(), name_),
                "Use the options, data and seed it was begun with, or name another file.");
  }
  const auto counts = file.vector<std::uint64_t>("epochs", 2);
  const auto errors = file.vector<double>("errors", 2);
  if (counts[1] > counts[0]) {
    throw Error(
        ErrorCode::corrupt_file,
        fmt::format("{} is damaged: its best epoch, {}, is after its last, {}.", path_.string(), counts[1], counts[0]),
        "Remove it, and train from the beginning.");
  }
  parameters.load(file, "parameters/");
  optimizer.load(file, "optimizer/");
  progress.epoch = counts[0];
  progress.best_epoch = counts[1];
  progress.loss = errors[0];
  progress.least_error = errors[1];
  if (progress.best_epoch == 0) return;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const Matrix<float>& like = parameters[p].values;
    progress.best.push_back(file.matrix<float>(fmt::format("best/{}", parameters[p].name), like.rows(), like.cols()));
  }
}

void Checkpoint::write(const ParameterSet& parameters, const Optimizer& optimizer,
                       const TrainingProgress& progress) const {
  if (path_.empty()) return;
  TensorWriter out;
  out.set_metadata("format", std::string(kFormat));
  out.set_metadata("format_version", std::string(kVersion));
  out.set_metadata("run", run_);
  out.add("epochs", std::vector<std::uint64_t>{progress.epoch, progress.best_epoch});
  out.add("errors", std::vector<double>{progress.loss, progress.least_error});
  parameters.save(out, "parameters/");
  optimizer.save(out, "optimizer/");
  for (std::size_t p = 0; p < progress.best.size(); ++p) {
    out.add(fmt::format("best/{}", parameters[p].name), progress.best[p]);
  }
  out.write(path_);
}

}  // namespace gusto::nn
