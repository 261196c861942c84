#include "gusto/eval/protocol.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr FilterOptions core_of(std::optional<double> positives, std::uint64_t events) {
  return {.since = {}, .positives = positives, .min_user_events = events, .min_item_events = events};
}

constexpr std::array<std::string_view, 1> kUsers{"users:"};
constexpr std::array<std::size_t, 3> kMultVaeK{20, 50, 100};
constexpr std::array<std::string_view, 3> kMultVaeMetrics{"recall-min@20", "recall-min@50", "ndcg@100"};

constexpr std::array<std::string_view, 1> kNegatives{"negatives:"};
constexpr std::array<std::size_t, 1> kTen{10};
constexpr std::array<std::string_view, 2> kNcfMetrics{"sampled-hit-rate@10", "sampled-ndcg@10"};

constexpr std::array<std::string_view, 1> kListed{"test:"};
constexpr std::array<std::size_t, 1> kTwenty{20};
constexpr std::array<std::string_view, 2> kLightGcnMetrics{"recall@20", "ndcg@20"};

constexpr std::array<std::string_view, 5> kRecBoleMetrics{"hit-rate@10", "precision@10", "recall@10", "ndcg@10",
                                                          "mrr@10"};

constexpr std::array kProtocols{
    Protocol{
        "mult-vae",
        "Values of at least 4, users with 5 of them; people who are not trained on bring 80 % of their events, and "
        "20 % are to be found; as many others are left out.",
        "Liang, Krishnan, Hoffman, Jebara: Variational autoencoders for collaborative filtering, 2018",
        {.since = {}, .positives = 4, .min_user_events = 5, .min_item_events = {}},
        "users:0.1,0.1",
        kUsers,
        kMultVaeK,
        kMultVaeMetrics},
    Protocol{"ncf",
             "All events are positive; each user's last one is ranked among 99 negatives, drawn or given by a file.",
             "He, Liao, Zhang, Nie, Hu, Chua: Neural collaborative filtering, 2017",
             {},
             "negatives:99",
             kNegatives,
             kTen,
             kNcfMetrics},
    Protocol{"lightgcn",
             "All events are positive, of the part where users and items have 10 each; a fifth of each user's is to be "
             "found. With a published test file, test:FILE, nothing is filtered.",
             "He, Deng, Wang, Li, Zhang, Wang: LightGCN, 2020; splits as those of NGCF, 2019", core_of({}, 10),
             "holdout:0.2", kListed, kTwenty, kLightGcnMetrics},
    Protocol{"recbole",
             "Values of at least 3, of the part where users and items have 10 each; of each user's a tenth is to be "
             "found, and another tenth withheld.",
             "Zhao and others: RecBole, 2021, and the results on its pages",
             core_of(3, 10),
             "holdout:0.1,0.1",
             {},
             kTen,
             kRecBoleMetrics},
};

[[noreturn]] void contradict(const Protocol& protocol, const std::string& what, const std::string& hint) {
  throw Error(ErrorCode::invalid_option, fmt::format("The protocol {} {}.", protocol.name, what), hint);
}

std::string describe(const FilterOptions& filter) {
  std::vector<std::string> parts;
  if (filter.positives) parts.push_back(fmt::format("positives {:g}", *filter.positives));
  if (filter.min_user_events) parts.push_back(fmt::format("min_user_events {}", *filter.min_user_events));
  if (filter.min_item_events) parts.push_back(fmt::format("min_item_events {}", *filter.min_item_events));
  if (parts.empty()) return "leaves no events out";
  return fmt::format("filters by {} alone", join(parts, ", "));
}

// The options by which filters differ.
std::vector<std::string_view> differing(const FilterOptions& filter, const FilterOptions& other) {
  std::vector<std::string_view> options;
  if (filter.since != other.since) options.push_back("the option `since`");
  if (filter.positives != other.positives) options.push_back("the option `positives`");
  if (filter.min_user_events != other.min_user_events) options.push_back("the option `min_user_events`");
  if (filter.min_item_events != other.min_item_events) options.push_back("the option `min_item_events`");
  return options;
}

}  // namespace

std::span<const Protocol> protocol_table() { return kProtocols; }

const Protocol& find_protocol(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Protocol& protocol : kProtocols) {
    if (protocol.name == name) return protocol;
    names.push_back(protocol.name);
  }
  const auto nearest = nearest_name(name, names);
  throw Error(
      ErrorCode::not_found, fmt::format("There is no protocol {}.", quote(name)),
      nearest ? fmt::format("Did you mean {}?", quote(*nearest)) : fmt::format("Protocols are {}.", join(names, ", ")));
}

FilterOptions filter_of(const Protocol& protocol, const SplitSpec& split) {
  return split.kind == SplitSpec::Kind::test ? FilterOptions{} : protocol.filter;
}

void apply_protocol(const Protocol& protocol, SplitOptions& split, EvaluateOptions& evaluate) {
  split.filter = protocol.filter;
  split.spec = parse_split(protocol.split);
  evaluate.task = Task::top_n;
  evaluate.k.assign(protocol.k.begin(), protocol.k.end());
  evaluate.metrics.assign(protocol.metrics.begin(), protocol.metrics.end());
}

void check_protocol(const Protocol& protocol, std::span<const std::string> value_changes) {
  if (value_changes.empty()) return;
  contradict(protocol,
             fmt::format("measures events by the values that they have, and {} changes them", value_changes.front()),
             "Read them without, or leave the protocol out.");
}

void check_protocol(const Protocol& protocol, const SplitOptions& split, const EvaluateOptions& evaluate) {
  const std::string drop = "Leave that out, or the protocol.";
  if (evaluate.task != Task::top_n) contradict(protocol, "is of the task top-n", drop);
  const FilterOptions filter = filter_of(protocol, split.spec);
  if (const auto options = differing(split.filter, filter); !options.empty()) {
    const std::string does = filter == FilterOptions{} ? (options.size() == 1 ? "does" : "do")
                                                       : (options.size() == 1 ? "changes that" : "change that");
    contradict(protocol, fmt::format("{}, and {} {}", describe(filter), join(options, " and "), does), drop);
  }
  const std::string text = split.spec.text();
  const bool allowed =
      text == protocol.split || std::any_of(protocol.other_splits.begin(), protocol.other_splits.end(),
                                            [&](std::string_view beginning) { return text.starts_with(beginning); });
  if (!allowed) {
    contradict(protocol, fmt::format("divides by {}, not by {}", protocol.split, text),
               protocol.other_splits.empty() ? drop
                                             : fmt::format("Leave the split out, or choose one that begins with {}.",
                                                           join(protocol.other_splits, " or ")));
  }
  if (!std::equal(evaluate.k.begin(), evaluate.k.end(), protocol.k.begin(), protocol.k.end())) {
    contradict(protocol, fmt::format("measures lists of {}", fmt::join(protocol.k, ", ")), drop);
  }
  for (const std::string& name : evaluate.metrics) {
    const bool own = std::any_of(protocol.metrics.begin(), protocol.metrics.end(), [&](std::string_view metric) {
      return metric == name || metric.substr(0, metric.find('@')) == name;
    });
    if (own) continue;
    contradict(protocol, fmt::format("does not measure {}", quote(name)),
               fmt::format("Its metrics are {}.", join(protocol.metrics, ", ")));
  }
}

}  // namespace gusto
