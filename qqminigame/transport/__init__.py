"""Bytes out, a reply in: the only room that knows HTTP and imports requests."""

from qqminigame.transport.sending import HttpSession, Transport

__all__ = ["HttpSession", "Transport"]
