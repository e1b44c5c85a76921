"""Print what the lock installs as a CycloneDX 1.6 bill of materials; `lock.sh` keeps it as `sbom.json`."""

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_LOCKED = re.compile(r"^([a-z0-9-]+)==([^\s;]+)((?:.*\\\n)*.*)$", re.MULTILINE)
_HASH = re.compile(r"sha256:([0-9a-f]{64})")


def main() -> None:
    """Print the bill; the same lock gives the same bytes."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = [
        part
        for name in ("torch.txt", "runtime.txt")
        for part in _LOCKED.findall((HERE / name).read_text(encoding="utf-8"))
    ]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": project["name"],
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": [_component(*part) for part in sorted(locked)],
    }
    json.dump(bill, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _component(name: str, version: str, rest: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{name}@{version}"
    hashes = [{"alg": "SHA-256", "content": one} for one in _HASH.findall(rest)]
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        **({"hashes": hashes} if hashes else {}),
    }


if __name__ == "__main__":
    main()
