# Sourced by dist_*.sh and slurm_*.sh: starts a tool of this folder in several
# processes.
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$tools/active_env.sh"
find_env || true
export PYTHONPATH="$(dirname "$tools")${PYTHONPATH:+:$PYTHONPATH}"

# launch_dist GPUS TOOL [arguments]: one process a GPU. Over several machines:
# set NNODES, NODE_RANK, MASTER_ADDR and PORT.
launch_dist() {
    local gpus="$1" tool="$2"
    shift 2
    "$python" -m torch.distributed.run \
        --nnodes="${NNODES:-1}" \
        --node_rank="${NODE_RANK:-0}" \
        --master_addr="${MASTER_ADDR:-127.0.0.1}" \
        --master_port="${PORT:-29500}" \
        --nproc_per_node="$gpus" \
        "$tools/$tool" "$@" --launcher pytorch
}

# launch_slurm PARTITION JOB_NAME TOOL [arguments]: GPUS in all (8),
# GPUS_PER_NODE (8), CPUS_PER_TASK (5) and further SRUN_ARGS come from the
# environment.
launch_slurm() {
    local partition="$1" job_name="$2" tool="$3"
    local gpus_per_node="${GPUS_PER_NODE:-8}"
    shift 3
    # SRUN_ARGS holds several words.
    # shellcheck disable=SC2086
    srun --partition="$partition" \
        --job-name="$job_name" \
        --gres="gpu:$gpus_per_node" \
        --ntasks="${GPUS:-8}" \
        --ntasks-per-node="$gpus_per_node" \
        --cpus-per-task="${CPUS_PER_TASK:-5}" \
        --kill-on-bad-exit=1 \
        ${SRUN_ARGS:-} \
        "$python" -u "$tools/$tool" "$@" --launcher slurm
}
