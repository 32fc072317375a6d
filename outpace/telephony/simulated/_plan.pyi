from typing import final

from outpace.telephony.simulated.profile import CarrierProfile

@final
class Plan:
    def __init__(self, profile: CarrierProfile) -> None: ...
