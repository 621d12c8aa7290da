# carillon_embed(TARGET NAME name FILES files…): `carillon::embedded::name()` returns {file name, bytes} of each, in order.
function(carillon_embed target)
  cmake_parse_arguments(ARG "" "NAME" "FILES" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/embedded/${ARG_NAME}.cpp)
  add_custom_command(OUTPUT ${out} DEPENDS ${ARG_FILES} ${CMAKE_SOURCE_DIR}/cmake/embed.py
    COMMAND python3 ${CMAKE_SOURCE_DIR}/cmake/embed.py ${out} ${ARG_NAME} ${ARG_FILES} VERBATIM)
  # An object library of its own, since a generated file is known only in the folder that generates it.
  add_library(embedded_${ARG_NAME} OBJECT ${out})
  target_include_directories(embedded_${ARG_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/include)
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:embedded_${ARG_NAME}>)
endfunction()
