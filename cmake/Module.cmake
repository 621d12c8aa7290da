# carillon_library(NAME DIR dir DEPENDS libs… LINK targets…): a part of the kernel from DIR/*.cpp, headers in include/.
function(carillon_library name)
  cmake_parse_arguments(ARG "" "DIR" "DEPENDS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${ARG_DIR}/*.cpp)
  add_library(carillon_${name} STATIC ${sources})
  target_include_directories(carillon_${name} PUBLIC include PRIVATE ${ARG_DIR})
  list(TRANSFORM ARG_DEPENDS PREPEND carillon_)
  target_link_libraries(carillon_${name} PUBLIC ${ARG_DEPENDS} ${ARG_LINK} Threads::Threads)
  carillon_precompile(carillon_${name})
endfunction()

# carillon_module(NAME DEPENDS modules… LINK targets…): modules/NAME. On its include path are the kernel, its own
# include/ and src/, and the include/ of the modules it names: another module's src/ cannot be reached.
function(carillon_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  set(dir ${CMAKE_SOURCE_DIR}/modules/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/src/*.cpp)
  add_library(carillon_${name} STATIC ${sources})
  target_include_directories(carillon_${name} PUBLIC ${dir}/include PRIVATE ${dir}/src)
  foreach(other ${ARG_DEPENDS})
    target_include_directories(carillon_${name} PUBLIC ${CMAKE_SOURCE_DIR}/modules/${other}/include)
    target_link_libraries(carillon_${name} PUBLIC carillon_${other})
  endforeach()
  target_link_libraries(carillon_${name} PUBLIC carillon_base carillon_time carillon_db carillon_events carillon_http ${ARG_LINK})
  carillon_precompile(carillon_${name})
endfunction()

# carillon_test(NAME LABEL label SOURCES globs… LINK libs… RUNNER command…): one Catch2 executable, one ctest entry, which
# the runner, if there is one, executes.
function(carillon_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;LINK;RUNNER" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${ARG_SOURCES})
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources} $<TARGET_OBJECTS:catch_main>)
  target_link_libraries(test_${name} PRIVATE ${ARG_LINK} carillon_test_support Catch2::Catch2)
  add_test(NAME ${name} COMMAND ${ARG_RUNNER} $<TARGET_FILE:test_${name}>)
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 900 FIXTURES_REQUIRED postgres
    ENVIRONMENT "CARILLON_TEST_POSTGRES_FILE=${CMAKE_BINARY_DIR}/postgres.url;PYTHONPATH=${CMAKE_SOURCE_DIR}/test/support;TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/test/support/tsan.supp halt_on_error=1")
endfunction()

function(carillon_precompile target)
  target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src/precompiled.hpp)
endfunction()
