"""Profiles: the shipped ones, and what a file may not say."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from outpace.domain.errors import ConfigError
from outpace.telephony.simulated.distributions import Role, build
from outpace.telephony.simulated.profile import Mix, base_mix, load_profile

GOOD = "name = 'x'\n[mix]\nlive = 1.0\n"


def test_the_base_profile_is_the_base_scenario() -> None:
    base = load_profile("base")
    assert base.mix == base_mix(0.25)
    ring = np.frombuffer(build(base.times.answer, "").samples(1, Role.ROLE_RING, 100_000))
    machine = np.frombuffer(build(base.times.machine_answer, "").samples(1, Role.ROLE_RING, 100_000))
    assert (ring.min() >= 1.5, ring.max()) == (True, 25.0)
    assert ring.mean() == pytest.approx(11.0, rel=0.01)
    assert machine.mean() == pytest.approx(17.8, rel=0.005)  # 18 s before the clip at 25 s
    assert base.times.no_answer == 25.0


def test_the_bank_profile_draws_real_talk_times() -> None:
    talk = build(load_profile("bank-marketing").times.talk, "")
    drawn = np.frombuffer(talk.samples(1, Role.ROLE_TALK, 100_000))
    assert drawn.mean() == pytest.approx(258.3, rel=0.02)
    assert np.median(drawn) == pytest.approx(180.0, rel=0.02)
    assert np.all(drawn == np.round(drawn))


@pytest.mark.parametrize(
    ("live", "shares"),
    [
        (0.10, (0.35, 0.40, 0.07, 0.08)),
        (0.25, (0.25, 0.35, 0.08, 0.07)),
        (0.50, (0.15, 0.25, 0.06, 0.04)),
        (0.12, tuple(part * 0.88 / 0.90 for part in (0.35, 0.40, 0.07, 0.08))),
        (0.36, tuple(part * 0.64 / 0.75 for part in (0.25, 0.35, 0.08, 0.07))),
    ],
)
def test_the_base_mix_scales_the_nearest_row(live, shares) -> None:
    mix = base_mix(live)
    assert (mix.live, mix.machine, mix.no_answer, mix.busy, mix.invalid) == pytest.approx((live, *shares))


def test_a_profile_survives_a_round_trip() -> None:
    profile = load_profile("bank-marketing")
    assert msgspec.json.decode(msgspec.json.encode(profile), type=type(profile)) == profile


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        (GOOD + "[times]\ntalks = 3.0\n", "times", "unknown field `talks`"),
        ("name = 'x'\n[mix]\nlive = 0.5\n", "mix", "sum to 1"),
        ("name = 'x'\n[mix]\nlive = 1.5\nbusy = -0.5\n", "mix", "from 0 to 1"),
        ("[mix]\nlive = 1.0\n", "", "missing required field `name`"),
        (GOOD + "[times]\ntalk = 'long'\n", "times.talk", "got `str`"),
        (GOOD + "[times]\ntalk = -3.0\n", "times.talk", "at least 0"),
        (GOOD + "[times]\ntalk = { kind = 'uniform', low = 3.0, high = 1.0 }\n", "times.talk", "more than low"),
        (GOOD + "[times]\ntalk = { kind = 'uniform', low = 3.0 }\n", "times.talk", "high"),
        (GOOD + "[times]\ntalk = { csv = 'no.csv', column = 'a' }\n", "times.talk.csv", "No such file"),
        (GOOD + "[amd]\nfalse_positive = 2.0\n", "amd", "from 0 to 1"),
        (GOOD + "[voice_card]\nchannels_per_span = 0\n", "voice_card", "from 1 to 10000"),
        ("name = \n", "", "is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_file_key_and_reason(tmp_path: Path, text, key, reason) -> None:
    path = tmp_path / "carrier.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_profile(path)
    assert str(path) in caught.value.where
    assert key in caught.value.where
    assert reason in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_profile(tmp_path / "none.toml")


def test_shares_must_sum_to_one() -> None:
    with pytest.raises(ConfigError):
        Mix(live=0.3, machine=0.6)
