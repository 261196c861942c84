#include "gusto/retrieval/vector_export.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/file.h"
#include "gusto/base/matrix.h"
#include "gusto/base/text.h"
#include "gusto/data/query.h"
#include "gusto/models/model_info.h"

namespace gusto {
namespace {

static_assert(std::endian::native == std::endian::little, "npy files say little-endian");

constexpr std::size_t kExportedAtOnce = 1024;

/// The head of a file of numpy, version 1.0: its length is a multiple of 64.
std::string npy_head(std::size_t rows, std::size_t width) {
  constexpr std::size_t kPrefix = 10, kBlock = 64;
  std::string text = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, width);
  text.append((kBlock - (kPrefix + text.size() + 1) % kBlock) % kBlock, ' ');
  text += '\n';
  std::string head("\x93NUMPY\x01\x00", 8);
  head += static_cast<char>(text.size() & 0xFF);
  head += static_cast<char>(text.size() >> 8);
  return head + text;
}

std::string tsv_field(std::string_view text) {
  std::string field(text);
  std::replace_if(
      field.begin(), field.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return field;
}

/// The vectors of one side, in both forms.
class VectorFiles {
 public:
  VectorFiles(const std::filesystem::path& folder, const std::string& side, std::size_t rows, std::size_t width)
      : binary_(folder / (side + "s.npy")), text_(folder / (side + "_vectors.tsv")) {
    binary_.append(npy_head(rows, width));
  }

  void add(MatrixView<const float> vectors) {
    std::string bytes, lines;
    for (std::size_t r = 0; r < vectors.rows; ++r) {
      const std::span<const float> row = vectors.row(r);
      bytes.append(reinterpret_cast<const char*>(row.data()), row.size_bytes());
      for (std::size_t c = 0; c < row.size(); ++c) lines += fmt::format("{}{}", c > 0 ? "\t" : "", row[c]);
      lines += '\n';
    }
    binary_.append(bytes);
    text_.append(lines);
  }

  void commit(VectorExport& result) {
    for (AtomicFile* file : {&binary_, &text_}) {
      file->commit();
      result.files.push_back(file->path());
    }
  }

 private:
  AtomicFile binary_, text_;
};

void write_text(const std::filesystem::path& path, const std::string& text, VectorExport& result) {
  AtomicFile file(path);
  file.append(text);
  file.commit();
  result.files.push_back(path);
}

}  // namespace

VectorExport export_vectors(const Model& model, const std::filesystem::path& folder, Context& context) {
  if (!model.info().abilities.item_vectors) {
    throw Error(ErrorCode::unsupported, fmt::format("{} has no vectors of items.", model.info().name),
                "Train a model that ranks by an inner product, such as ials, bpr or two-tower.");
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(ErrorCode::io,
                fmt::format("The folder {} cannot be made: {}.", quote(folder.string()), error.message()),
                "Choose another one.");
  }
  const Catalog& catalog = model.data().catalog();
  const MatrixView<const float> items = model.item_vectors();
  VectorExport result{catalog.items.size(), catalog.users.size(), items.cols, {}};
  VectorFiles item_files(folder, "item", items.rows, result.width);
  item_files.add(items);
  VectorFiles user_files(folder, "user", result.users, result.width);
  for (std::size_t begin = 0; begin < result.users; begin += kExportedAtOnce) {
    context.check_canceled();
    context.progress("export", begin, result.users);
    const std::size_t count = std::min(kExportedAtOnce, static_cast<std::size_t>(result.users) - begin);
    std::vector<Query> queries;
    for (std::size_t u = 0; u < count; ++u) queries.push_back(Query::known(UserRow(begin + u)));
    Matrix<float> vectors(count, result.width);
    model.query_vectors(queries, vectors.view());
    user_files.add(vectors.view());
  }
  std::string item_names = "id\ttitle\n", user_names = "id\n";
  for (std::size_t i = 0; i < result.items; ++i) {
    item_names += tsv_field(catalog.items[i]) + '\t' + tsv_field(catalog.title(ItemRow(i))) + '\n';
  }
  for (std::size_t u = 0; u < result.users; ++u) user_names += tsv_field(catalog.users[u]) + '\n';
  item_files.commit(result);
  user_files.commit(result);
  write_text(folder / "items.tsv", item_names, result);
  write_text(folder / "users.tsv", user_names, result);
  return result;
}

}  // namespace gusto
