"""How quantities are called and how formulas are written."""

__all__: list[str] = []
