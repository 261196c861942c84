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
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/data/movielens-small/NOTICE.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/movielens-small)
install(EXPORT gusto NAMESPACE gusto:: FILE gustoTargets.cmake DESTINATION ${package_dir})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/gustoConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/gustoConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/gustoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/package/gustoConfig.cmake
    ${PROJECT_BINARY_DIR}/package/gustoConfigVersion.cmake
    ${PROJECT_SOURCE_DIR}/cmake/Finddnnl.cmake
    ${PROJECT_SOURCE_DIR}/cmake/Findlibmd.cmake
  DESTINATION ${package_dir})
