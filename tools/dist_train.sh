#!/usr/bin/env bash
# Usage: bash tools/dist_train.sh CONFIG GPUS [options of train.py]
#
# Starts one process a GPU; without a GPU, that many on the CPU. Over several
# machines: set NNODES, NODE_RANK, MASTER_ADDR and PORT.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG GPUS [options of train.py]" >&2
    exit 2
fi
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
launch_dist "$2" train.py "$1" "${@:3}"
