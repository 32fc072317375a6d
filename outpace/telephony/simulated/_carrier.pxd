"""The simulated carrier. Contract only; the C face is that of CarrierCore."""
from outpace.telephony.simulated._core cimport CarrierCore


cdef class SimulatedCarrier(CarrierCore):
    pass
