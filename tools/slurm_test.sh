#!/usr/bin/env bash
# Usage: bash tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options of test.py]
#
# GPUS in all (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and further SRUN_ARGS
# come from the environment.
set -euo pipefail

if [ $# -lt 4 ]; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG CHECKPOINT [options of test.py]" >&2
    exit 2
fi
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
launch_slurm "$1" "$2" test.py "$3" "$4" "${@:5}"
