# The saved model recommends what the program printed: the same titles in the same order. On the embedded data set,
# which has run already, and on ml-100k where GUSTO_DATA has it.
function(same_titles output)
  string(REPLACE ";" "," output "${output}")
  string(REGEX MATCH "user 42:\n([^\n]+)\n([^\n]+)\n([^\n]+)\nAsk again" found "${output}")
  if(NOT found)
    message(FATAL_ERROR "The program printed no three titles.")
  endif()
  set(titles "${CMAKE_MATCH_1};${CMAKE_MATCH_2};${CMAKE_MATCH_3}")
  execute_process(COMMAND ${prefix}/bin/gusto recommend titles.gusto --user 42 -n 3 WORKING_DIRECTORY ${work}
    OUTPUT_VARIABLE table COMMAND_ERROR_IS_FATAL ANY)
  message("${table}")
  set(place 1)
  foreach(title IN LISTS titles)
    string(SUBSTRING "${title}" 0 30 title)  # tables cut long titles
    string(FIND "${table}" "\n${place}  ${title}" at)
    if(at EQUAL -1)
      message(FATAL_ERROR "gusto recommend does not give \"${title}\" as number ${place}.")
    endif()
    math(EXPR place "${place} + 1")
  endforeach()
endfunction()
same_titles("${output}")

set(ml_100k $ENV{GUSTO_DATA}/ml-100k)
if(DEFINED ENV{GUSTO_DATA} AND EXISTS ${ml_100k})
  execute_process(COMMAND ${work}/seed_titles ${ml_100k} WORKING_DIRECTORY ${work} OUTPUT_VARIABLE output
    COMMAND_ERROR_IS_FATAL ANY)
  message("${output}")
  same_titles("${output}")
endif()
