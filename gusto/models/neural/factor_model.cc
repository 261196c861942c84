#include "gusto/models/neural/factor_model.h"

#include "gusto/nn/tape.h"

namespace gusto {

void FactorVectors::prepare(const nn::ParameterSet& parameters, const nn::Encoder& encoder) {
  const nn::Parameter& embedding = *parameters.find("item/embedding");
  const nn::Parameter* bias = parameters.find("item/bias");
  const std::size_t count = encoder.data().item_count();
  const std::size_t dim = embedding.values.cols();
  std::vector<ItemRow> items(count);
  for (std::size_t i = 0; i < count; ++i) items[i] = ItemRow(i);
  nn::Arena arena;
  const nn::Bag& ids = encoder.encode(encoder.encode(Query{}), items, arena)[encoder.schema().slot("item")];
  items_ = Matrix<float>(count, dim + 2);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const float> row = embedding.values.row(ids.ids[i]);
    std::copy(row.begin(), row.end(), items_.row(i).begin());
    items_(i, dim) = bias != nullptr ? bias->values(ids.ids[i], 0) : 0;
    items_(i, dim + 1) = 1;
  }
}

void FactorVectors::query(const nn::ParameterSet& parameters, const nn::Encoder& encoder,
                          const nn::EncodedQueryUser& query_user, const NewUser& new_user, std::span<float> out) const {
  const std::uint32_t id = query_user.fields[encoder.schema().slot("user")].ids.front();
  const auto row_of = [&](const nn::Parameter& table) -> std::span<const float> {
    if (id < table.values.rows()) return table.values.row(id);
    const auto extra_row =
        std::find_if(new_user.extra_rows.begin(), new_user.extra_rows.end(),
                     [&](const nn::ExtraRows& extra_rows) { return extra_rows.parameter == &table; });
    return extra_row->rows.row(id - table.values.rows());
  };
  const std::span<const float> row = row_of(*parameters.find("user/embedding"));
  std::copy(row.begin(), row.end(), out.begin());
  const nn::Parameter* bias = parameters.find("user/bias");
  const nn::Parameter* offset = parameters.find("offset");
  out[row.size()] = 1;
  out[row.size() + 1] = (bias != nullptr ? row_of(*bias)[0] : 0) + (offset != nullptr ? offset->values(0, 0) : 0);
}

}  // namespace gusto
