"""C face of the words: the call transition table as an array, and the constants for the test that compares them."""
from outpace.domain.states import CALL_TRANSITIONS

cdef int _state, _fact
for _state in range(CALL_STATES):
    for _fact in range(FACTS_OF_CALLS):
        call_next[_state][_fact] = -1
for (_s, _f), _to in CALL_TRANSITIONS.items():
    call_next[<int>int(_s)][<int>int(_f)] = <int8_t>int(_to)


def next_call_state(int state, int fact):
    """The state that the C table holds for (state, fact), -1 where the table forbids it."""
    if not (0 <= state < CALL_STATES and 0 <= fact < FACTS_OF_CALLS):
        raise ValueError(f"no such state or fact: {state}, {fact}")
    return call_next[state][fact]
