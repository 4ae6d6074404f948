"""The ways in which people write a backward pass: one row for each."""

__all__: list[str] = []
