// What an update gains of what training anew gains, and in which part of its time: for ml-1m (or the first argument, as
// `gusto train` names data), trained on the first 80 % by time, updated with the next 10 %, and tested on the last.
//
//   bench/update_bench [FOLDER [MODEL…]]

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/data/open/open.h"
#include "gusto/eval/testing/update_gain.h"

int main(int argc, char** argv) {
  using namespace gusto;
  const char* shared = std::getenv("GUSTO_DATA");
  const std::filesystem::path folder =
      argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::path(shared != nullptr ? shared : ".") / "ml-1m";
  const std::vector<std::string> models =
      argc > 2 ? std::vector<std::string>(argv + 2, argv + argc) : std::vector<std::string>{"ials"};
  try {
    Context context;
    const OpenedDataset opened = open_dataset(folder, {}, context);
    const test::TimeParts parts = test::time_parts(opened.data);
    fmt::print("model         before  updated  retrained  gained   update  retrain  time\n");
    for (const std::string& model : models) {
      const test::UpdateGain gain = test::update_gain(parts, model, {}, context);
      fmt::print("{:<13} {:.4f}   {:.4f}     {:.4f}  {:>4.0f} %  {:>5.2f} s  {:>5.2f} s  {:>2.0f} %\n", model,
                 gain.before, gain.updated, gain.retrained, 100 * gain.share(), gain.update_seconds,
                 gain.retrain_seconds, 100 * gain.update_seconds / gain.retrain_seconds);
    }
  } catch (const Error& error) {
    fmt::print(stderr, "{} {}\n", error.message(), error.hint());
    return 1;
  }
  return 0;
}
