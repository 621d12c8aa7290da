set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_options(-Wall -Wextra -Werror -fcoroutines)
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
# GCC 12 warns wrongly about moved-from optionals and variants at -O2 (GCC bugs 105562, 105705, 109561).
add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds
                    -Wno-stringop-overread -Wno-mismatched-new-delete)

if(CARILLON_SANITIZE)
  add_compile_options(-fsanitize=${CARILLON_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CARILLON_SANITIZE})
  if(CARILLON_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize=vptr -fno-sanitize-recover=undefined)  # Debian's SOCI has no vptr information
  endif()
  if(CARILLON_SANITIZE STREQUAL "thread")
    # GCC's ThreadSanitizer knows no fences; Asio's scheduler has its mutexes beside them.
    add_compile_options(-DBOOST_ASIO_DISABLE_FENCED_BLOCK -Wno-tsan)
  endif()
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers and several build directories share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
