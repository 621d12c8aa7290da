# shellcheck shell=bash
# What the scripts share. NAMESPACE is Carillon's, RELEASE its name in Helm; both `carillon` if nothing is said.
set -euo pipefail
# shellcheck disable=SC2034  # used by those who source this
DEPLOY=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
NAMESPACE=${NAMESPACE:-carillon} RELEASE=${RELEASE:-carillon} KAFKA_NAMESPACE=${KAFKA_NAMESPACE:-kafka}

say() { echo "==> $*"; }
fail() {  # fail WHAT ADVICE
  printf 'failed: %s\n  %s\n' "$1" "$2" >&2
  exit 1
}
need() {  # need COMMAND…
  local command
  for command; do
    command -v "$command" >/dev/null || fail "$command is not installed" "install $command and start again"
  done
}
reach_cluster() {
  need kubectl helm
  kubectl version --request-timeout=10s >/dev/null 2>&1 && return
  if command -v minikube >/dev/null; then
    local answer=no
    [ ! -t 0 ] || read -r -p "There is no cluster. Start Minikube with 4 GiB of memory and 2 CPUs? [y/N] " answer
    case $answer in
      y* | Y*) minikube start --memory=4096 --cpus=2 --addons=ingress; return ;;
    esac
  fi
  fail "no Kubernetes cluster answers" "start one (minikube start --memory=4096 --cpus=2 --addons=ingress), or choose one: kubectl config use-context NAME"
}
# Waits for a rollout; when it takes longer than SECONDS, shows what the pods say.
rolled_out() {  # rolled_out NAMESPACE KIND/NAME SECONDS
  kubectl -n "$1" rollout status "$2" --timeout="$3s" >/dev/null && return
  kubectl -n "$1" get pods >&2
  kubectl -n "$1" get events --field-selector type=Warning --sort-by=.lastTimestamp 2>/dev/null | tail -5 >&2
  fail "$2 in namespace $1 is not ready after $3 s" "see: kubectl -n $1 describe $2; kubectl -n $1 logs $2 --all-containers --tail=50"
}
has() { kubectl -n "$1" get "$2" >/dev/null 2>&1; }  # has NAMESPACE KIND/NAME
namespace() { kubectl get namespace "$1" >/dev/null 2>&1 || kubectl create namespace "$1" >/dev/null; }
