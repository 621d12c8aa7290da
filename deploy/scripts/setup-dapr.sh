#!/usr/bin/env bash
# setup-dapr.sh: installs Dapr's control plane by its own chart, or leaves the one that is there. DAPR_VERSION, DAPR_CHART (a folder or
# an archive instead of the published chart).
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
reach_cluster
version=${DAPR_VERSION:-1.16.2} chart=${DAPR_CHART:-dapr}
where=(--version "$version" --repo https://dapr.github.io/helm-charts/)
[ "$chart" = dapr ] || where=()

if has dapr-system deployment/dapr-operator && [ -z "${DAPR_CHART:-}" ]; then
  say "Dapr is installed"
else
  say "installing Dapr $version into dapr-system"
  helm upgrade --install dapr "$chart" "${where[@]}" -n dapr-system --create-namespace -f "$DEPLOY/dapr/control-plane/values.yaml" --wait --timeout 5m >/dev/null ||
    fail "Dapr could not be installed" "see: kubectl -n dapr-system get pods; is there a default StorageClass for its scheduler (kubectl get storageclass)?"
fi
for part in deployment/dapr-operator deployment/dapr-sentry deployment/dapr-sidecar-injector statefulset/dapr-placement-server statefulset/dapr-scheduler-server; do
  rolled_out dapr-system "$part" 180
done
say "Dapr is ready"
