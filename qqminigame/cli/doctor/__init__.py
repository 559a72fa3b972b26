"""``qqminigame doctor``: what may be wrong here, and what to do about it.

Each check is a function that returns findings. None of them changes anything at the platform.
"""
