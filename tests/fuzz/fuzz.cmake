# The parsers of foreign bytes under libFuzzer (preset fuzz), and their corpus as an ordinary test in
# every other preset. docs/fuzzing.md says how to run both.
file(GLOB fuzz_targets CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/targets/*.cpp)
file(GLOB fuzz_shared CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
list(FILTER fuzz_shared EXCLUDE REGEX "/libfuzzer_entry\\.cpp$")
add_library(slotd_fuzz STATIC ${fuzz_targets} ${fuzz_shared})
target_link_libraries(slotd_fuzz PUBLIC slotd_fakes)
slotd_precompile(std slotd_fuzz)

if(SLOTD_FUZZ)
    add_custom_target(fuzz)
    foreach(source ${fuzz_targets})
        get_filename_component(name ${source} NAME_WE)
        # The library gives each program its own target and what that needs: covered is a part of it.
        add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/libfuzzer_entry.cpp)
        target_compile_definitions(fuzz_${name} PRIVATE SLOTD_FUZZ_TARGET=fuzz_${name})
        target_link_libraries(fuzz_${name} PRIVATE slotd_fuzz)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        add_dependencies(fuzz fuzz_${name})
    endforeach()
endif()
