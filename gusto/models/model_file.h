#pragma once

/// One file that holds all that a trained model needs to answer: options, learned arrays, and the data it was trained
/// on with ids, features and histories. Nothing else has to be carried along, and loading runs no code from the file.
/// Layout   a tensor file (gusto/base/tensor_file.h), so a valid safetensors file: the data set under "data/"
///          (gusto/data/file/dataset_file.h), the model's arrays under names of its own
/// Metadata "format" "gusto-model"; "format_version" "1"; "engine_version" "0.1.0"; "model" its name in the registry;
///          "options" a JSON object of text; "task"; "seed" in decimal; "split" as typed, empty if trained on
///          everything; "positives", "since", "min_user_events", "min_item_events" numbers, each missing if that filter
///          was not set; "like_threshold" a number, missing but for likes; "receipt" a JSON object, empty if trained on
///          everything; "reading" a JSON object of texts (reading_spec.h); "metrics" a JSON object, what the model
///          reached on that split's test part; "data.schema" Upper floors may add more, such as "index" and tensors
///          "index/…" (gusto/retrieval/index.h).
/// Version  1 is the only one so far. A file of each version is kept in tests/data and must go on loading.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gusto/data/filter.h"
#include "gusto/data/io/reading_spec.h"
#include "gusto/data/split/fold.h"
#include "gusto/models/model.h"
#include "gusto/models/registry.h"

namespace gusto {

/// How a model came to be and what it reached.
struct ModelRecord {
  std::uint64_t seed = 42;
  std::string split;                     ///< as typed ("holdout:0.2"); empty if trained on everything
  FilterOptions filter;                  ///< which events counted
  std::optional<double> like_threshold;  ///< value from which an event was a like, if it was trained for likes
  std::optional<SplitReceipt> receipt;   ///< of that split
  ReadingSpec reading{};                 ///< how the events were read, as typed
  std::string metrics = "{}";            ///< a JSON object, such as {"ndcg@10": {"mean": 0.28, "stderr": 0.002}}
};

struct TrainedModel {
  std::unique_ptr<Model> model;
  ModelRecord record;
  std::string engine_version;  ///< the gusto that wrote the file
};

/// What upper floors put into the file beside the model, under names of their own, and take out again once the model is
/// loaded. Readers that know nothing of it still load the model.
using WriteMore = std::function<void(TensorWriter&)>;
using ReadMore = std::function<void(const TensorFile&, const Model&)>;

struct LoadOptions {
  FurtherModels models = {};  ///< of the caller's own, which the file's model may be
  ReadMore more = {};
};

/// The file's bytes: equal for equal models, data and records.
/// Errors   unsupported, if the model is not fitted; internal, if record.metrics is no JSON object
std::string serialize_model(const Model& model, const ModelRecord& record, const WriteMore& more = {});

/// Writes the file so that whoever opens it, also after a crash, finds the old one or the new one.
/// Errors   as serialize_model; io
void save_model(const Model& model, const ModelRecord& record, const std::filesystem::path& path,
                const WriteMore& more = {});

/// Errors   not_found, io; corrupt_file, naming what is wrong; unsupported, for a file of a later format, a model that
///          neither gusto nor the caller has, or options that its model does not take
/// Memory   the learned arrays and the data set are copied out of the file, which is closed again
TrainedModel load_model(const std::filesystem::path& path, const LoadOptions& options = {});
/// The same from bytes in memory; `name` stands for the path in messages.
TrainedModel parse_model(std::string bytes, std::string name, const LoadOptions& options = {});

}  // namespace gusto
