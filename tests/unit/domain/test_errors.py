"""The tree of errors."""

from __future__ import annotations

import inspect

import msgspec
import pytest

from outpace.domain import errors
from outpace.domain.config import Campaign, Pool
from outpace.domain.errors import ConfigError, OutpaceError, StaleEpoch, StoreError


def test_errors_share_one_base_and_stand_in_the_drawing() -> None:
    classes = dict(inspect.getmembers(errors, inspect.isclass))
    assert all(issubclass(one, OutpaceError) for one in classes.values())
    assert errors.__doc__ is not None
    assert [name for name in classes if name not in errors.__doc__] == []


def test_config_error_says_where_and_why() -> None:
    error = ConfigError("ratio", "must be positive")
    assert str(error) == "ratio: must be positive"
    assert (error.where, error.reason) == ("ratio", "must be positive")
    assert isinstance(error, ValueError)


def test_config_error_when_raised_in_msgspec_then_the_path_is_added() -> None:
    tree = {"campaigns": [{"id": 1, "name": "a", "ratio": -1.0}], "trunk_groups": []}
    with pytest.raises(
        msgspec.ValidationError, match=r"ratio: must be from 0\.1 to 100, not -1 - at `\$\.campaigns\[0\]`"
    ):
        msgspec.convert(tree, Pool)


def test_config_error_when_built_in_python_then_it_is_raised_itself() -> None:
    with pytest.raises(ConfigError):
        Campaign(id=1, name="")


def test_stale_epoch_is_a_store_error() -> None:
    assert issubclass(StaleEpoch, StoreError)
