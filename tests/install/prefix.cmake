# cmake -D build=… -D prefix=… -P prefix.cmake
file(REMOVE_RECURSE ${prefix})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${prefix}/bin/gusto --version COMMAND_ERROR_IS_FATAL ANY)
