"""What a node exposes to Prometheus, and which of it a query asks for."""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from outpace.telephony.asterisk.adapter import AsteriskAdapter
from outpace.telephony.asterisk.settings import AsteriskSettings

_NAME = re.compile(r"\boutpace_\w+")


def families(text: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name of each family as queries write it (of a histogram without suffix): its type and its labels' names."""
    found = {}
    for family in text_string_to_metric_families(text):
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, tuple(sorted(labels)))
    return found


def asterisk_gauges() -> set[str]:
    """The gauges of a node whose switch is an Asterisk."""
    adapter = AsteriskAdapter(AsteriskSettings(secret="x"), campaigns=(), trunk_groups=())
    return {f"outpace_switch_{name}" for name in adapter.pressure()}


def asked(query: str, known: dict[str, tuple[str, tuple[str, ...]]]) -> set[str]:
    """Names of families in a query; a histogram's series are told as the histogram."""
    names = set()
    for name in _NAME.findall(query):
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        names.add(family if known.get(family, ("",))[0] == "histogram" else name)
    return names
