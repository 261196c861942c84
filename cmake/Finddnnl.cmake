# Finds oneDNN as Debian packages it, as the target dnnl::dnnl. The package's own CMake config asks for OpenCL, which
# gusto does not use. oneDNN runs on OpenMP, which gusto holds at one thread per call, so libgomp comes with it.
# Installed beside gustoConfig.cmake, because programs that link the static library need it as well.
find_path(dnnl_INCLUDE_DIR dnnl.h)
find_library(dnnl_LIBRARY NAMES dnnl)
find_library(dnnl_OPENMP_LIBRARY NAMES libgomp.so.1 gomp)
mark_as_advanced(dnnl_INCLUDE_DIR dnnl_LIBRARY dnnl_OPENMP_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(dnnl REQUIRED_VARS dnnl_LIBRARY dnnl_INCLUDE_DIR dnnl_OPENMP_LIBRARY)
if(dnnl_FOUND AND NOT TARGET dnnl::dnnl)
  add_library(dnnl::dnnl UNKNOWN IMPORTED)
  set_target_properties(dnnl::dnnl PROPERTIES
    IMPORTED_LOCATION ${dnnl_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${dnnl_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES ${dnnl_OPENMP_LIBRARY})
endif()
