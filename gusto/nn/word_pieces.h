#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/vocabulary.h"

namespace gusto::nn {

/// The words of a text in lower case: its longest runs of letters and digits. Letters are lowered in the Latin, Greek
/// and Cyrillic alphabets; characters beyond those are letters, but for spaces, punctuation and symbols. Bytes that are
/// no UTF-8 divide words.
/// Cost     O(length)
std::vector<std::string> words_of(std::string_view text);

/// Cuts words into pieces of a vocabulary: frequent words are pieces themselves, rarer ones fall into several. A piece
/// that continues a word is marked by ## before it: "toy", "##s".
///
/// State    the pieces
/// Source   Sennrich, Haddow, Birch: Neural machine translation of rare words with subword units, ACL 2016 (learning,
///          by merging the most frequent pair of neighbors); Schuster, Nakajima: Japanese and Korean voice search,
///          ICASSP 2012 (cutting, by the longest piece from the left)
/// Threads  const members may be called concurrently
class WordPieces {
 public:
  /// The at most `count` pieces of these texts: the most frequent characters, then what the most frequent pairs merge
  /// to, for as long as a pair comes twice. Of equally frequent characters the lower bytes come first, of equally
  /// frequent pairs that of earlier pieces: the same texts give the same pieces.
  /// Cost     O(length of the texts + length of their different words · log)
  static std::vector<std::string> learn(std::span<const std::string_view> texts, std::size_t count);

  WordPieces() = default;
  /// Error(corrupt_file) if a piece repeats.
  explicit WordPieces(std::span<const std::string> pieces);

  /// Appends the text's pieces: 1 + position of each, 0 for a character that no piece has. A word of more than kMaxWord
  /// bytes is one 0.
  /// Cost     O(length · longest piece)
  void encode(std::string_view text, std::vector<std::uint32_t>& ids) const;

  static constexpr std::size_t kMaxWord = 200;

 private:
  void encode_word(std::string_view word, std::vector<std::uint32_t>& ids) const;

  Vocabulary pieces_;
  std::size_t longest_ = 0;  // bytes, without the mark
};

}  // namespace gusto::nn
