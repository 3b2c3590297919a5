# The simulator in CI: fixed seeds of the production code.

if(NOT SLOTD_SANITIZE)
    add_test(NAME proof.simulate.1 COMMAND simulate --first-seed 1 --seeds 150)
    add_test(NAME proof.simulate.2 COMMAND simulate --first-seed 151 --seeds 150)
    set_tests_properties(proof.simulate.1 proof.simulate.2 PROPERTIES LABELS proof TIMEOUT 300)
endif()
