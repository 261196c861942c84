#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/query.h"
#include "gusto/nn/arena.h"
#include "gusto/nn/bag.h"
#include "gusto/nn/schema.h"

namespace gusto::nn {

/// One shard's inputs and targets.
struct Batch {
  std::size_t rows = 0;
  std::span<const Bag> bags;       ///< by slot of the schema
  std::span<const float> targets;  ///< [rows], or empty when answering
  const Bag& operator[](std::size_t slot) const { return bags[slot]; }
};

/// A training example: one of the data set's events, or the user of one with another item.
struct Example {
  std::uint32_t event = 0;  ///< position in the data set's columns
  UserRow user;
  ItemRow item;
};

/// How training examples lose ids, so that the unknown ones are learned too.
struct Masking {
  double probability = 0;  ///< of each example and each field of ids (user, item, features of ids), one draw each
  std::uint64_t key = 0;   ///< draws are keyed by (key, event, item, slot)
};

/// An asker, encoded once for any number of items.
struct EncodedAsker {
  struct Entries {
    std::vector<std::uint32_t> ids;
    std::vector<float> weights;
  };
  std::vector<Entries> fields;        ///< by slot; those of the user's side
  std::vector<HistoryEvent> history;  ///< in order of time
  std::int64_t time = kNoTime;        ///< of asking; without one, that of the last training event
};

/// Turns events and queries into the bags of a schema.
///
/// State    the fields of users' and items' sides, encoded for all rows
/// Cost     O(entries) a batch; histories are capped by their field's count
/// Threads  const members may be called concurrently, each caller with its own arena
class Encoder {
 public:
  Encoder(std::shared_ptr<const Dataset> data, Schema schema);

  const Schema& schema() const { return schema_; }
  const Dataset& data() const { return *data_; }

  /// Bags of training examples, in the arena. A history never holds the example's own item.
  Batch encode(std::span<const Example> examples, const Masking& masking, Arena& arena) const;

  /// Errors   invalid_input, naming the feature and its value, for a number that is none
  EncodedAsker encode(const Query& query) const;
  /// Bags of one asker with each of these items.
  Batch encode(const EncodedAsker& asker, std::span<const ItemRow> items, Arena& arena) const;

 private:
  std::shared_ptr<const Dataset> data_;
  Schema schema_;
};

}  // namespace gusto::nn
