#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "gusto/base/context.h"
#include "gusto/data/io/builder.h"
#include "gusto/data/io/open.h"
#include "gusto/data/io/source.h"

namespace gusto {

/// The layouts of folders that GroupLens publishes, each in a file of its own. All may throw what open_dataset does.
OpenedDataset read_ml_100k(const std::filesystem::path& folder, const OpenOptions& options, Context& context);
OpenedDataset read_ml_1m(const std::filesystem::path& folder, const OpenOptions& options, Context& context);
OpenedDataset read_ml_latest(const std::filesystem::path& folder, const OpenOptions& options, Context& context);

/// ml-latest from its files' content; movies may be missing.
OpenedDataset read_ml_latest(ByteStream& ratings, const std::optional<SourceText>& movies, const OpenOptions& options,
                             Context& context);

/// The parts that describe: each reads one file into the catalogue of a builder whose events have been read.
void read_u_item(const SourceText& items, const SourceText& genres, DatasetBuilder& builder);
void read_u_user(const SourceText& users, DatasetBuilder& builder);
void read_movies_dat(const SourceText& movies, DatasetBuilder& builder);
void read_users_dat(const SourceText& users, DatasetBuilder& builder);
void read_movies_csv(const SourceText& movies, DatasetBuilder& builder);

/// Whether there is such a file, or there may be: one that can't be examined is left to be opened, which says why.
bool may_exist(const std::filesystem::path& file);

/// A file if it is there; else nothing, and a note in the report that it is missing.
std::optional<SourceText> load_if_there(const std::filesystem::path& file, Encoding encoding, DatasetBuilder& builder);

/// The year in brackets at a title's end: "1995" for "Heat (1995)", "Heat (1995) (V)" and "Heat (1995-)"; else empty.
std::string_view year_of(std::string_view title);

}  // namespace gusto
