from __future__ import annotations

import tomllib

import pytest

from outpace.runtime.toml_lines import key_lines, line_of

TEXT = '''# head
title = "a [b] = c"

[campaign]
name = "x"   # name = "y"
hours.start = "09:00"
text = """
fake = 1
[fake]
"""
days = [
  1, # [
  2,
]

[campaign.retry.busy]
wait_s = 1

[[groups]]
name = "one"
inline = { a = 1, b = [2] }
[[groups]]
name = 'two'
[groups."deep er".x]
y = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("campaign",), 4),
        (("campaign", "name"), 5),
        (("campaign", "hours", "start"), 6),
        (("campaign", "text"), 7),
        (("campaign", "days"), 11),
        (("campaign", "retry", "busy"), 16),
        (("campaign", "retry", "busy", "wait_s"), 17),
        (("groups", 0), 19),
        (("groups", 0, "name"), 20),
        (("groups", 0, "inline"), 21),
        (("groups", 1, "name"), 23),
        (("groups", 1, "deep er", "x", "y"), 25),
    ],
)
def test_line_of_a_key(path: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(TEXT)
    assert line_of(key_lines(TEXT), path) == line


def test_keys_inside_strings_and_comments_are_none() -> None:
    assert not any("fake" in path for path in key_lines(TEXT))


def test_line_of_what_is_missing_is_that_of_what_holds_it() -> None:
    lines = key_lines(TEXT)
    assert line_of(lines, ("campaign", "retry", "busy", "max_attempts")) == 16
    assert line_of(lines, ("groups", 0, "inline", "a")) == 21
    assert line_of(lines, ("nothing", "here")) == 1
