#include <cstdio>

#include <gusto/base/error.h>

int main() {
  try {
    throw gusto::Error(gusto::ErrorCode::not_found, "No film.", "Name another.");
  } catch (const gusto::Error& error) {
    std::puts(error.what());
  }
}
