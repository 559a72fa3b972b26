"""A short run of the soak; ``make soak`` is the long one."""

from soak import soak


def test_soak__every_order_is_counted_once(figures):
    """Random faults and killed workers: nothing doubled, nothing lost, the last score stored."""
    result = soak(orders=400, seed=20)
    figures("soak", ", ".join(f"{name} {count}" for name, count in result.items()))
    assert result["counted"] == result["orders"] == 400
    assert (result["doubled"], result["lost"], result["wrong scores"]) == (0, 0, 0)
    assert result["kills"] > 3
