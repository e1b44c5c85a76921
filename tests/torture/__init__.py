"""Harm done to the store on purpose: kills, failing disks, lost power, flipped bits. `make torture` does more of it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
