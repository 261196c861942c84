# Everything comes from Debian 12 packages, listed in packages.txt.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(hwy REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_path(GUSTO_XXHASH_INCLUDE xxhash.h REQUIRED)

# oneDNN gives the matrix product. Its CMake config asks for OpenCL, so it is linked directly; it runs on OpenMP, which
# gusto holds at one thread per call (gusto/base/linalg.cc), so that it never starts threads of its own.
find_path(GUSTO_DNNL_INCLUDE dnnl.h REQUIRED)
find_library(GUSTO_DNNL NAMES dnnl REQUIRED)
find_library(GUSTO_GOMP NAMES libgomp.so.1 gomp REQUIRED)

if(GUSTO_BUILD_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  include(GoogleTest)
endif()
