"""usage: run_ciw.py FOLDER AGENTS LOAD CUSTOMERS - M/M/n on Ciw from FOLDER; prints JSON."""

from __future__ import annotations

import json
import sys
import time

sys.path.insert(0, sys.argv[1])
import ciw

HANDLE_S = 60.0


def queue(agents: int, load: float, customers: int) -> dict[str, float]:
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(load / HANDLE_S)],
        service_distributions=[ciw.dists.Exponential(1.0 / HANDLE_S)],
        number_of_servers=[agents],
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    begun = time.process_time()
    simulation.simulate_until_max_customers(customers, method="Finish")
    seconds = time.process_time() - begun
    waits = [record.waiting_time for record in simulation.get_all_records()]
    return {"seconds": seconds, "mean_wait_s": sum(waits) / len(waits), "customers": len(waits)}


if __name__ == "__main__":
    print(json.dumps({"queue": queue(int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))}))
