#pragma once

/// What the larger MovieLens sets tell of films beside titles and genres, read when asked for.
///
///   tags     tags.csv (ml-latest and its sisters) or tags.dat (ml-10m): what people wrote. Item feature "tags",
///   multi-valued:
///            trimmed, ASCII letters lowered, those that at least kLeastTaggers people gave, to whatever film
///   links    links.csv: item features "imdb" and "tmdb", the films' ids elsewhere. Texts, so that no model takes them
///   for
///            categories, nor re-ranking for what films have in common
///   genome   genome-scores.csv and genome-tags.csv (ml-20m, ml-25m): item feature "genome", multi-valued: the tags
///   whose
///            relevance is at least kLeastRelevance
///
/// Source   Vig, Sen, Riedl: The tag genome, ACM TiiS 2(3), 2012

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/bytes/byte_stream.h"
#include "gusto/data/bytes/file_tree.h"
#include "gusto/data/bytes/source.h"
#include "gusto/data/io/builder.h"
#include "gusto/data/open_options.h"

namespace gusto {

inline constexpr std::size_t kLeastTaggers = 3;
inline constexpr float kLeastRelevance = 0.5f;

/// Reads the extras that are asked for into the catalog of a builder whose events have been read, as far as the folder
/// has them; the report says which files are missing.
/// Errors   invalid_input, with file, line, column and value; io, corrupt_file, canceled
void read_extras(const FileTree& folder, std::span<const Extra> extras, DatasetBuilder& builder, Context& context);

/// Throws unless nothing is asked for: this layout has no extras.
void refuse_extras(std::string_view layout, std::span<const Extra> extras);

/// The parts, each of which adds to the items' features.
void read_tags_csv(const SourceText& tags, DatasetBuilder& builder);
void read_tags_dat(const SourceText& tags, DatasetBuilder& builder);
void read_links_csv(const SourceText& links, DatasetBuilder& builder);
/// Memory   8 bytes for each pair of film and tag that counts: the scores pass through in blocks
void read_genome(ByteStream& scores, const SourceText& tags, DatasetBuilder& builder, Context& context);

}  // namespace gusto
