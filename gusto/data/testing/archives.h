#pragma once

/// Archives and compressed files for tests, written by libarchive.

#include <string>
#include <string_view>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "gusto/base/error.h"

namespace gusto::testing_io {

enum class Packing { zip, zip_stored, zip_encrypted, tar, tar_gz, tar_zst, gz, zst, xz, bz2 };

struct PackedFile {
  std::string path;
  std::string content;
  unsigned type = AE_IFREG;
  std::string link = {};
};

/// The bytes of an archive; .gz, .zst, .xz and .bz2 hold the content of the one file.
inline std::string packed(Packing packing, const std::vector<PackedFile>& files) {
  std::string bytes;
  archive* const out = archive_write_new();
  const auto check = [&](int status) {
    if (status != ARCHIVE_OK) throw Error(ErrorCode::internal, archive_error_string(out));
  };
  const bool zip = packing == Packing::zip || packing == Packing::zip_stored || packing == Packing::zip_encrypted;
  const bool bare =
      packing == Packing::gz || packing == Packing::zst || packing == Packing::xz || packing == Packing::bz2;
  check(zip    ? archive_write_set_format_zip(out)
        : bare ? archive_write_set_format_raw(out)
               : archive_write_set_format_pax_restricted(out));
  if (packing == Packing::zip_stored) check(archive_write_set_options(out, "zip:compression=store"));
  if (packing == Packing::zip_encrypted) {
    check(archive_write_set_options(out, "zip:encryption=traditional"));
    check(archive_write_set_passphrase(out, "secret"));
  }
  if (packing == Packing::tar_gz || packing == Packing::gz) check(archive_write_add_filter_gzip(out));
  if (packing == Packing::tar_zst || packing == Packing::zst) check(archive_write_add_filter_zstd(out));
  if (packing == Packing::xz) check(archive_write_add_filter_xz(out));
  if (packing == Packing::bz2) check(archive_write_add_filter_bzip2(out));
  check(archive_write_set_bytes_in_last_block(out, 1));
  const auto append = [](archive*, void* to, const void* part, std::size_t size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(part), size);
    return static_cast<la_ssize_t>(size);
  };
  check(archive_write_open(out, &bytes, nullptr, append, nullptr));
  for (const PackedFile& file : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, file.path.c_str());
    archive_entry_set_filetype(entry, file.type);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(file.content.size()));
    if (!file.link.empty()) archive_entry_set_symlink(entry, file.link.c_str());
    check(archive_write_header(out, entry));
    if (!file.content.empty()) archive_write_data(out, file.content.data(), file.content.size());
    archive_entry_free(entry);
  }
  check(archive_write_close(out));
  archive_write_free(out);
  return bytes;
}

inline std::string packed(Packing packing, std::string_view content) {
  return packed(packing, {{"data", std::string(content)}});
}

}  // namespace gusto::testing_io
