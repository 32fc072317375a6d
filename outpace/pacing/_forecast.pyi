import numpy as np
from numpy.typing import NDArray

from outpace.pacing._estimates import Estimates

def risk_curve(
    estimates: Estimates,
    row: int,
    free: float,
    most: int,
    *,
    pending: float = 0.0,
    weight: float = 1.0,
    wait_s: float = 2.0,
) -> NDArray[np.float64]: ...
def terms_of(mean: float, var: float) -> tuple[int, NDArray[np.float64]]: ...
