# A floor is one folder of the library. Its CMakeLists.txt lists sources and tests, no more:
#
#   gusto_floor(base SOURCES error.cc field.cc TESTS error_test.cc field_test.cc)
#
# Sources join the one library `gusto`; tests become one executable per floor, `gusto_base_test`.
function(gusto_floor name)
  cmake_parse_arguments(PARSE_ARGV 1 floor "" "" "SOURCES;TESTS")
  list(TRANSFORM floor_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  target_sources(gusto PRIVATE ${floor_SOURCES})
  if(GUSTO_BUILD_TESTS AND floor_TESTS)
    add_executable(gusto_${name}_test ${floor_TESTS})
    target_link_libraries(gusto_${name}_test PRIVATE gusto gusto_build_flags GTest::gmock_main rapidcheck nlohmann_json::nlohmann_json)
    target_compile_definitions(gusto_${name}_test PRIVATE
      GUSTO_SOURCE_DIR="${PROJECT_SOURCE_DIR}" GUSTO_BINARY_DIR="${PROJECT_BINARY_DIR}")
    gtest_discover_tests(gusto_${name}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${name} TIMEOUT 300)
  endif()
endfunction()
