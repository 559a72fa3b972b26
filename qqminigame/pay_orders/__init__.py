"""The records of bonus reports, by the game's own order id.

The platform knows no orders: each report it counts takes a use. So an order is written down before
its report goes out and after its answer came in; one that was begun and not finished is open, and
no process sends its report again before it is settled.

Four kinds of keys, each written in one step that no other process can come in between:

- ``order:<order id>``: the order. Only one process can add it.
- ``player:<openid>``: the player's latest order. Each beginning replaces the one that it has read,
  so that of two that begin at once, one finds out and looks again: no lock is held over a call.
- ``open:<mark>``: the same text as an open order's, so that the open ones are found among millions.
- ``place``: an id that tells these records from any others.

All times are the store's, which has one clock for all processes and machines.
"""

from qqminigame.pay_orders.orders import MARGIN_SECONDS, PayOrders
from qqminigame.pay_orders.reporting import NothingLeftError, OrderReports

__all__ = ["MARGIN_SECONDS", "NothingLeftError", "OrderReports", "PayOrders"]
