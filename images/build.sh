#!/usr/bin/env bash
# Builds container images without a daemon and without a registry:
#
#   images/build.sh NAME...      each images/NAME/Dockerfile becomes build/images/NAME.tar (docker-archive)
#   images/build.sh --clean      forgets everything this script made
#
# The build context is the image's folder, and in it the binaries of bin/ that the Dockerfile copies.
# An image whose inputs did not change is left alone.
# What this machine says about package sources, proxies and trusted certificates is mounted into RUN steps
# (/root and /etc/apt) and never becomes part of an image.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
out=build/images
home=$out/home
apt=$out/apt
version=$(<VERSION)
prefix=${ATOLL_REGISTRY:-docker.io/atoll}
# The certificates this machine trusts; build steps find them in /root/.ca.crt.
ca=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
# BASE builds upon a public or mirrored Debian instead of the local base.
base=${BASE:-$prefix/base:$version}
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-overlay}
# runc's and buildah's temporary files stay inside the build folder too.
export TMPDIR=$root/$out/tmp

fail() {
  echo "images: $*" >&2
  exit 1
}

bud() { buildah --root "$root/$out/storage" --runroot "$root/$out/run" "$@"; }

install_tools() {
  local missing=()
  command -v buildah >/dev/null || missing+=(buildah)
  command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
  ((${#missing[@]})) || return 0
  [[ $(id -u) == 0 ]] || fail "${missing[*]} missing: run as root, or install them with apt-get first"
  echo "images: installing ${missing[*]}"
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$out/apt-get.log" 2>&1 </dev/null ||
    fail "apt-get could not install ${missing[*]}: $(tail -n 3 "$out/apt-get.log")"
}

debian_sources() {
  # shellcheck disable=SC2016 # apt-get fills these in
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    sort -u | awk '$3 ~ /^bookworm(-updates|-security)?$/ && $4 == "main"'
}

# prepare_apt copies the Debian part of this machine's apt configuration: mirrors, proxies, credentials, keys.
prepare_apt() {
  rm -rf "$apt"
  mkdir -p "$apt"/{apt.conf.d,preferences.d,sources.list.d,auth.conf.d,trusted.gpg.d} "$out/cache/apt/archives/partial"
  cp -a /etc/apt/trusted.gpg.d/. "$apt/trusted.gpg.d/"
  cp -a /etc/apt/auth.conf* "$apt/" 2>/dev/null || true
  # Without lists apt does not know yet which of its sources is Debian.
  [[ -n $(debian_sources) ]] || apt-get update -qq || fail "apt-get update failed: check this machine's package sources"
  debian_sources >"$apt/sources.list"
  [[ -s $apt/sources.list ]] || fail "no Debian 12 (bookworm) package source on this machine: see /etc/apt"
  apt-config dump | grep -E '^Acquire::(https?|Check-Valid-Until|Check-Date|Retries|ForceIPv[46])\b' >"$apt/apt.conf.d/50host" || true
  [[ ! -f $ca ]] || echo 'Acquire::https::CAInfo "/root/.ca.crt";' >"$apt/apt.conf.d/60build"
}

# prepare_home writes what pip, npm, curl and Maven of a build step read from the home folder.
prepare_home() {
  local file
  mkdir -p "$home/.config/pip" "$home/.pip" "$home/.m2"
  rm -f "$home"/.config/pip/pip.conf "$home"/.pip/pip.conf "$home"/{.npmrc,.curlrc,.mavenrc,.ca.crt} "$home/.m2/settings.xml"
  # pip reads .pip before .config: the order in which it reads the system's and the user's files.
  for file in /etc/pip.conf ~/.pip/pip.conf; do [[ -f $file ]] && cat "$file" && echo; done >"$home/.pip/pip.conf" || true
  [[ -f ~/.config/pip/pip.conf ]] && cat ~/.config/pip/pip.conf >"$home/.config/pip/pip.conf"
  [[ -f ~/.npmrc ]] && grep -vE '^nodedir=' ~/.npmrc >"$home/.npmrc"
  [[ -f ~/.m2/settings.xml ]] && cp ~/.m2/settings.xml "$home/.m2/settings.xml"
  {
    echo '[global]'
    [[ -f $ca ]] && echo 'cert = /root/.ca.crt'
    [[ -n ${PIP_INDEX_URL:-} ]] && echo "index-url = $PIP_INDEX_URL"
    [[ -n ${PIP_EXTRA_INDEX_URL:-} ]] && echo "extra-index-url = $PIP_EXTRA_INDEX_URL"
    [[ -n ${PIP_TRUSTED_HOST:-} ]] && echo "trusted-host = $PIP_TRUSTED_HOST"
    true
  } >>"$home/.config/pip/pip.conf"
  [[ -n ${NPM_CONFIG_REGISTRY:-} ]] && echo "registry=$NPM_CONFIG_REGISTRY" >>"$home/.npmrc"
  [[ -f $ca ]] || return 0
  cp "$ca" "$home/.ca.crt"
  echo 'cafile=/root/.ca.crt' >>"$home/.npmrc"
  echo 'cacert = /root/.ca.crt' >"$home/.curlrc"
  cp images/mavenrc "$home/.mavenrc"
}

# sources prints what a Dockerfile copies, as paths of the repository. It wants each COPY on one line.
sources() {
  awk -v folder="images/$1/" '/^COPY / && !/--from=/ {
    for (i = 2; i < NF; i++) if ($i !~ /^--/) print ($i ~ /^bin\// ? "" : folder) $i
  }' "images/$1/Dockerfile"
}

# stage lays out the build context of an image and prints its folder.
stage() {
  local name=$1 context=$out/context/$1 source
  rm -rf "$context"
  mkdir -p "$context"
  while read -r source; do
    [[ $source != bin/* ]] || install -D "$source" "$context/$source"
    [[ $source == bin/* ]] || (cd "images/$name" && cp -a --parents "${source#images/"$name"/}" "$root/$context")
  done < <(sources "$name")
  echo "$context"
}

# check_pins holds the images that must agree on JupyterHub to one version.
check_pins() {
  local lock=images/$1/requirements.txt
  [[ -f $lock ]] && grep -q '^jupyterhub==' "$lock" || return 0
  grep -q "^jupyterhub==$(<images/JUPYTERHUB_VERSION) " "$lock" ||
    fail "$lock pins another JupyterHub than images/JUPYTERHUB_VERSION: change requirements.in and run make lock-$1"
}

# fingerprint is one hash over everything an image is made of.
fingerprint() {
  local name=$1 source
  {
    echo "$prefix $version $base"
    sha256sum "images/$name/Dockerfile"
    [[ $name != base ]] || declare -f build_rootfs
    [[ $name == base || ! -f $out/base.sha256 ]] || cat "$out/base.sha256"
    while read -r source; do
      [[ -e $source ]] || fail "images/$name/Dockerfile copies $source, which does not exist: run make image-$name"
      find "$source" -type f -not -path '*/__pycache__/*' -print0 | sort -z | xargs -0 sha256sum
    done < <(sources "$name")
  } | sha256sum | cut -d' ' -f1
}

# shellcheck disable=SC2016 # mmdebstrap fills these in
build_rootfs() {
  mmdebstrap --quiet --variant=minbase \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -f "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*' \
    --customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname' \
    bookworm "$1/rootfs.tar" "$apt/sources.list"
}

build() {
  local name=$1 start=$SECONDS context want log=$out/$1.log result=$out/$1.tar
  [[ -f images/$name/Dockerfile ]] || fail "there is no images/$name/Dockerfile"
  check_pins "$name"
  want=$(fingerprint "$name")
  # The base stays in the storage: it is there to build upon, not to be loaded into a cluster.
  [[ $name != base ]] || result=$out/storage
  if [[ -e $result && $(cat "$out/$name.sha256" 2>/dev/null) == "$want" ]]; then
    echo "images: $name unchanged"
    return
  fi
  prepare
  context=$(stage "$name")
  : >"$log"
  if [[ $name == base ]]; then
    build_rootfs "$context" >>"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "the root file system of base failed: all of it is in $log"; }
  fi
  bud bud --layers --force-rm --format docker --build-arg "BASE=$base" --label "org.opencontainers.image.version=$version" \
    --volume "$root/$home:/root" --volume "$root/$apt:/etc/apt" --volume "$root/$out/cache/apt:/var/cache/apt" \
    --tag "$prefix/$name:$version" --file "images/$name/Dockerfile" "$context" >>"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "$name failed: all of it is in $log"; }
  rm -rf "$context"
  if [[ $name != base ]]; then
    rm -f "$result"
    bud push --quiet "$prefix/$name:$version" "docker-archive:$result:$prefix/$name:$version" >>"$log" 2>&1 ||
      { tail -n 20 "$log" >&2; fail "$name could not be written to $result: all of it is in $log"; }
  fi
  echo "$want" >"$out/$name.sha256"
  echo "images: $name built in $((SECONDS - start)) s"
}

# release unmounts what a build left in the storage, one that was killed included.
release() {
  local target
  [[ ! -d $out/storage ]] || ! command -v buildah >/dev/null || bud rm --all >/dev/null 2>&1 || true
  while read -r _ target _; do
    [[ $target != "$root/$out/"* ]] || umount --lazy "$target"
  done < <(tac /proc/self/mounts)
}

prepared=
prepare() {
  [[ -z $prepared ]] || return 0
  trap release EXIT
  install_tools
  prepare_apt
  prepare_home
  prepared=yes
}

if [[ ${1:-} == --clean ]]; then
  release
  rm -rf "$out"
  exit
fi
(($#)) || fail "usage: images/build.sh NAME... | --clean"
mkdir -p "$TMPDIR"
exec 9>"$out/.lock"
flock 9
[[ -n ${BASE:-} ]] || build base
for name in "$@"; do
  [[ $name == base ]] || build "$name"
done
