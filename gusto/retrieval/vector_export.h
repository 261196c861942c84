#pragma once

/// A model's vectors as files for vector databases, plots and other programs.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/models/model.h"

namespace gusto {

struct VectorExport {
  std::uint64_t items = 0;
  std::uint64_t users = 0;
  std::uint64_t width = 0;
  std::vector<std::filesystem::path> files;  ///< as written
};

/// Writes into a folder, which is made if it is not there:
///
///   items.npy, users.npy          float32 [rows × width], for numpy.load; a score is the inner product of two rows
///   items.tsv, users.tsv          a line for each row, under a header: id and, of items, title
///   item_vectors.tsv, user_vectors.tsv    the same numbers as text without a header, as the Embedding Projector reads
///                                 them together with the file of ids
///
/// Tabs and line ends within ids and titles become blanks. Users are those of the training data; one without events has
/// what the model gives them.
/// Errors   unsupported, for a model without item vectors, before anything is written; io; canceled
/// Cost     that of query_vectors for all users
VectorExport export_vectors(const Model& model, const std::filesystem::path& folder, Context& context);

}  // namespace gusto
