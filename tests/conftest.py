"""What every test relies on."""

import os
import signal

from hypothesis import settings


def pytest_configure() -> None:
    """Figures must not depend on the processor that the tests run on, nor interrupts on who started them.

    Nor may a first example, for which something is loaded or compiled, fail by Hypothesis' limit on its time.
    """
    os.environ["VERSE_EMBEDDING__COMPUTE_PATH"] = "fp32"
    # a shell starts what runs in the background with interrupts ignored
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.register_profile("any processor", deadline=None)
    settings.load_profile("any processor")
