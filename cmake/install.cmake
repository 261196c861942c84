# `cmake --install` gives headers, library, command, licenses and a package for find_package(gusto).
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gusto)

include(cmake/public_headers.cmake)
target_sources(gusto PUBLIC FILE_SET public_headers TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
  FILES ${GUSTO_PUBLIC_HEADERS})
target_sources(gusto_cli PUBLIC FILE_SET public_headers TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
  FILES ${PROJECT_SOURCE_DIR}/gusto/cli/run_command.h)
install(TARGETS gusto gusto_cli EXPORT gusto ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET public_headers DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS gusto_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs ${PROJECT_SOURCE_DIR}/recipes DESTINATION ${CMAKE_INSTALL_DOCDIR}
  PATTERN splits EXCLUDE PATTERN __pycache__ EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/data/movielens-small/NOTICE.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/movielens-small)
# What the command prints of itself once it is linked, see gusto/cli/CMakeLists.txt.
set(printed ${PROJECT_BINARY_DIR}/printed)
install(FILES ${printed}/bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME gusto)
install(FILES ${printed}/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _gusto)
install(FILES ${printed}/fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME gusto.fish)
install(FILES ${printed}/man DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 RENAME gusto.1)

install(EXPORT gusto NAMESPACE gusto:: FILE gustoTargets.cmake DESTINATION ${package_dir})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/gustoConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/gustoConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/gustoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/package/gustoConfig.cmake
    ${PROJECT_BINARY_DIR}/package/gustoConfigVersion.cmake
    ${PROJECT_SOURCE_DIR}/cmake/Findlibmd.cmake
  DESTINATION ${package_dir})
