# What every target of slotd has in common, written once.

find_program(CCACHE ccache)
if(CCACHE)
    # Depend mode: what a source includes is learned from the compiler's own list, without another run
    # of the preprocessor for each object that is not in the cache. The sloppiness is what ccache asks
    # for where headers are precompiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_DEPEND=1
        CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

add_library(slotd_options INTERFACE)
target_include_directories(slotd_options INTERFACE ${CMAKE_SOURCE_DIR}/lib)
target_compile_definitions(slotd_options INTERFACE SLOTD_VERSION="${PROJECT_VERSION}")
target_compile_options(slotd_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # g++ 12 reports the inactive alternatives of std::variant, std::optional and std::expected as "may be
    # used uninitialized" or "not allocated" at -O2 (GCC bugs 105562, 105593); the sanitizers and clang-tidy
    # look for real ones.
    target_compile_options(slotd_options INTERFACE -Wno-maybe-uninitialized
                           -Wno-free-nonheap-object)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    # libstdc++ 12's own std::ranges::stable_sort.
    target_compile_options(slotd_options INTERFACE -Wno-deprecated-declarations)
endif()
if(SLOTD_SANITIZE)
    target_compile_options(slotd_options INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(slotd_options INTERFACE -fsanitize=address,undefined)
endif()
if(SLOTD_SANITIZE_THREADS)
    target_compile_options(slotd_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
    target_link_options(slotd_options INTERFACE -fsanitize=thread)
endif()
if(SLOTD_FUZZ)
    # Everything is watched for what is covered; libFuzzer's main() is of the fuzz targets alone.
    target_compile_options(slotd_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined
                           -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(slotd_options INTERFACE -fsanitize=address,undefined)
endif()
if(SLOTD_LINT)
    find_program(CLANG_TIDY clang-tidy-19 REQUIRED)
    set(CMAKE_CXX_CLANG_TIDY ${CLANG_TIDY})
endif()

# slotd_library(<name> DEPENDS <modules of lib/ this one may include>... LIBRARIES <outside>...)
# lib/<name>/ is one target slotd_<name>. What is not in DEPENDS cannot be linked; tests/house
# checks that it is not included either.
function(slotd_library name)
    cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
    list(TRANSFORM ARG_DEPENDS PREPEND slotd_)
    if(sources)
        add_library(slotd_${name} STATIC ${sources})
        slotd_precompile(std slotd_${name})
        set(scope PUBLIC)
    else()
        add_library(slotd_${name} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_link_libraries(slotd_${name} ${scope} slotd_options ${ARG_DEPENDS} ${ARG_LIBRARIES})
endfunction()

# slotd_program(<name> <folder of daemon/> INSTALL <dir> LIBRARIES ...): main.cpp is the program, everything else
# in the folder a library <name>_parts, so that tests can link it.
function(slotd_program name folder)
    cmake_parse_arguments(ARG "" "INSTALL" "LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    add_library(${name}_parts STATIC ${sources})
    target_include_directories(${name}_parts PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name}_parts PUBLIC ${ARG_LIBRARIES})
    add_executable(${name} ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/main.cpp)
    target_link_libraries(${name} PRIVATE ${name}_parts)
    slotd_precompile(std ${name}_parts ${name})
    install(TARGETS ${name} RUNTIME DESTINATION ${ARG_INSTALL})
endfunction()

# slotd_test_options: what is compiled for tests alone is quick to compile, not quick to run.
add_library(slotd_test_options INTERFACE)
target_compile_options(slotd_test_options INTERFACE -Og)

# slotd_test(<name> <folder of tests/> SHARES <n> LIBRARIES ...): one test program per folder, each
# TEST() in it a ctest entry of its own. With sanitizers, where a process takes a tenth of a second to
# start, SHARES entries that run every TEST() of the program between them.
function(slotd_test name folder)
    cmake_parse_arguments(ARG "" "SHARES" "LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    # Only for the sources that use them (configure again after the first use in one): whatever names this
    # folder is compiled anew in every other checkout, however warm the cache.
    foreach(source ${sources})
        file(STRINGS ${source} places REGEX "SLOTD_(SOURCE|BINARY)_DIR")
        if(places)
            set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS
                "SLOTD_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\";SLOTD_BINARY_DIR=\"${CMAKE_RUNTIME_OUTPUT_DIRECTORY}\"")
        endif()
    endforeach()
    target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} slotd_options slotd_test_options
                          GTest::gmock GTest::gtest_main)
    slotd_precompile(test ${name})
    if(NOT SLOTD_SANITIZE)
        # Parameters by the names that the tests give them: their values are printed as bytes.
        gtest_discover_tests(${name} TEST_PREFIX "${name}." NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60
                             PROPERTIES TIMEOUT 600)
        return()
    endif()
    if(NOT ARG_SHARES)
        set(ARG_SHARES 1)
    endif()
    foreach(share RANGE 1 ${ARG_SHARES})
        math(EXPR index "${share} - 1")
        add_test(NAME ${name}.share_${share}_of_${ARG_SHARES} COMMAND ${name})
        set_tests_properties(${name}.share_${share}_of_${ARG_SHARES} PROPERTIES TIMEOUT 600
            ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARES};GTEST_SHARD_INDEX=${index}")
    endforeach()
endfunction()
