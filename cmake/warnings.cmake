# Warnings and sanitizers that every target of this project is built with.
add_library(gusto_build_flags INTERFACE)
target_compile_options(gusto_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${GUSTO_WERROR}>:-Werror>)
if(GUSTO_SANITIZE)
  target_compile_options(gusto_build_flags INTERFACE
    -fsanitize=${GUSTO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(gusto_build_flags INTERFACE -fsanitize=${GUSTO_SANITIZE})
endif()
