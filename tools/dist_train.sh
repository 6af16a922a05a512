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
config="$1"
gpus="$2"
shift 2
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$tools/active_env.sh"
find_env || true

PYTHONPATH="$(dirname "$tools")${PYTHONPATH:+:$PYTHONPATH}" \
    "$python" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$gpus" \
    "$tools/train.py" "$config" --launcher pytorch "$@"
