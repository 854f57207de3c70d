"""What does a notebook's kernel compute with? Prints it as JSON, from inside a fresh kernel.

What is asked for by environment variables may not be obeyed. So the libraries are asked what they
use, and small products, powers and networks are computed: their last bits tell kernels apart where
a library does not say what it took.
"""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "torch", "matplotlib", "scipy", "scikit-learn", "ipython", "ipykernel", "tqdm")


def look() -> dict[str, Any]:
    """Kernels, threads, last bits and versions of this process."""
    import numpy as np
    import threadpoolctl
    import torch
    from numpy._core import _multiarray_umath as core

    torch.set_num_threads(1)  # as the notebooks do; a run on two threads has to overrule it
    extra = [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]
    pools = [pool for pool in threadpoolctl.threadpool_info() if "numpy" in pool["filepath"]]
    blas = pools[0] if pools else {"architecture": "unknown", "num_threads": 0}
    return {
        "blas": blas["architecture"],
        "numpy": (extra or core.__cpu_baseline__ or ["none"])[-1],
        "torch": torch.backends.cpu.get_cpu_capability(),
        "threads": [blas["num_threads"], torch.get_num_threads()],
        "bits": [last_bits(numpy_results(np)), last_bits(torch_results(torch, np))],
        "processor": processor(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def numpy_results(np: Any) -> list[Any]:
    """Products in both precisions, functions, eigenvalues."""
    a = np.random.default_rng(0).normal(size=(300, 200))
    single = a.astype(np.float32)
    eigenvalues = np.linalg.eigvals(a[:200])
    return [a @ a.T, single @ single.T, np.tanh(a), np.exp(single), eigenvalues]


def torch_results(torch: Any, np: Any) -> list[Any]:
    """The same, and both networks; weights and inputs come from NumPy, so they do not differ."""
    generator = np.random.default_rng(1)
    a = torch.from_numpy(generator.normal(size=(300, 200)))
    x = torch.from_numpy(generator.normal(size=(50, 8, 20)))
    results = [a @ a.T, a.float() @ a.float().T, torch.sigmoid(a), torch.log_softmax(a, -1)]
    for network, dtype in ((torch.nn.RNN, torch.float64), (torch.nn.LSTM, torch.float32)):
        layer = network(20, 30).to(dtype)
        with torch.no_grad():
            for weights in layer.parameters():
                weights.copy_(torch.from_numpy(generator.normal(scale=0.2, size=weights.shape)))
        results.append(layer(x.to(dtype))[0].detach())
    return [result.numpy() for result in results]


def last_bits(results: list[Any]) -> str:
    """Fingerprint of arrays: equal only if every bit is."""
    total = hashlib.sha256()
    for result in results:
        total.update(result.tobytes())
    return total.hexdigest()[:8]


def processor() -> str:
    """Its name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def in_kernel() -> str:
    """The answer of a fresh kernel."""
    import nbclient
    from nbformat import v4

    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    code += "import json, seen; print(json.dumps(seen.look()))"
    notebook = v4.new_notebook(cells=[v4.new_code_cell(code)])
    ran = nbclient.NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    return next(said["text"] for said in ran.cells[0].outputs if said.get("name") == "stdout")


if __name__ == "__main__":
    print(json.dumps(json.loads(in_kernel())))
