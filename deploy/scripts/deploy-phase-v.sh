#!/usr/bin/env bash
# deploy-phase-v.sh [HELM OPTIONS]: Dapr, Kafka, PostgreSQL and Carillon into the current cluster; what is there stays. Again: upgrades.
#
#   IMAGE=carillon:0.1.0   the image; built and loaded into Minikube or kind when no registry is in its name, unless BUILD=no
#   VALUES=FILE            the chart's values (default: values-minikube.yaml)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
image=${IMAGE:-carillon:0.1.0} values=${VALUES:-$DEPLOY/helm/carillon/values-minikube.yaml}
reach_cluster
"$DEPLOY/scripts/setup-dapr.sh"
"$DEPLOY/scripts/setup-strimzi.sh"

namespace "$NAMESPACE"
if grep -q 'existingSecret: carillon-postgres' "$values"; then
  if ! has "$NAMESPACE" secret/carillon-postgres; then
    need openssl
    password=$(openssl rand -hex 16)
    kubectl -n "$NAMESPACE" create secret generic carillon-postgres --from-literal=username=carillon --from-literal=password="$password" \
      --from-literal=database=carillon --from-literal=uri="postgresql://carillon:$password@carillon-postgres.$NAMESPACE.svc:5432/carillon" >/dev/null
  fi
  if has "$NAMESPACE" statefulset/carillon-postgres || ! has "$NAMESPACE" service/carillon-postgres; then
    say "PostgreSQL in $NAMESPACE"
    kubectl -n "$NAMESPACE" apply -f "$DEPLOY/postgres/postgres.yaml" >/dev/null
    rolled_out "$NAMESPACE" statefulset/carillon-postgres 300
  fi
fi

# Builds the image and gives it to the cluster as an archive, which is the same for both engines.
load() {  # load COMMAND…: what takes an archive
  local engine name=$image archive
  for engine in docker podman ''; do ! command -v "$engine" >/dev/null || break; done
  [ -n "$engine" ] || fail "there is neither docker nor podman to build $image with" \
    "install one, or name an image of a registry: IMAGE=registry.example.org/carillon:0.1.0"
  [ "$engine" = docker ] || name=docker.io/library/$image  # as Kubernetes reads a name without a host; podman would say localhost/
  say "building $image with $engine"
  make -C "$DEPLOY/.." --no-print-directory image ENGINE="$engine" IMAGE="$name"
  archive=$(mktemp -d)
  "$engine" save -o "$archive/image.tar" "$name"
  "$@" "$archive/image.tar"
  rm -r "$archive"
}
context=$(kubectl config current-context 2>/dev/null || true)
case ${BUILD:-yes}:$image:$context in
  no:* | yes:*/*:*) ;;
  *:kind-*) load kind load image-archive --name "${context#kind-}" ;;
  *:minikube) load minikube image load ;;
  *) fail "the cluster $context can be given no local image" "push $image to a registry and name it there: IMAGE=registry.example.org/$image" ;;
esac

say "Carillon $image as release $RELEASE in $NAMESPACE"
helm upgrade --install "$RELEASE" "$DEPLOY/helm/carillon" -n "$NAMESPACE" -f "$values" --set image.repository="${image%:*}",image.tag="${image##*:}" \
  --wait --timeout 5m "$@" >/dev/null || {
  kubectl -n "$NAMESPACE" get pods >&2
  fail "Carillon is not ready after five minutes" "see: make logs; kubectl -n $NAMESPACE describe pods -l app.kubernetes.io/instance=$RELEASE"
}
rolled_out "$NAMESPACE" "deployment/$RELEASE" 60
helm get notes "$RELEASE" -n "$NAMESPACE"
say "now: make validate"
