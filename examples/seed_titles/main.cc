/// Retrieval in one page: train two towers on who watched what, ask for three films for user 42, and keep the model.
///
/// The program with which TensorFlow Recommenders introduces itself, in gusto: vectors of 64 numbers for each user and
/// each title, a softmax over the batch, Adagrad at .5, batches of 4096, three epochs. Here vectors meet by their
/// cosine, and titles are also known by their words, so that a new film has a vector too; what the user has watched is
/// not recommended again.
///
///   seed_titles [DATA]        any data set whose items have titles; without one, the embedded MovieLens ratings

#include <iostream>
#include <memory>

#include <gusto/base/error.h>
#include <gusto/data/movielens/embedded.h>
#include <gusto/data/open/open.h>
#include <gusto/models/model_file.h>
#include <gusto/models/registry.h>
#include <gusto/retrieval/recommender.h>

using namespace gusto;

int main(int argc, char** argv) try {
  Context context;
  const auto data = argc > 1 ? open_dataset(argv[1], {}, context).data : open_embedded(context).data;

  const std::shared_ptr<Model> model = make_model("two-tower", {{"query_fields", "user"},
                                                                {"item_fields", "item, words(title, 5000)"},
                                                                {"dim", 64},
                                                                {"optimizer", "adagrad"},
                                                                {"learning_rate", 0.5},
                                                                {"batch_size", 4096},
                                                                {"epochs", 3},
                                                                {"schedule", "constant"},
                                                                {"validation", 0}});
  model->fit(data, Task::top_n, context);

  RecommendRequest request;
  request.who.user = "42";
  request.k = 3;
  std::cout << "Top 3 recommendations for user 42:\n";
  for (const AnsweredItem& item : Recommender(model).recommend(request, context).items) std::cout << item.title << '\n';

  save_model(*model, {}, "titles.gusto");
  std::cout << "Ask again: gusto recommend titles.gusto --user 42 -n 3\n";
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
