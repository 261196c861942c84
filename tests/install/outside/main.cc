#include <iostream>

#include <gusto/data/movielens/embedded.h>
#include <gusto/models/registry.h>

int main() {
  gusto::Context context;
  const auto data = gusto::open_embedded(context).data;
  const auto model = gusto::make_model("bias");
  model->fit(data, gusto::Task::ratings, context);
  for (const auto& reason : model->explain(gusto::Query::known(gusto::UserRow(0)), gusto::ItemRow(0))) {
    std::cout << reason.label << ' ' << reason.amount << '\n';
  }
}
