"""The page that steps through both sweeps: its story in Python, its look and its behaviour in the browser."""

__all__: list[str] = []
