# cmake -D build=… -D prefix=… -P prefix.cmake
file(REMOVE_RECURSE ${prefix})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${prefix}/bin/gusto --version COMMAND_ERROR_IS_FATAL ANY)
foreach(file bash-completion/completions/gusto zsh/site-functions/_gusto fish/vendor_completions.d/gusto.fish
    man/man1/gusto.1 doc/gusto/docs/architecture.md doc/gusto/recipes doc/gusto/README.md)
  if(NOT EXISTS ${prefix}/share/${file})
    message(FATAL_ERROR "${file} is not installed.")
  endif()
endforeach()
