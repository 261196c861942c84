# Warnings and sanitizers that every target of this project is built with.
add_library(gusto_build_flags INTERFACE)
target_compile_options(gusto_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  # GCC 12 reports overlaps inside std::string that cannot happen (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${GUSTO_WERROR}>:-Werror>)
if(GUSTO_SANITIZE)
  target_compile_options(gusto_build_flags INTERFACE
    -fsanitize=${GUSTO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # Four checks of each pointer that double GCC's time: the address sanitizer finds what they would.
    $<$<CXX_COMPILER_ID:GNU>:-fno-sanitize=null,alignment,object-size,vptr>)
  target_link_options(gusto_build_flags INTERFACE -fsanitize=${GUSTO_SANITIZE})
endif()
