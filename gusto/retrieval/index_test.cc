#include "gusto/retrieval/index.h"

#include <gmock/gmock.h>

#include "gusto/base/json.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"
#include "gusto/retrieval/search.h"

namespace gusto {
namespace {

using test::error_of;
using testing::HasSubstr;

std::unique_ptr<Model> trained(std::string_view name) {
  Context context({.threads = 1});
  auto model = make_model(name, name == "svd" ? Settings{{"dim", 8}} : Settings{});
  model->fit(test::three_tastes(), Task::top_n, context);
  return model;
}

Index built(const Model& model, IndexKind kind) {
  Context context({.threads = 2});
  return Index::build(model, {.kind = kind}, context);
}

std::string file_of(const Model& model, const Index& index) {
  return serialize_model(model, {}, [&](TensorWriter& out) { index.save(out); });
}

/// Loads the model and its index, and saves both again.
std::string reloaded(const std::string& bytes) {
  Context context({.threads = 1});
  std::optional<Index> index;
  const TrainedModel loaded =
      parse_model(bytes, "m.gusto",
                  {.more = [&](const TensorFile& in, const Model& model) { index = Index::load(in, model, context); }});
  EXPECT_TRUE(index->belongs_to(*loaded.model));
  return file_of(*loaded.model, *index);
}

TEST(Index, EveryKindSurvivesByteForByte) {
  const auto model = trained("svd");
  for (const IndexKind kind : {IndexKind::exact, IndexKind::int8, IndexKind::hnsw}) {
    const Index index = built(*model, kind);
    EXPECT_EQ(index.kind(), kind);
    EXPECT_GT(index.bytes(), 0U);
    const std::string bytes = file_of(*model, index);
    EXPECT_EQ(reloaded(bytes), bytes);
    EXPECT_THAT(bytes, HasSubstr("recall@100"));
    EXPECT_EQ(file_of(*model, built(*model, kind)), bytes) << "the same again";
  }
}

TEST(Index, RecallOfExactKindsIsOne) {
  const auto model = trained("svd");
  for (const IndexKind kind : {IndexKind::exact, IndexKind::int8}) {
    const Index index = built(*model, kind);
    EXPECT_EQ(index.quality().queries, model->data().user_count() - 1) << "the last user has no events";
    EXPECT_NEAR(index.quality().recall_at_10, 1, 1e-12);
    EXPECT_NEAR(index.quality().recall_at_100, 1, 1e-12);
    EXPECT_GT(index.quality().query_seconds, 0);
  }
}

TEST(Index, NamesASimplerKind) {
  const auto model = trained("svd");
  EXPECT_EQ(simpler_kind(*model, IndexKind::hnsw), IndexKind::exact) << "so few items are in the cache";
  EXPECT_EQ(simpler_kind(*model, IndexKind::int8), IndexKind::exact);
  EXPECT_EQ(simpler_kind(*model, IndexKind::exact), IndexKind::exact);
}

TEST(Index, ModelsWithoutVectorsAreSearchedExactly) {
  const auto model = trained("item-knn");
  Context context({.threads = 1});
  const Index index = Index::build(*model, {}, context);
  EXPECT_EQ(index.kind(), IndexKind::exact);
  EXPECT_EQ(error_of([&] { built(*model, IndexKind::hnsw); }).code(), ErrorCode::unsupported);
  EXPECT_EQ(error_of([&] { built(*model, IndexKind::int8); }).code(), ErrorCode::unsupported);
  const std::string bytes = file_of(*model, index);
  EXPECT_EQ(reloaded(bytes), bytes);
}

TEST(Index, FilesWithoutAnIndexHaveNone) {
  const auto model = trained("svd");
  Context context({.threads = 1});
  parse_model(serialize_model(*model, {}), "m.gusto", {.more = [&](const TensorFile& in, const Model& loaded) {
                EXPECT_FALSE(Index::load(in, loaded, context).has_value());
              }});
}

TEST(Index, OfAnotherModelIsRefused) {
  const auto one = trained("svd"), other = trained("svd"), without = trained("item-knn");
  const Index index = built(*one, IndexKind::int8);
  Context context({.threads = 1});
  const Query query = Query::known(UserRow(0));
  EXPECT_EQ(search(*one, index, {&query, 1}, 3, {}, context)[0].size(), 3U);
  for (const Model* model : {other.get(), without.get()}) {
    EXPECT_EQ(error_of([&] { search(*model, index, {&query, 1}, 3, {}, context); }).code(), ErrorCode::internal);
  }
}

TEST(Index, DamagedMetadataAreRefused) {
  const auto vectors = trained("svd"), none = trained("item-knn");
  const auto code_of = [](const Model& model, const std::string& metadata) {
    const std::string bytes =
        serialize_model(model, {}, [&](TensorWriter& out) { out.set_metadata("index", metadata); });
    return error_of([&] { reloaded(bytes); }).code();
  };
  const std::string rest = R"(,"queries":3,"recall@10":1,"recall@100":1})";
  EXPECT_EQ(error_of([&] { reloaded(file_of(*vectors, built(*vectors, IndexKind::hnsw))); }).message(), "no error");
  for (const std::string bad :
       {"", "[]", "{", R"({"kind":3)", R"({"kind":"fast")", R"({"kind":"hnsw","width":0)",
        R"({"kind":"hnsw","width":"9")", R"({"kind":"hnsw")", R"({"kind":"hnsw","width":1e99)"}) {
    EXPECT_EQ(code_of(*vectors, bad + rest), ErrorCode::corrupt_file) << bad;
  }
  EXPECT_EQ(code_of(*vectors, R"({"kind":"int8","queries":-1,"recall@10":1,"recall@100":1})"), ErrorCode::corrupt_file);
  EXPECT_EQ(code_of(*vectors, R"({"kind":"int8","queries":1,"recall@10":2,"recall@100":1})"), ErrorCode::corrupt_file);
  EXPECT_EQ(code_of(*vectors, R"({"kind":"int8","queries":1,"recall@10":1})"), ErrorCode::corrupt_file);
  EXPECT_EQ(code_of(*vectors, R"({"kind":"hnsw","width":9)" + rest), ErrorCode::corrupt_file) << "no graph";
  EXPECT_EQ(code_of(*none, R"({"kind":"int8")" + rest), ErrorCode::corrupt_file);
}

}  // namespace
}  // namespace gusto
