from outpace.domain._words cimport fact_t

# how an event is to be applied
cdef enum:
    INTAKE_FACT = 0        # packed into fact_t
    INTAKE_LEASE = 1       # LeadsLeased: carries a batch
    INTAKE_TIME = 2        # TimePassed: a tick as the journal writes it
    INTAKE_RARE = 3        # adopted calls, ledgers, settings: a few a day

cdef int pack(object event, fact_t* fact) except -1
