#!/usr/bin/env bash
# Sets up the Python environment for mmboxcaseg. Run it again at any time: it
# does what is missing, and when nothing is, it ends within a second or two.
#
# It installs into the active virtual environment, or else into .venv in the
# root of the repository, which it makes. The system's Python is never touched.
#
#   --predict      only what masks are made with by exported models, such as the
#                  one that comes with the package: no torch, no compiler
#
#   PYTHON         interpreter that makes .venv          (python3)
#   TORCH_VERSION  release of torch, if there is none yet (2.13.0)
#   MAX_JOBS       compilers at once while mmcv is built  (number of cores)
#
# For a particular build of torch (CPU only, a CUDA release), activate an
# environment that has it: a torch that is there is kept.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
TORCH_VERSION="${TORCH_VERSION:-2.13.0}"
export MAX_JOBS="${MAX_JOBS:-$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)}"

predict=
case "${1:-}" in
"") ;;
--predict) predict=_predict ;;
*)
    echo "usage: tools/setup_env.sh [--predict]" >&2
    exit 2
    ;;
esac

say() { echo "[setup] $*"; }
fail() {
    echo "[setup] error: $*" >&2
    exit 1
}

# 1. The environment
source tools/active_env.sh
if ! find_env; then
    base_python="${PYTHON:-python3}"
    command -v "$base_python" >/dev/null ||
        fail "$base_python not found; name a Python 3.10 or newer: PYTHON=..."
    say "making a virtual environment in .venv with $("$base_python" --version)"
    "$base_python" -m venv .venv ||
        fail "$base_python has no venv module; install it (Debian and Ubuntu:" \
            "package python3-venv) or name another Python: PYTHON=..."
    find_env
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$env_dir has $("$python" --version), but mmboxcaseg and its packages" \
        "need Python 3.10 or newer; remove it and name one: PYTHON=..."

# 2. Has this very set-up been done?
whole="$env_dir/.mmboxcaseg_setup"
stamp="$whole$predict"
fingerprint="$(
    {
        echo "$root $TORCH_VERSION"
        "$python" --version
        cat requirements/*.txt setup.py setup.cfg pyproject.toml \
            mmboxcaseg/version.py tools/setup_env.sh
    } | "$python" -c '
import hashlib, sys
print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
)"
# What is set up for training makes masks too.
for made in "$stamp" "$whole"; do
    if [ "$(cat "$made" 2>/dev/null)" = "$fingerprint" ]; then
        say "$env_dir is up to date"
        exit 0
    fi
done
rm -f "$stamp"
say "setting up $env_dir"

pip() { "$python" -m pip --disable-pip-version-check "$@"; }
has() { "$python" -c "import $1" >/dev/null 2>&1; }

finish() {
    echo "$fingerprint" >"$stamp"
    say "done: $env_dir"
    [ -n "${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ] ||
        say "activate it with: source .venv/bin/activate"
}

if [ -n "$predict" ]; then
    pip install -q -e .
    "$python" -m mmboxcaseg.cli --version && "$python" -c 'import cv2, onnxruntime' ||
        fail "the packages don't import, see above"
    finish
    exit 0
fi

for original in mmcv mmcv-lite mmengine mmdet mmsegmentation; do
    ! pip show -q "$original" 2>/dev/null ||
        fail "$env_dir has the original distribution '$original', which" \
            "can't share an environment with the maintained ones. Use" \
            "another environment, or keep the original ones and run" \
            "'pip install -e .' instead of this script"
done

# 3. torch, and what mmcv is built with: setuptools 82 dropped pkg_resources,
#    which its build needs, and torch alone would bring the newest.
setuptools='setuptools>=64,<82'
if has torch; then
    say "keeping torch $("$python" -c 'import torch; print(torch.__version__)')"
else
    say "torch $TORCH_VERSION"
    pip install "torch==$TORCH_VERSION" "$setuptools"
fi
say "build tools"
pip install -q "$setuptools" wheel ninja

# 4. mmcv. Built in isolation from torch it comes silently without its
#    compiled ops, so it is built on its own and checked.
mmcv="$(grep '^onedl-mmcv==' requirements/mminstall.txt)"
#    Nine tenths of its build would be torch's headers, read anew for each of
#    some 110 files: g++ takes them precompiled.
install_mmcv() {
    local headers flags
    headers="$(mktemp -d)"
    flags="$("$python" -W ignore tools/setup/precompile_torch.py "$headers")" ||
        flags=
    CFLAGS="${flags:-${CFLAGS:-}}" MMCV_WITH_OPS=1 \
        pip install --no-build-isolation --no-deps "$@" "$mmcv" || {
        rm -rf "$headers"
        return 1
    }
    rm -rf "$headers"
}
# Loads the library of the ops, without the rest of mmcv.
ops_load() {
    "$python" -c '
import importlib.machinery, importlib.util, os, sys, torch
folder = os.path.dirname(importlib.util.find_spec("mmcv").origin)
spec = importlib.machinery.PathFinder.find_spec("_ext", [folder])
if spec is None:
    sys.exit(f"{folder} has no _ext")
importlib.util.module_from_spec(spec)' 2>&1
}
say "$mmcv with its compiled ops: the first build takes some minutes, later" \
    "ones come from pip's cache"
install_mmcv
if ! message="$(ops_load)"; then
    say "its ops don't load (built without them, or against another torch):" \
        "building it again"
    install_mmcv --force-reinstall --no-cache-dir
    message="$(ops_load)" ||
        fail "mmcv was built, but its ops don't load. Is there a C++ compiler" \
            "(g++), and for a CUDA torch its nvcc? The import said:" \
            "${message##*$'\n'}"
fi

# 5. The other packages, with what they need
say "OpenMMLab packages, tests and runtime requirements"
pip install -q -r requirements/mminstall.txt -r requirements/runtime.txt \
    -r requirements/tests.txt

# 6. OpenCV. The OpenMMLab packages ask for opencv-python, whose windows need
#    a display's libraries (libGL); the headless one has all that is used here.
#    Both fill the same folder, so both go before the one is put back.
if pip show -q opencv-python 2>/dev/null; then
    opencv="$("$python" -c '
from importlib.metadata import version
print(version("opencv-python"))')"
    say "opencv-python $opencv -> opencv-python-headless, needs no display"
    pip uninstall -q -y opencv-python opencv-python-headless
    pip install -q --no-deps "opencv-python-headless==$opencv"
fi

# 7. This package
say "mmboxcaseg"
pip install -q --no-build-isolation --no-deps -e .

# 8. Does it all load?
"$python" - <<'PYTHON' || fail "the packages don't import, see above"
import cv2
import mmcv
import mmcv._ext  # noqa: F401
import mmdet
import mmengine
import mmseg
import torch

import mmboxcaseg

for module in (torch, mmcv, mmengine, mmdet, mmseg, cv2, mmboxcaseg):
    print(f'[setup]   {module.__name__} {module.__version__}')
PYTHON
finish
