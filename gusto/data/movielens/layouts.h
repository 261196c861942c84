#pragma once

#include <optional>
#include <string_view>

#include "gusto/base/context.h"
#include "gusto/data/bytes/file_tree.h"
#include "gusto/data/bytes/source.h"
#include "gusto/data/io/builder.h"
#include "gusto/data/open_options.h"
#include "gusto/data/opened_dataset.h"

namespace gusto {

/// The layouts of folders that GroupLens publishes, each in a file of its own. All may throw what open_dataset does.
OpenedDataset read_ml_100k(const FileTree& folder, const OpenOptions& options, Context& context);
OpenedDataset read_ml_1m(const FileTree& folder, const OpenOptions& options, Context& context);
OpenedDataset read_ml_latest(const FileTree& folder, const OpenOptions& options, Context& context);

/// ml-latest from its files' content; movies may be missing.
OpenedDataset read_ml_latest(ByteStream& ratings, const std::optional<SourceText>& movies, const OpenOptions& options,
                             Context& context);

/// The parts that describe: each reads one file into the catalog of a builder whose events have been read.
void read_u_item(const SourceText& items, const SourceText& genres, DatasetBuilder& builder);
void read_u_user(const SourceText& users, DatasetBuilder& builder);
void read_movies_dat(const SourceText& movies, DatasetBuilder& builder);
void read_users_dat(const SourceText& users, DatasetBuilder& builder);
void read_movies_csv(const SourceText& movies, DatasetBuilder& builder);

/// A file if it is there; else nothing, and a note in the report that it is missing.
std::optional<SourceText> load_if_there(const FileTree& folder, std::string_view name, Encoding encoding,
                                        DatasetBuilder& builder);

/// Throws if the options say what columns hold, which a layout does. Error(invalid_option)
void require_no_columns(const std::string& name, const OpenOptions& options);

/// The year in brackets at a title's end: "1995" for "Heat (1995)", "Heat (1995) (V)" and "Heat (1995-)"; else empty.
std::string_view year_of(std::string_view title);

}  // namespace gusto
