"""What every test relies on."""

import os


def pytest_configure() -> None:
    """Figures must not depend on the processor that the tests run on."""
    os.environ["VERSE_EMBEDDING__COMPUTE_PATH"] = "fp32"
