#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "gusto/models/model_info.h"
#include "gusto/models/neural/sequence_network.h"
#include "gusto/nn/training.h"

namespace gusto {

/// Defaults were chosen on each user's last training event of ml-1m.
struct SequentialOptions : nn::TrainingOptions {
  SequentialOptions();

  int dim = 0;
  int blocks = 2;
  int heads = 1;
  int length = 200;
  int hidden = 128;
  double dropout = 0.3;
  nn::CandidateLoss loss = nn::CandidateLoss::softmax;
  nn::Sampling sampling = nn::Sampling::full;
  int negatives = 256;
  double power = 0.75;
  double calibration = 0.75;
  double like_threshold = 4;
};
extern const ModelInfo kSequentialInfo;

/// Ranks by what tends to follow the history, in its order: score of item i = y · v_i, where y is a SequenceNetwork's
/// vector of the history's last event and v_i the item's embedding.
///
/// Ratings, likes  the sequence is the events of at least like_threshold, or, if no training event is, all of them
/// Top-n           all events; values are not used
/// Trained to find each event from those before it, among all items or drawn ones (nn::CandidateTask); by softmax, or
/// by binary cross-entropy, which with drawn items is gBCE (Petrov & Macdonald: gSASRec, RecSys 2023).
/// Goes on    as NetworkModel
/// Fold-in    exact: there is nothing of a user but the history. Of it the last `length` events count, or length − 1
/// and its
///            beginning if that is within reach; someone without one gets what most begin with
/// Source     Kang & McAuley: SASRec, ICDM 2018; with the full softmax as in Klenitskiy & Vasilev, RecSys 2023
/// State      the network's parameters
/// Cost       fit: O(epochs · events · dim · (items + blocks · (dim + hidden + length))); a query: a millisecond or
///            less
/// Errors     those of Model; invalid_option, if heads do not divide dim
/// Repeatable same bits at any number of threads, for one seed and one CPU level
class SequentialModel final : public ModelWith<SequentialOptions, kSequentialInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;
  MatrixView<const float> item_vectors() const override {
    static_cast<void>(data());
    return network_->item_vectors();
  }

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const override;

  void go_on(const Dataset& data, const SequentialModel& from);
  void prepare(const Dataset& data, std::size_t dim, std::unique_ptr<nn::ParameterSet> parameters);

  std::unique_ptr<nn::ParameterSet> parameters_;
  std::optional<SequenceNetwork> network_;
  float least_ = 0;  // value from which an event belongs to the sequence
};

}  // namespace gusto
