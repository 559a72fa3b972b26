"""A short run of the soak; ``make soak`` is the long one."""

import pytest
from soak import BAD, soak

# It ends when the orders do, however busy the machine is.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("records", ["sqlite", "redis"])
def test_soak__every_order_is_counted_once(figures, records):
    """Whatever happens to the processes and their stores: nothing doubled, lost or overwritten."""
    result = soak(orders=32, seed=20, with_redis=records == "redis")
    figures(f"soak, {records}", ", ".join(f"{name} {count}" for name, count in result.items()))
    assert {name: result[name] for name in BAD} == dict.fromkeys(BAD, 0)
    assert result["finished"] <= result["counted"] <= result["finished"] + result["unknown"]
    assert result["finished"] + result["unknown"] == result["orders"] == 32
    assert result["finished"] > 16
    assert result["kills"] > 0
    assert result["stops"] > 0
