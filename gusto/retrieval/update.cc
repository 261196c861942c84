#include "gusto/retrieval/update.h"

#include <optional>
#include <utility>

#include "gusto/base/error.h"
#include "gusto/data/io/reading_texts.h"
#include "gusto/data/table/grow_dataset.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

std::vector<bool> with_events(const Dataset& data) {
  std::vector<bool> has(data.item_count());
  for (const ItemRow item : data.items()) has[item.index] = true;
  return has;
}

bool has_events(const Dataset& data, std::optional<std::uint32_t> user) {
  return user && data.history(UserRow(std::size_t{*user})).size() > 0;
}

void count_new(const Dataset& before, const Dataset& more, const Dataset& now, UpdateSummary& summary) {
  const auto count = [](bool was, bool is, std::uint64_t& come, std::uint64_t& cold) {
    come += !was && is ? 1 : 0;
    cold += is ? 0 : 1;
  };
  const Vocabulary& users = more.catalog().users;
  for (std::size_t u = 0; u < users.size(); ++u) {
    count(has_events(before, before.catalog().users.find(users[u])),
          has_events(now, now.catalog().users.find(users[u])), summary.new_users, summary.cold_users);
  }
  const std::vector<bool> had = with_events(before), has = with_events(now);
  const auto holds = [](const std::vector<bool>& rows, std::optional<std::uint32_t> row) { return row && rows[*row]; };
  const Vocabulary& items = more.catalog().items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    count(holds(had, before.catalog().items.find(items[i])), holds(has, now.catalog().items.find(items[i])),
          summary.new_items, summary.cold_items);
  }
}

}  // namespace

ReadingSpec reading_of_update(const ReadingSpec& given, const ModelRecord& record) {
  ReadingSpec reading = completed(given, record.reading);
  reading.transform.clear();
  return reading;
}

UpdatedModel update_model(IndexedModel old, const OpenedDataset& more, const ReadingSpec& given, Context& context) {
  UpdatedModel result;
  UpdateSummary& summary = result.summary;
  const Model& before = *old.trained.model;
  summary.read = more.data->event_count();
  const OpenOptions reading = parse_reading(completed(given, old.trained.record.reading));
  GrownDataset grown = grow_dataset(before.data(), *more.data, reading, context);
  summary.repeated = grown.repeated;
  summary.notes = std::move(grown.notes);
  FilteredDataset filtered = filter_dataset(grown.data, old.trained.record.filter);
  summary.left_out = std::move(filtered.steps);
  summary.events = filtered.data->event_count();
  count_new(before.data(), *more.data, *filtered.data, summary);

  const ModelInfo& info = before.info();
  const FitOptions fit{.seed = old.trained.record.seed};
  std::unique_ptr<Model> model = info.make(before.settings());
  summary.anew = !info.abilities.continues;
  if (!summary.anew) {
    try {
      model->fit(filtered.data, before.task(), context, {.seed = fit.seed, .from = &before, .update = true});
    } catch (const Error& error) {
      // Widths that depend on how many users, items or values there are have changed.
      if (error.code() != ErrorCode::invalid_option) throw;
      summary.notes.push_back(error.message());
      summary.anew = true;
    }
  }
  if (summary.anew) model->fit(filtered.data, before.task(), context, fit);

  result.model.trained.record = std::move(old.trained.record);
  ModelRecord& record = result.model.trained.record;
  record.split.clear();
  record.receipt.reset();
  record.metrics = "{}";
  if (old.index != nullptr) {
    result.model.index =
        std::make_shared<const Index>(Index::build(*model, {.kind = old.index->kind(), .seed = record.seed}, context));
  }
  result.model.trained.model = std::move(model);
  return result;
}

}  // namespace gusto
