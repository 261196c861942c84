#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "gusto/models/neural/designed_model.h"
#include "gusto/models/neural/new_user.h"
#include "gusto/nn/encoder.h"

namespace gusto {

/// What turns the embeddings of users and items into vectors whose inner products are the network's output.
///
///   item vector (q_i, b_i, 1), query vector (p_u, 1, b_u + c), without biases or offset zeros in their places
class FactorVectors {
 public:
  /// Item vectors of all items. The encoder's fields are user and item.
  void prepare(const nn::ParameterSet& parameters, const nn::Encoder& encoder);
  MatrixView<const float> items() const { return items_.view(); }
  void query(const nn::ParameterSet& parameters, const nn::Encoder& encoder, const nn::EncodedQueryUser& query_user,
             const NewUser& new_user, std::span<float> out) const;

 private:
  Matrix<float> items_;
};

/// A design whose output is an inner product of user and item: ranking needs no forward pass.
template <class OptionsStruct, const ModelInfo& Info>
class FactorModel final : public DesignedModel<OptionsStruct, Info> {
 public:
  using DesignedModel<OptionsStruct, Info>::DesignedModel;
  MatrixView<const float> item_vectors() const override { return vectors_.items(); }

 private:
  void finish() override { vectors_.prepare(this->parameters(), this->encoder()); }
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const override {
    for (std::size_t q = 0; q < queries.size(); ++q) {
      NewUser new_user;
      const nn::EncodedQueryUser query_user = this->encode(queries[q], new_user);
      vectors_.query(this->parameters(), this->encoder(), query_user, new_user, out.row(q));
    }
  }
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override {
    Model::do_predict(queries, items, out);
    for (float& answer : out) answer = this->objective().output().predict(answer);
  }
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override {
    Model::do_score(queries, scores);
  }
  void do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const override {
    Model::do_score_items(query, items, out);
  }

  FactorVectors vectors_;
};

}  // namespace gusto
