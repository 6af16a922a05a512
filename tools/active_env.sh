# Sourced by other scripts, from the root of the repository: which Python
# environment they use.

# Sets env_dir and python to the active virtual environment (venv, virtualenv,
# or conda other than its base), or else to .venv in the current folder. Fails
# if there is neither.
find_env() {
    if [ -n "${VIRTUAL_ENV:-}" ]; then
        env_dir="$VIRTUAL_ENV"
    elif [ -n "${CONDA_PREFIX:-}" ] &&
        [ "${CONDA_DEFAULT_ENV:-base}" != base ]; then
        env_dir="$CONDA_PREFIX"
    else
        env_dir="$PWD/.venv"
    fi
    python="$env_dir/bin/python"
    [ -x "$python" ]
}
