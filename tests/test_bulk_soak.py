"""A short run of the bulk load's soak; ``python tests/bulk_soak.py`` is the long one."""

import pytest
from bulk_soak import BAD, soak


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_bulk_soak__every_row_is_stored_or_named(figures):
    """Through faults and kills: last values, each failure once, nothing sent again in vain."""
    result = soak(players=2000, kills=3, seed=7)
    figures("bulk soak", ", ".join(f"{name} {count}" for name, count in result.items()))
    assert {name: result[name] for name in BAD} == dict.fromkeys(BAD, 0)
    assert result["kills"] == 3
    assert result["token fetches"] <= 2
