from outpace.telephony.simulated.profile import CarrierProfile

class Plan:
    def __init__(self, profile: CarrierProfile) -> None: ...
