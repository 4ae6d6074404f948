"""What watches over a recording, and the words for what it finds."""

__all__: list[str] = []
