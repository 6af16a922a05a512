#!/usr/bin/env bash
# Runs the tests, setting up the environment first if need be. Arguments go
# to pytest: bash tools/run_tests.sh -k merge
#
# Tests on real photos look for them in $MMBOXCASEG_DATA.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash tools/setup_env.sh
source tools/active_env.sh
find_env
"$python" -m pytest tests "$@"
