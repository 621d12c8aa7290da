# carillon_embed(TARGET NAME name FILES files…): `carillon::embedded::name()` returns {file name, bytes} of each, in order.
function(carillon_embed target)
  cmake_parse_arguments(ARG "" "NAME" "FILES" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/embedded/${ARG_NAME}.cpp)
  add_custom_command(OUTPUT ${out} DEPENDS ${ARG_FILES} ${CMAKE_SOURCE_DIR}/cmake/embed.py
    COMMAND python3 ${CMAKE_SOURCE_DIR}/cmake/embed.py ${out} ${ARG_NAME} ${ARG_FILES} VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
