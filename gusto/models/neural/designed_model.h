#pragma once

#include <memory>
#include <string>

#include "gusto/models/neural/network_design.h"

namespace gusto {

/// The rows of a field table for designs with hidden layers.
template <class Options>
constexpr auto layers_fields() {
  return fields(text<&Options::hidden, Options>("hidden", "Widths of the hidden layers, as in 64-32; empty for none."),
                field<&Options::dropout, Options>("dropout", between(0, 0.95), search_linear(0, 0.5),
                                                  "Share of a hidden layer's numbers left out in training."),
                field<&Options::input_dropout, Options>("input_dropout", between(0, 0.95), search_linear(0, 0.5),
                                                        "Share of the hidden layers' input left out in training."));
}

/// A network model that is a design: its options have a member `NetworkDesign design() const`.
template <class OptionsStruct, const ModelInfo& Info>
class DesignedModel : public NetworkModelWith<OptionsStruct, Info> {
 public:
  using NetworkModelWith<OptionsStruct, Info>::NetworkModelWith;

 protected:
  std::string input_fields(const Dataset& data) const override { return all_fields(this->options().design(), data); }
  std::string vector_fields(const Dataset&) const override { return this->options().design().fields; }
  std::string hidden_layers() const override { return this->options().design().hidden; }
  std::unique_ptr<nn::Network> build(const NetworkPlan& plan) const override {
    return build_network(this->options().design(), this->options(), plan);
  }
  bool linear_output() const override { return this->options().linear_output(); }
};

}  // namespace gusto
