from outpace.telephony.simulated._random import Distribution

def run_queue(
    agents: int,
    between: Distribution,
    handle: Distribution,
    patience: Distribution | None,
    *,
    customers: int,
    warm_up: int,
    within_s: float,
    seed: int,
) -> tuple[int, int, int, float, float, float]: ...
