# A floor is one folder of the library. Its CMakeLists.txt lists sources and tests, no more:
#
#   gusto_floor(base PARALLEL SOURCES error.cc field.cc TESTS error_test.cc field_test.cc)
#
# Sources join the one library `gusto`; tests become one executable per floor, `gusto_base_test`, labeled `core`. A
# floor whose tests run several threads says PARALLEL: its label is `core-parallel`, and thread sanitizer runs them too
# (`./do races`).
add_custom_target(core_tests)
add_custom_target(parallel_tests)

# With CMAKE_UNITY_BUILD files are compiled in batches. Those that Highway compiles once for each CPU level stay apart,
# since its macros hold for one file, and so does what replaces operator new.
function(gusto_compile_apart target)
  foreach(source ${ARGN})
    file(STRINGS ${source} alone REGEX "#include <hwy|void[*] operator new" LIMIT_COUNT 1)
    if(alone)
      set_source_files_properties(${source} TARGET_DIRECTORY ${target} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()

function(gusto_floor name)
  cmake_parse_arguments(PARSE_ARGV 1 floor "PARALLEL" "TSAN" "SOURCES;TESTS")
  list(TRANSFORM floor_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  target_sources(gusto PRIVATE ${floor_SOURCES})
  gusto_compile_apart(gusto ${floor_SOURCES})
  if(NOT GUSTO_BUILD_TESTS OR NOT floor_TESTS)
    return()
  endif()

  set(test gusto_${name}_test)
  set(label core)
  add_executable(${test} ${floor_TESTS})
  target_link_libraries(${test} PRIVATE gusto gusto_build_flags GTest::gmock_main rapidcheck
    nlohmann_json::nlohmann_json)
  gusto_compile_apart(${test} ${floor_TESTS})
  # Compiling tests takes longer than running them.
  if(GUSTO_SANITIZE)
    target_compile_options(${test} PRIVATE -O0)
  else()
    target_compile_options(${test} PRIVATE -O1)
  endif()
  target_compile_definitions(${test} PRIVATE
    GUSTO_SOURCE_DIR="${PROJECT_SOURCE_DIR}" GUSTO_BINARY_DIR="${PROJECT_BINARY_DIR}")
  add_dependencies(core_tests ${test})
  if(floor_PARALLEL)
    set(label core-parallel)
    add_dependencies(parallel_tests ${test})
  endif()
  if(NOT GUSTO_SANITIZE)
    gtest_discover_tests(${test} DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES PROPERTIES LABELS ${label} TIMEOUT 300)
    return()
  endif()
  # Starting a sanitized program takes longer than most of its tests.
  set(shards 2)
  math(EXPR last_shard "${shards} - 1")
  foreach(shard RANGE ${last_shard})
    add_test(NAME ${name}.${shard} COMMAND ${test})
    set_tests_properties(${name}.${shard} PROPERTIES LABELS ${label} TIMEOUT 900
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${shard};TSAN_OPTIONS=${floor_TSAN}")
  endforeach()
endfunction()
