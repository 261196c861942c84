#pragma once

#include <memory>
#include <string>

#include "gusto/models/neural/network_design.h"

namespace gusto {

/// A network model that is a design: its options have a member `NetworkDesign design() const`.
template <class OptionsStruct, const ModelInfo& Info>
class DesignedModel : public NetworkModelWith<OptionsStruct, Info> {
 public:
  using NetworkModelWith<OptionsStruct, Info>::NetworkModelWith;

 protected:
  std::string input_fields(const Dataset& data) const override { return all_fields(this->options().design(), data); }
  std::unique_ptr<nn::Network> build(const NetworkPlan& plan) const override {
    return build_network(this->options().design(), this->options(), plan);
  }
  bool linear_output() const override { return this->options().linear_output(); }
};

}  // namespace gusto
