# cmake -D program=… -D source=… -D prefix=… -D work=… -D generator=… -D compiler=… -P outside_program.cmake
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${work})
run(${CMAKE_COMMAND} -S ${source} -B ${work} -G ${generator} -D CMAKE_BUILD_TYPE=Release
  -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${work})
execute_process(COMMAND ${work}/${program} WORKING_DIRECTORY ${work} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
message("${output}")
include(${CMAKE_CURRENT_LIST_DIR}/${program}.cmake OPTIONAL)
