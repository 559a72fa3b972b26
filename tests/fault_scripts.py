"""Faults for a long run."""


def scattered(dice, kinds, endpoint, calls, every):
    """Return faults that hit one in so many of the calls to an endpoint, each at random.

    Args:
        dice: Chooses the kinds, and the calls.
        kinds: What the faults are, of which each is as likely.
        endpoint: The calls.
        calls: How many calls there will be.
        every: How many calls there are for each fault.
    """
    faults = []
    for number in range(calls // every):
        call = number * every + dice.randrange(every)
        # Of the calls before it, a fault does not see those that were hit.
        faults.append({**dice.choice(kinds), "endpoint": endpoint, "skip": call - number})
    return faults
