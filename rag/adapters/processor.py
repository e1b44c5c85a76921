"""What the processor offers, and how models compute on it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FP32, BF16 = "torch-fp32", "torch-bf16"
_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})


def fastest_compute_path() -> str:
    """bfloat16 where the processor multiplies it in hardware, three times as fast; otherwise float32."""
    return BF16 if _BF16_FLAGS & processor_flags() else FP32


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def processor_flags() -> set[str]:
    """What the processor can do, in the kernel's words; empty where it does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # only Linux has it
        return set()
    return {flag for line in lines if line.startswith("flags") for flag in line.split()}
