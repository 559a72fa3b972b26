"""What the game itself keeps. The platform's storage can be written by servers, but not read."""

import time
from typing import Self

from django.db import models
from django.db.models import Sum


class Score(models.Model):
    """A player's best score."""

    openid = models.CharField(max_length=128, primary_key=True)
    best = models.PositiveIntegerField()
    # Unix seconds, as rankings have them.
    reached_at = models.BigIntegerField()

    def __str__(self) -> str:
        """Say whose it is."""
        return f"{self.openid}: {self.best}"

    @classmethod
    def record(cls, openid: str, stars: int) -> Self:
        """Return a player's best score, with that of a new round."""
        reached = {"best": stars, "reached_at": int(time.time())}
        score, is_new = cls.objects.get_or_create(openid=openid, defaults=reached)
        # In the database, and not here: two rounds of a player may end at the same time.
        if not is_new and cls.objects.filter(openid=openid, best__lt=stars).update(**reached):
            score.refresh_from_db()
        return score


class Purchase(models.Model):
    """What a player buys in the hall. It is the player's once its bonus has been counted."""

    order_id = models.CharField(max_length=128, primary_key=True)
    openid = models.CharField(max_length=128, db_index=True)
    gems = models.PositiveIntegerField()
    is_granted = models.BooleanField(default=False)

    def __str__(self) -> str:
        """Say what it is."""
        return f"{self.order_id}: {self.gems} gems"

    @classmethod
    def grant(cls, order_id: str) -> None:
        """Give the gems of a counted order to its player, however often this is said."""
        cls.objects.filter(order_id=order_id).update(is_granted=True)

    @classmethod
    def gems_of(cls, openid: str) -> int:
        """Return how many gems a player has.

        They are added up from the purchases: a counter could count one of them twice.
        """
        granted = cls.objects.filter(openid=openid, is_granted=True)
        return granted.aggregate(total=Sum("gems"))["total"] or 0
