#include "gusto/base/field.h"

#include <cmath>

#include <gmock/gmock.h>

#include "gusto/base/error.h"

namespace gusto {
namespace {

enum class Shape { round, square };
constexpr std::array<std::string_view, 2> kShapeNames = {"round", "square"};

struct Options {
  int dim = 64;
  float reg = 0.05f;
  bool biases = true;
  Shape shape = Shape::round;
  std::string hidden = "64-32";
};

constexpr auto kFields =
    fields(field<&Options::dim>("dim", between(1, 4096), search_log(8, 256), "Width."),
           field<&Options::reg>("reg", at_least(0), search_log(0.001, 1), "Regularization."),
           field<&Options::biases>("biases", "Whether there are biases."),
           choice<&Options::shape>("shape", kShapeNames, "Form."), text<&Options::hidden>("hidden", "Layers."));

Error failure(const Settings& settings) {
  Options options;
  try {
    apply_settings(kFields, "toy", settings, &options);
  } catch (const Error& error) {
    return error;
  }
  return {ErrorCode::internal, "no error"};
}

TEST(Field, SetsAndListsEveryKind) {
  Options options;
  apply_settings(kFields, "toy",
                 {{"dim", 128}, {"reg", 0.1}, {"biases", false}, {"shape", "square"}, {"hidden", "10, =\"x\""}},
                 &options);
  EXPECT_EQ(options.dim, 128);
  EXPECT_EQ(options.reg, 0.1f);
  EXPECT_FALSE(options.biases);
  EXPECT_EQ(options.shape, Shape::square);
  EXPECT_EQ(options.hidden, "10, =\"x\"");
  EXPECT_EQ(list_settings(kFields, &options),
            (Settings{{"dim", 128}, {"reg", 0.1}, {"biases", false}, {"shape", "square"}, {"hidden", "10, =\"x\""}}));
}

TEST(Field, ARealTakesAnInteger) {
  Options options;
  apply_settings(kFields, "toy", {{"reg", 2}}, &options);
  EXPECT_EQ(options.reg, 2.0f);
  EXPECT_EQ(check_field(find_field(kFields, "toy", "reg"), "toy", 2), FieldValue(2.0));
}

TEST(Field, OtherKindsAreNotConverted) {
  const auto message = [](const char* name, const FieldValue& value) { return failure({{name, value}}).message(); };
  EXPECT_EQ(message("dim", 64.0), "toy.dim cannot be 64.0.");
  EXPECT_EQ(message("dim", "64"), "toy.dim cannot be \"64\".");
  EXPECT_EQ(message("dim", true), "toy.dim cannot be true.");
  EXPECT_EQ(message("reg", "0.1"), "toy.reg cannot be \"0.1\".");
  EXPECT_EQ(message("biases", 1), "toy.biases cannot be 1.");
  EXPECT_EQ(message("biases", "true"), "toy.biases cannot be \"true\".");
  EXPECT_EQ(message("shape", 0), "toy.shape cannot be 0.");
  EXPECT_EQ(message("hidden", 64), "toy.hidden cannot be 64.");
  EXPECT_EQ(failure({{"dim", 64.0}}).hint(), "It takes a whole number from 1 to 4096.");
}

TEST(Field, TextIsReadByTheFieldsKind) {
  const auto read = [](const char* name, std::string_view text) {
    return parse_field(find_field(kFields, "toy", name), "toy", text);
  };
  EXPECT_EQ(read("dim", "64"), FieldValue(64));
  EXPECT_EQ(read("reg", "1"), FieldValue(1.0));
  EXPECT_EQ(read("biases", "off"), FieldValue(false));
  EXPECT_EQ(read("shape", "round"), FieldValue("round"));
  EXPECT_EQ(read("hidden", "64"), FieldValue("64"));
  EXPECT_THROW(read("dim", "64.0"), Error);
  EXPECT_THROW(read("dim", "4097"), Error);
  EXPECT_THROW(read("reg", "nan"), Error);
}

TEST(Field, AFloatIsTheNumberThatItsTextSpells) {
  Options options;
  options.reg = 0.1f;
  EXPECT_EQ(list_settings(kFields, &options)[1].second, FieldValue(0.1));
  EXPECT_EQ(format_field(list_settings(kFields, &options)[1].second), "0.1");
}

TEST(Field, ListedSettingsReadBackToTheSameValues) {
  Options options;
  options.reg = 0.1f / 3;
  Options again;
  apply_settings(kFields, "toy", list_settings(kFields, &options), &again);
  EXPECT_EQ(again.reg, options.reg);
}

TEST(Field, FormerNameIsAnErrorThatSaysTheNewOne) {
  constexpr auto kTable = fields(renamed(field<&Options::dim>("dim", between(1, 4096), {}, "Width."), "factors"));
  Options options;
  try {
    apply_settings(kTable, "toy", {{"factors", "8"}}, &options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_option);
    EXPECT_EQ(error.message(), "toy has no option \"factors\".");
    EXPECT_EQ(error.hint(), "It is called dim now.");
  }
  EXPECT_EQ(current_name(kTable, "factors"), "dim");
  EXPECT_EQ(current_name(kTable, "other"), "other");
}

TEST(Field, UnknownNameSuggestsTheNearest) {
  EXPECT_EQ(failure({{"dmi", 3}}).message(), "toy has no option \"dmi\".");
  EXPECT_EQ(failure({{"dmi", 3}}).hint(), "Did you mean dim?");
  EXPECT_EQ(failure({{"temperature", "3"}}).hint(), "It has: dim, reg, biases, shape, hidden.");
}

TEST(Field, ValueOutsideItsDomainSaysWhatFits) {
  EXPECT_EQ(failure({{"dim", 0}}).message(), "toy.dim cannot be 0.");
  EXPECT_EQ(failure({{"dim", 0}}).hint(), "It takes a whole number from 1 to 4096.");
  EXPECT_EQ(failure({{"dim", 1.5}}).code(), ErrorCode::invalid_option);
  EXPECT_EQ(failure({{"reg", std::nan("")}}).hint(), "It takes a number of at least 0.");
  EXPECT_EQ(failure({{"biases", "maybe"}}).hint(), "It takes true or false.");
  EXPECT_EQ(failure({{"shape", "oval"}}).hint(), "It takes one of round, square.");
  EXPECT_EQ(failure({{"hidden", "\xff"}}).hint(), "It takes UTF-8 text.");
}

TEST(Field, SearchIsToldAsARange) {
  EXPECT_EQ(describe_search(search_log(8, 256)), "8 to 256, on a logarithmic scale");
  EXPECT_EQ(describe_search(search_linear(0, 0.6)), "0 to 0.6");
  EXPECT_EQ(describe_search(search_none()), "");
}

TEST(Field, TextIsTakenAsItIs) {
  const Field& field = find_field(kFields, "toy", "hidden");
  for (const std::string text : {"", " a ", "true", "1.50", "Straße\n\"\\"}) {
    EXPECT_EQ(format_field(parse_field(field, "toy", text)), text);
  }
}

// Training lies behind Output in Derived, so that a row which took the one for the other would reach the wrong number.
struct Output {
  int width = 1;
};
struct Training {
  int epochs = 10;
  Shape shape = Shape::round;
  std::string loss = "squared";
};
struct Derived : Output, Training {
  bool biases = false;
};

template <class Options>
constexpr auto training_fields() {
  return fields(field<&Training::epochs, Options>("epochs", at_least(1), search_none(), "Rounds."),
                choice<&Training::shape, Options>("shape", kShapeNames, "Form."),
                text<&Training::loss, Options>("loss", "Loss."));
}
constexpr auto kDerivedFields =
    join(fields(field<&Output::width, Derived>("width", at_least(1), search_none(), "Width.")),
         training_fields<Derived>(), fields(field<&Derived::biases>("biases", "Biases.")));
static_assert(kDerivedFields.size() == 5);
static_assert(kDerivedFields[0].name == "width" && kDerivedFields[1].name == "epochs" &&
              kDerivedFields[4].name == "biases");

TEST(Field, JoinedTableReachesInheritedMembers) {
  Derived options;
  apply_settings(kDerivedFields, "toy", {{"epochs", 3}, {"shape", "square"}, {"loss", "huber"}, {"biases", true}},
                 &options);
  EXPECT_EQ(options.width, 1);
  EXPECT_EQ(options.epochs, 3);
  EXPECT_EQ(options.shape, Shape::square);
  EXPECT_EQ(options.loss, "huber");
  EXPECT_TRUE(options.biases);
  EXPECT_EQ(list_settings(kDerivedFields, &options),
            (Settings{{"width", 1}, {"epochs", 3}, {"shape", "square"}, {"loss", "huber"}, {"biases", true}}));
}

}  // namespace
}  // namespace gusto
