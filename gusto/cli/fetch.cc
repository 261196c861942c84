/// gusto fetch: the data sets that GroupLens publishes, downloaded once.

#include "gusto/data/fetch/fetch.h"

#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/cli/command.h"
#include "gusto/cli/fetched_data.h"
#include "gusto/cli/run.h"
#include "gusto/cli/table.h"

namespace gusto::cli {
namespace {

struct FetchFlags {
  std::vector<std::string> names;
  std::string cache;
  std::string url;
  bool again = false;
  RunFlags run;
};

void list_sets(const Session& session, const std::filesystem::path& cache) {
  Table table({{"set"},
               {"ratings", Align::right},
               {"users", Align::right},
               {"rated"},
               {"size", Align::right},
               {"here", Align::left}});
  std::error_code ignored;
  for (const PublishedSet& set : published_sets()) {
    const std::filesystem::path path = cached_path(set, cache);
    const bool here = std::filesystem::exists(path, ignored);
    const bool begun = std::filesystem::exists(path.string() + ".part", ignored);
    table.add({Cell(std::string(set.name), Style::bold), format_count(set.ratings), format_count(set.users),
               std::string(set.years), format_bytes(set.bytes),
               here    ? "yes"
               : begun ? "in part"
                       : ""});
  }
  fmt::print("{}\n", table.render(session.out));
  const std::string after = fmt::format(
      "`gusto fetch NAME` downloads one into {}. Every command takes fetch:NAME as DATA. The sets named latest "
      "are changed by GroupLens from time to time: for published results take one of the others.",
      cache.string());
  for (const std::string& line : wrap(after, session.out.width)) fmt::print("{}\n", line);
}

void run_fetch(Session& session, const FetchFlags& flags) {
  FetchOptions options;
  options.cache = flags.cache.empty() ? default_cache() : std::filesystem::path(flags.cache);
  options.site = flags.url.empty() ? default_site() : flags.url;
  options.download.replace = flags.again;
  if (flags.names.empty()) {
    list_sets(session, options.cache);
    return;
  }
  Run run(session, flags.run);
  for (const std::string& name : flags.names) {
    const PublishedSet& set = find_published_set(name);
    const FetchedSet fetched = fetch_and_tell(set, options, run);
    const char* how = !fetched.downloaded ? " already"
                      : fetched.checked   ? ", with the checksum published"
                                          : "; no checksum is published";
    fmt::print("{} is here{}:\n  {}\n", name, how, fetched.path.string());
  }
}

}  // namespace

void add_fetch(CLI::App& app, Session& session) {
  auto flags = std::make_shared<FetchFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "fetch",
       .summary = "Download MovieLens sets from GroupLens, or list them.",
       .about =
           "Downloads the archive of a set into a folder of downloads, once; a download that was stopped is resumed. "
           "Every command reads such an archive as it is, and takes fetch:ml-1m as DATA, which downloads the set "
           "if it is not there. Without a name: lists the sets, and which are there.",
       .examples = {"gusto fetch", "gusto fetch ml-1m", "gusto compare fetch:ml-1m"}},
      [flags, &session] { run_fetch(session, *flags); });
  command->add_option("NAME", flags->names, "A set such as ml-1m, or several.");
  command
      ->add_option("--cache", flags->cache,
                   "The folder of downloads. Default: gusto in XDG_CACHE_HOME or ~/.cache, where fetch:NAME looks.")
      ->type_name("FOLDER");
  command
      ->add_option("--url", flags->url,
                   "Where the archives are, such as a mirror. Default: GUSTO_FETCH_URL, or GroupLens.")
      ->type_name("URL");
  command->add_flag("--again", flags->again, "Download it also if it is there.");
  command->add_flag("--quiet", flags->run.quiet, "Show no progress.");
}

}  // namespace gusto::cli
