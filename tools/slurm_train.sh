#!/usr/bin/env bash
# Usage: bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [options of train.py]
#
# GPUS in all (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and further SRUN_ARGS
# come from the environment.
set -euo pipefail

if [ $# -lt 4 ]; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG WORK_DIR [options of train.py]" >&2
    exit 2
fi
partition="$1"
job_name="$2"
config="$3"
work_dir="$4"
shift 4
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$tools/active_env.sh"
find_env || true
gpus_per_node="${GPUS_PER_NODE:-8}"

# SRUN_ARGS holds several words.
# shellcheck disable=SC2086
PYTHONPATH="$(dirname "$tools")${PYTHONPATH:+:$PYTHONPATH}" \
    srun --partition="$partition" \
    --job-name="$job_name" \
    --gres="gpu:$gpus_per_node" \
    --ntasks="${GPUS:-8}" \
    --ntasks-per-node="$gpus_per_node" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" \
    --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    "$python" -u "$tools/train.py" "$config" --work-dir="$work_dir" --launcher slurm "$@"
