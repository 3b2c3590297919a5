# Headers from outside that most sources include, compiled once for all targets instead of once for
# each source: about a third of the time of a build. Headers of the house are not among them, so a
# change of one still builds only what includes it. Every source goes on including what it names
# (tests/house), and the preset lint compiles without any of this.

option(SLOTD_PRECOMPILE "precompile headers from outside" ON)

set(precompiled_std <algorithm> <array> <cerrno> <chrono> <cstddef> <cstdint> <cstring> <deque>
    <expected> <functional> <map> <memory> <optional> <set> <span> <string> <string_view> <utility>
    <variant> <vector> <fmt/format.h>)
set(precompiled_test ${precompiled_std} <filesystem> <fstream> <gmock/gmock.h> <gtest/gtest.h>)

# slotd_precompiled(<name> LIBRARIES ...): a target that owns the list precompiled_<name>. Its flags
# are those of the targets that use it, or the compiler refuses.
function(slotd_precompiled name)
    if(NOT SLOTD_PRECOMPILE)
        return()
    endif()
    cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
    set(source ${CMAKE_BINARY_DIR}/precompiled_${name}.cpp)
    if(NOT EXISTS ${source})
        file(WRITE ${source} "// A target has a source, even one of headers.\n")
    endif()
    add_library(slotd_precompiled_${name} OBJECT ${source})
    target_link_libraries(slotd_precompiled_${name} PRIVATE slotd_options ${ARG_LIBRARIES})
    target_precompile_headers(slotd_precompiled_${name} PRIVATE ${precompiled_${name}})
endfunction()

# slotd_precompile(<name> <target>...): the targets use that list.
function(slotd_precompile name)
    if(NOT SLOTD_PRECOMPILE)
        return()
    endif()
    foreach(target ${ARGN})
        target_precompile_headers(${target} REUSE_FROM slotd_precompiled_${name})
        if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
            # A precompiled header of g++ 12 forgets the diagnostic pragmas in it, by which the library
            # silences what the optimizer says of its strings (GCC bugs 105329, 105651).
            target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-restrict
                                   -Wno-stringop-overflow -Wno-stringop-overread)
        endif()
    endforeach()
endfunction()
