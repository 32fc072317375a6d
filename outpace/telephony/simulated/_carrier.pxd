"""The simulated carrier. Contract only; the C face is that of CarrierCore."""
cimport cython
from outpace.telephony.simulated._core cimport CarrierCore


@cython.final
cdef class SimulatedCarrier(CarrierCore):
    pass
