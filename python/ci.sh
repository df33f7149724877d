#!/usr/bin/env bash
# Builds the Python package and runs its tests and its type check: a few minutes, most of them the first build.
#
#   PYTHON    the interpreter (python3)
#   VENV      where the packages go (target/python-venv); kept, so that the next run is quick
#   PROFILE   Cargo profile of the extension (dev: quick to build; release: as it is shipped)
#   EXTRAS    what to install beside the package (test); torch is tested where it is importable: EXTRAS=test,torch
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3} venv=${VENV:-../target/python-venv} profile=${PROFILE:-dev} extras=${EXTRAS:-test}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../target}
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
venv=$(cd "$venv" && pwd)
echo "== Python package" && "$venv/bin/pip" install --quiet --disable-pip-version-check \
  --config-settings=build-args="--profile $profile" ".[$extras]"
echo "== Python lints" && cargo fmt -- --check && cargo clippy --quiet -- -D warnings
echo "== Python types" && "$venv/bin/mypy" && "$venv/bin/python" -m mypy.stubtest unspool._unspool --mypy-config-file pyproject.toml
echo "== Python tests" && "$venv/bin/python" -m pytest -q "$@"
echo "== Python examples" && pictures=$(mktemp -d) && trap 'rm -rf "$pictures"' EXIT
for example in examples/*.py; do MPLBACKEND=agg "$venv/bin/python" "$example" "$pictures" >/dev/null; done
echo "the Python package passed"
