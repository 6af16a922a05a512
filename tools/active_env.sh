# Sourced by other scripts: which Python environment they use.

# Sets env_dir and python to the active virtual environment (venv, virtualenv,
# or conda other than its base), or else to .venv in the root of the
# repository. Fails if there is neither; python is then the one on the PATH.
find_env() {
    if [ -n "${VIRTUAL_ENV:-}" ]; then
        env_dir="$VIRTUAL_ENV"
    elif [ -n "${CONDA_PREFIX:-}" ] &&
        [ "${CONDA_DEFAULT_ENV:-base}" != base ]; then
        env_dir="$CONDA_PREFIX"
    else
        env_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.venv"
    fi
    python="$env_dir/bin/python"
    if [ ! -x "$python" ]; then
        python=python
        return 1
    fi
}
