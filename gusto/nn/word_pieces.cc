#include "gusto/nn/word_pieces.h"

#include <algorithm>
#include <map>
#include <queue>
#include <unordered_map>
#include <utility>

#include "gusto/base/error.h"

namespace gusto::nn {
namespace {

constexpr std::string_view kMark = "##";

// Bytes of the UTF-8 character that begins here, or 0 if none does.
std::size_t character_size(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xC2 ? 0
                           : first < 0xE0 ? 2
                           : first < 0xF0 ? 3
                           : first < 0xF5 ? 4
                                          : 0;
  if (size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) return 0;
  }
  return size;
}

char32_t decode(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(character[i])); };
  switch (character.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
    case 3: return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    default: return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U | (byte(3) & 0x3FU);
  }
}

// Appends a character of two bytes.
void append_two(std::string& text, char32_t c) {
  text += static_cast<char>(0xC0U | c >> 6U);
  text += static_cast<char>(0x80U | (c & 0x3FU));
}

bool between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool is_letter(char32_t c) {
  if (c < 0x80) return between(c, '0', '9') || between(c, 'a', 'z') || between(c, 'A', 'Z');
  const bool symbol = between(c, 0x80, 0xBF) || c == 0xD7 || c == 0xF7 || between(c, 0x2000, 0x2BFF) ||
                      between(c, 0x3000, 0x303F) || between(c, 0xFE30, 0xFE6F) || between(c, 0xFF00, 0xFF0F) ||
                      c == 0xFEFF || between(c, 0x1F000, 0x1FAFF);
  return !symbol;
}

char32_t lowered(char32_t c) {
  if (between(c, 'A', 'Z') || between(c, 0xC0, 0xDE) || between(c, 0x391, 0x3A9) || between(c, 0x410, 0x42F)) {
    return c + 0x20;
  }
  if (between(c, 0x400, 0x40F)) return c + 0x50;
  // Capitals of Latin Extended-A stand at even places before their small letters, in two runs at odd ones.
  if (between(c, 0x139, 0x148) || between(c, 0x179, 0x17E)) return c + c % 2;
  if (between(c, 0x100, 0x137) && c != 0x130 && c != 0x131) return c | 1U;
  if (between(c, 0x14A, 0x177)) return c | 1U;
  return c;
}

// Joins a piece and one that continues it.
std::string joined(const std::string& first, const std::string& second) { return first + second.substr(kMark.size()); }

// Learns by merging. Symbols are positions in pieces.
class WordPieceLearner {
 public:
  WordPieceLearner(std::span<const std::string_view> texts, std::size_t count);
  std::vector<std::string> pieces() { return std::move(pieces_); }

 private:
  using Symbol = std::uint32_t;
  using Pair = std::pair<Symbol, Symbol>;
  static constexpr Symbol kUnknown = 0xFFFFFFFFU;  // a character too rare for the vocabulary

  struct Word {
    std::vector<Symbol> symbols;
    std::uint64_t count;
  };
  struct Candidate {
    std::uint64_t count;
    Pair pair;
    friend bool operator<(const Candidate& a, const Candidate& b) {  // the queue's top is the greatest
      return a.count != b.count ? a.count < b.count : a.pair > b.pair;
    }
  };
  struct Found {
    std::uint64_t count = 0;
    std::vector<std::uint32_t> words;  // that have held the pair
  };
  struct PairHash {
    std::size_t operator()(const Pair& pair) const {
      return (std::uint64_t{pair.first} << 32U | pair.second) * 0x9e3779b97f4a7c15ULL;
    }
  };

  void add_characters(const std::map<std::string, std::uint64_t>& counts);
  Symbol symbol_of(const std::string& piece);
  void count_pair(Symbol a, Symbol b, std::uint32_t word);
  void merge(const Pair& pair);
  void merge_in(std::uint32_t word, const Pair& pair, Symbol merged);

  std::size_t count_;
  std::vector<std::string> pieces_;
  std::unordered_map<std::string, Symbol> symbols_;
  std::vector<Word> words_;
  std::unordered_map<Pair, Found, PairHash> pairs_;
  std::priority_queue<Candidate> queue_;  // counts may be out of date; too high where a pair has lost some
  std::vector<Pair> grown_;               // pairs that a merge has made
};

std::vector<std::string> marked_characters(std::string_view word) {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t size = character_size(word.substr(at));
    result.push_back((at == 0 ? std::string() : std::string(kMark)) + std::string(word.substr(at, size)));
    at += size;
  }
  return result;
}

WordPieceLearner::WordPieceLearner(std::span<const std::string_view> texts, std::size_t count) : count_(count) {
  std::map<std::string, std::uint64_t> counts;
  for (const std::string_view text : texts) {
    for (std::string& word : words_of(text)) {
      if (word.size() <= WordPieces::kMaxWord) ++counts[std::move(word)];
    }
  }
  add_characters(counts);
  for (const auto& [word, times] : counts) {
    Word& added = words_.emplace_back(Word{{}, times});
    for (const std::string& character : marked_characters(word)) {
      const auto found = symbols_.find(character);
      added.symbols.push_back(found == symbols_.end() ? kUnknown : found->second);
    }
  }
  for (std::size_t w = 0; w < words_.size(); ++w) {
    const std::vector<Symbol>& symbols = words_[w].symbols;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      count_pair(symbols[i], symbols[i + 1], static_cast<std::uint32_t>(w));
    }
  }
  for (const auto& [pair, found] : pairs_) queue_.push({found.count, pair});
  while (pieces_.size() < count_ && !queue_.empty()) {
    const Candidate best = queue_.top();
    queue_.pop();
    if (best.count < 2) break;
    const auto found = pairs_.find(best.pair);
    if (found == pairs_.end()) continue;
    if (found->second.count == best.count) merge(best.pair);
    else if (found->second.count < best.count) queue_.push({found->second.count, best.pair});
  }
}

void WordPieceLearner::add_characters(const std::map<std::string, std::uint64_t>& counts) {
  std::map<std::string, std::uint64_t> found;
  for (const auto& [word, times] : counts) {
    for (const std::string& character : marked_characters(word)) found[character] += times;
  }
  std::vector<std::pair<std::string, std::uint64_t>> ordered(found.begin(), found.end());
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (std::size_t i = 0; i < std::min(count_, ordered.size()); ++i) symbol_of(ordered[i].first);
}

WordPieceLearner::Symbol WordPieceLearner::symbol_of(const std::string& piece) {
  const auto [place, added] = symbols_.try_emplace(piece, static_cast<Symbol>(pieces_.size()));
  if (added) pieces_.push_back(piece);
  return place->second;
}

void WordPieceLearner::count_pair(Symbol a, Symbol b, std::uint32_t word) {
  if (a == kUnknown || b == kUnknown) return;
  Found& found = pairs_[{a, b}];
  found.count += words_[word].count;
  if (found.words.empty() || found.words.back() != word) found.words.push_back(word);
}

void WordPieceLearner::merge(const Pair& pair) {
  const Symbol merged = symbol_of(joined(pieces_[pair.first], pieces_[pair.second]));
  const std::vector<std::uint32_t> words = std::move(pairs_[pair].words);
  pairs_.erase(pair);
  grown_.clear();
  for (const std::uint32_t word : words) merge_in(word, pair, merged);
  std::sort(grown_.begin(), grown_.end());
  grown_.erase(std::unique(grown_.begin(), grown_.end()), grown_.end());
  for (const Pair& changed : grown_) {
    const auto found = pairs_.find(changed);
    if (found != pairs_.end()) queue_.push({found->second.count, changed});
  }
}

void WordPieceLearner::merge_in(std::uint32_t word, const Pair& pair, Symbol merged) {
  std::vector<Symbol>& symbols = words_[word].symbols;
  const auto here = [&](std::size_t i) {
    return i + 1 < symbols.size() && symbols[i] == pair.first && symbols[i + 1] == pair.second;
  };
  std::size_t first = 0;
  while (first + 1 < symbols.size() && !here(first)) ++first;
  if (first + 1 >= symbols.size()) return;  // an earlier merge has changed the word

  std::vector<Symbol> shorter;
  std::vector<bool> touched_before, touched_after;  // symbols whose pairs change
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const bool joins = here(i);
    shorter.push_back(joins ? merged : symbols[i]);
    touched_after.push_back(joins);
    touched_before.insert(touched_before.end(), joins ? 2 : 1, joins);
    i += joins ? 1 : 0;
  }
  for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
    if (!touched_before[i] && !touched_before[i + 1]) continue;
    const auto found = pairs_.find({symbols[i], symbols[i + 1]});
    if (found != pairs_.end()) found->second.count -= words_[word].count;
  }
  symbols = std::move(shorter);
  for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
    if (!touched_after[i] && !touched_after[i + 1]) continue;
    count_pair(symbols[i], symbols[i + 1], word);
    grown_.push_back({symbols[i], symbols[i + 1]});
  }
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool within = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = character_size(text.substr(at));
    const std::string_view character = text.substr(at, std::max<std::size_t>(size, 1));
    at += character.size();
    const char32_t code = size == 0 ? U' ' : decode(character);
    if (!is_letter(code)) {
      within = false;
      continue;
    }
    if (!within) words.emplace_back();
    within = true;
    const char32_t small = lowered(code);
    if (small == code) words.back() += character;
    else if (small < 0x80) words.back() += static_cast<char>(small);
    else append_two(words.back(), small);
  }
  return words;
}

std::vector<std::string> WordPieces::learn(std::span<const std::string_view> texts, std::size_t count) {
  return WordPieceLearner(texts, count).pieces();
}

WordPieces::WordPieces(std::span<const std::string> pieces) {
  for (const std::string& piece : pieces) {
    if (pieces_.find(piece)) throw Error(ErrorCode::corrupt_file, "A vocabulary of word pieces holds one twice.");
    pieces_.add(piece);
    longest_ = std::max(longest_, piece.starts_with(kMark) ? piece.size() - kMark.size() : piece.size());
  }
}

void WordPieces::encode(std::string_view text, std::vector<std::uint32_t>& ids) const {
  for (const std::string& word : words_of(text)) {
    if (word.size() <= kMaxWord) encode_word(word, ids);
    else ids.push_back(0);
  }
}

void WordPieces::encode_word(std::string_view word, std::vector<std::uint32_t>& ids) const {
  std::string piece;
  for (std::size_t at = 0; at < word.size();) {
    std::size_t size = std::min(longest_, word.size() - at);
    std::uint32_t id = 0;
    for (; size > 0; --size) {
      piece = at == 0 ? std::string() : std::string(kMark);
      piece += word.substr(at, size);
      if (const std::optional<std::uint32_t> found = pieces_.find(piece)) {
        id = 1 + *found;
        break;
      }
    }
    ids.push_back(id);
    at +=
        id != 0 ? size : std::max<std::size_t>(character_size(word.substr(at)), 1);  // pieces of a file may be anything
  }
}

}  // namespace gusto::nn
