# Each .mutant file is a model checker of its own: production code with one fault planted. The
# checker has to find the fault, as a violation of the invariant that the file names and of no other.
# The mutated source is linked in front of the library, whose own copy is then left out.

find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB mutants CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.mutant)
if(SLOTD_SANITIZE)
    set(mutants "")  # the proof is run with the release build
endif()
add_custom_target(mutants)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${mutants})
foreach(mutant ${mutants})
    get_filename_component(name ${mutant} NAME_WE)
    foreach(field file invariant setup)
        file(STRINGS ${mutant} ${field} REGEX "^${field}: " LIMIT_COUNT 1)
        string(REGEX REPLACE "^${field}: " "" ${field} "${${field}}")
    endforeach()
    get_filename_component(folder ${file} DIRECTORY)
    set(planted ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}.cpp)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/mutants)
    add_custom_command(
        OUTPUT ${planted}
        COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/plant.py ${mutant}
                ${CMAKE_SOURCE_DIR} ${planted}
        DEPENDS ${mutant} ${CMAKE_CURRENT_LIST_DIR}/plant.py ${CMAKE_SOURCE_DIR}/${file}
        VERBATIM)
    add_executable(mutant_${name} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:model_check> ${planted})
    add_dependencies(mutants mutant_${name})
    target_link_libraries(mutant_${name} PRIVATE slotd_model CLI11::CLI11)
    slotd_precompile(std mutant_${name})
    # What the fault leaves unused or unreachable is no mistake.
    target_compile_options(mutant_${name} PRIVATE -Wno-error)
    set_target_properties(mutant_${name} PROPERTIES
                          RUNTIME_OUTPUT_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/mutants)
    add_test(NAME proof.mutant.${name}
             COMMAND mutant_${name} --setup ${setup} --expect ${invariant})
    set_tests_properties(proof.mutant.${name} PROPERTIES LABELS proof TIMEOUT 300)
endforeach()

# Every state of every small world of setups.cpp.
if(NOT SLOTD_SANITIZE)
    add_test(NAME proof.model_check COMMAND model_check)
    set_tests_properties(proof.model_check PROPERTIES LABELS proof TIMEOUT 900 PROCESSORS 2)
endif()
