"""What every test relies on."""

import os
import signal


def pytest_configure() -> None:
    """Figures must not depend on the processor that the tests run on, nor interrupts on who started them."""
    os.environ["VERSE_EMBEDDING__COMPUTE_PATH"] = "fp32"
    # a shell starts what runs in the background with interrupts ignored
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
