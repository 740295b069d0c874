#!/bin/sh
# Installs Cloister from this folder, or upgrades it: ./install.sh DEST
# Needs no network and no root. DEST/data and DEST/settings.env are never touched. What is installed there stands until
# the new is whole and has started once; after that one link is changed.
# PYTHON names another interpreter: PYTHON=/opt/python3.11/bin/python3 ./install.sh DEST
set -eu
umask 022
# Another Python's packages have no business in this one.
unset PYTHONPATH PYTHONHOME
# Told by target.sh.
bundle_version='' bundle_python='' bundle_abi='' bundle_machine='' bundle_glibc=''

fail() {
  echo "$*" >&2
  exit 1
}

usage() {
  echo "Usage: ./install.sh DEST   (a folder that is yours; it is made if it is not there)" >&2
  exit 2
}

# Every file is as it was made, none is missing, and none was added.
verify() {
  echo "Checking the files of the bundle …"
  [ -f SHA256SUMS ] || fail "There is no SHA256SUMS here, so the bundle is not whole; nothing was installed. Unpack the archive again."
  sha256sum --check --strict --quiet SHA256SUMS >&2 ||
    fail "The files named above are not as they were made; nothing was installed. Carry the bundle over again, and compare the archive's SHA-256 with the one that was told when it was made."
  listed=$(wc -l <SHA256SUMS)
  present=$(find . ! -type d ! -path ./SHA256SUMS | wc -l)
  [ "$listed" -eq "$present" ] ||
    fail "The bundle holds $present files, but its list names $listed; nothing was installed. Unpack the archive again into an empty folder."
}

# Sets $python to an interpreter that fits the wheels.
find_python() {
  python=${PYTHON:-$(command -v "python$bundle_python" || command -v python3 || true)}
  [ -n "$python" ] || fail "There is no Python here; install CPython $bundle_python, or name one: PYTHON=/path/to/python$bundle_python ./install.sh DEST"
  "$python" - "$bundle_python" "$bundle_abi" "$bundle_machine" "$bundle_glibc" <<'CHECK' || exit 1
import platform, sys, sysconfig

version, abi, machine, glibc = sys.argv[1:]
here = "%d.%d" % sys.version_info[:2]


def numbers(text):
    return [int(part) for part in text.split(".")[:2]]


def refuse(sentence):
    sys.exit(sentence + " Nothing was installed.")


if platform.machine() != machine:
    refuse("This bundle is for %s, but this machine is %s: make one on a machine like this." % (machine, platform.machine()))
if here != version or platform.python_implementation() != "CPython":
    refuse(
        "This bundle is for CPython %s, but %s is %s %s: install CPython %s, or name one: "
        "PYTHON=/path/to/python%s ./install.sh DEST"
        % (version, sys.executable, platform.python_implementation(), here, version, version)
    )
if sysconfig.get_config_var("SOABI") != abi:
    refuse("This bundle is for a Python built as %s, but this one is %s." % (abi, sysconfig.get_config_var("SOABI")))
if numbers(platform.libc_ver()[1]) < numbers(glibc):
    refuse("This bundle needs glibc %s, but this system has %s: use a newer one." % (glibc, platform.libc_ver()[1]))
try:
    import venv
except ImportError:
    refuse("This Python has no venv module: install it (on Debian: python3-venv).")
CHECK
}

# One at a time: two would remove each other's half-made releases.
lock() {
  if ! mkdir "$dest/.installing" 2>/dev/null; then
    other=$(cat "$dest/.installing/process" 2>/dev/null || echo unknown)
    kill -0 "$other" 2>/dev/null && fail "Another installation into $dest is under way (process $other); nothing was changed."
    rm -rf "$dest/.installing"
    mkdir "$dest/.installing" || fail "$dest cannot be written to; nothing was changed."
  fi
  echo $$ >"$dest/.installing/process"
}

# Whatever happens before the link is changed leaves nothing behind but what was there.
clean_up() {
  status=$?
  trap - EXIT
  if [ "$status" -ne 0 ] && [ "$swapped" = no ]; then
    rm -rf "$release"
    if [ -e "$dest/current" ]; then
      echo "The installation failed; what was installed before still stands, and your data was not touched." >&2
    else
      echo "The installation failed; nothing is installed in $dest." >&2
    fi
  fi
  rm -rf "$dest/.installing"
  exit "$status"
}

# A release is a project of its own: packages, settings and samples of one version. Data is shared by all of them.
build_release() {
  mkdir -p "$dest/releases"
  [ -d "$dest/data" ] || mkdir -m 700 "$dest/data"
  mkdir "$release"
  cp -R configs sample_docs requirements.txt sbom.cdx.json LICENSE "$release/"
  # Also for a command that is called by its own path: data must never lie in a release, since old ones are removed.
  ln -s ../../data "$release/data"
  "$python" -m venv --without-pip "$release/.venv"
  set -- wheels/pip-*.whl # a wheel of pip runs as it is
  echo "Installing $(wc -l <requirements.txt) packages; this takes a few minutes …"
  PIP_CONFIG_FILE=/dev/null "$release/.venv/bin/python" "$1/pip" --isolated --disable-pip-version-check --no-cache-dir install \
    --quiet --no-index --no-deps --require-hashes --find-links wheels --requirement requirements.txt
}

# It starts once, away from the data of the installation: models, index and language model are loaded.
try_release() {
  echo "Trying it …"
  mkdir "$release/.trying"
  (
    # shellcheck disable=SC2046 # one word per name
    unset $(env | sed -n 's/^\(CLOISTER_[A-Za-z0-9_]*\)=.*/\1/p')
    cd "$release/.trying"
    CLOISTER_PROFILE=airgap CLOISTER_DATA_DIR="$release/.trying" "$release/.venv/bin/cloister" doctor
  ) >"$dest/.installing/doctor" 2>&1 || {
    cat "$dest/.installing/doctor" >&2
    fail "The new Cloister does not work on this machine; see above."
  }
  rm -rf "$release/.trying"
}

write_start_script() {
  cat >"$dest/.cloister.new" <<'START'
#!/bin/sh
# Runs the installed Cloister: ./cloister serve, ./cloister --help. Written by install.sh at every installation;
# your own settings belong into settings.env beside it.
set -eu
unset PYTHONPATH PYTHONHOME
here=$(dirname "$(readlink -f "$0")")
if [ -f "$here/settings.env" ]; then
  set -a
  # shellcheck source=/dev/null
  . "$here/settings.env"
  set +a
fi
# Nothing leaves this machine unless settings.env names another profile.
export CLOISTER_PROFILE="${CLOISTER_PROFILE-airgap}"
exec "$here/current/.venv/bin/cloister" "$@"
START
  chmod 755 "$dest/.cloister.new"
  mv -f "$dest/.cloister.new" "$dest/cloister"
}

# Written once; it is the owner's afterwards.
write_settings() {
  [ -e "$dest/settings.env" ] && return
  cat >"$dest/settings.env" <<'SETTINGS'
# Your settings: one NAME=value a line, read at every start. All of them are explained in current/configs/default.yaml;
# CLOISTER_<SECTION>__<KEY> sets one. An upgrade leaves this file alone. Passwords in it: chmod 600.
#CLOISTER_PROFILE=airgap
#CLOISTER_SERVER__PORT=8000
#CLOISTER_INGEST__SAMPLES=sample_docs
SETTINGS
  chmod 600 "$dest/settings.env"
}

# The units of this version, with this folder in the place of /opt/cloister. Examples: only root can install them.
write_units() {
  # A percent sign is systemd's own; the others are sed's.
  named=$(printf '%s' "$dest" | sed 's/%/%%/g; s/[&|\\]/\\&/g')
  for unit in cloister.service cloister-worker@.service; do
    sed "s|/opt/cloister|$named|g" "$release/configs/systemd/$unit" >"$dest/.$unit.new"
    mv -f "$dest/.$unit.new" "$dest/$unit.example"
  done
}

# The new one and the one before stay; the latter may still be running, and is the way back.
remove_old_releases() {
  for each in "$dest"/releases/*; do
    case $each in
      "$release" | "$previous") ;;
      *) rm -rf "$each" ;;
    esac
  done
}

[ $# -eq 1 ] || usage
case $1 in "" | -*) usage ;; esac
mkdir -p "$1" || fail "$1 cannot be made; nothing was installed. Name a folder that you may write to."
dest=$(cd "$1" && pwd -P)
cd "$(dirname "$0")"
case $dest/ in "$(pwd -P)"/*) fail "$dest lies in the bundle; nothing was installed. Name a folder elsewhere." ;; esac

verify
# shellcheck source=/dev/null
. ./target.sh
find_python

swapped=no
release=$dest/releases/$bundle_version-$(sha256sum SHA256SUMS | cut -c1-12)-$(date -u +%Y%m%dT%H%M%SZ)
previous=$(readlink -f "$dest/current" || true)
lock
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
build_release
try_release
write_settings
write_units
ln -s "releases/$(basename "$release")" "$dest/.current.new"
mv -T "$dest/.current.new" "$dest/current"
swapped=yes
write_start_script
remove_old_releases
echo "Cloister $bundle_version is installed in $dest."
if [ -n "$previous" ] && [ -d "$previous" ]; then
  echo "Restart the service to use it. The version before stays in $previous."
else
  echo "Start it: $dest/cloister serve"
fi
