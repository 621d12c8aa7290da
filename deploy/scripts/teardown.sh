#!/usr/bin/env bash
# teardown.sh [--all]: removes Carillon; with --all also its data, PostgreSQL, Kafka, Strimzi and Dapr.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
case ${1:-} in '' | --all) ;; *) fail "unknown option $1" "usage: teardown.sh [--all]" ;; esac
reach_cluster
gone() { helm uninstall "$1" -n "$2" --wait --timeout 2m --ignore-not-found >/dev/null && say "$1 is gone from $2"; }
gone "$RELEASE" "$NAMESPACE"
if [ "${1:-}" = --all ]; then
  if has "$KAFKA_NAMESPACE" deployment/strimzi-cluster-operator; then
    kubectl -n "$KAFKA_NAMESPACE" delete kafkatopics,kafkausers,kafkas,kafkanodepools --all --ignore-not-found --timeout=180s >/dev/null
    gone strimzi "$KAFKA_NAMESPACE"
  fi
  kubectl delete namespace "$NAMESPACE" "$KAFKA_NAMESPACE" --ignore-not-found --timeout=180s >/dev/null ||
    fail "a namespace does not go" "see: kubectl get namespace $NAMESPACE -o yaml"
  gone dapr dapr-system
  kubectl delete namespace dapr-system --ignore-not-found --timeout=120s >/dev/null
  say "Carillon's data, PostgreSQL, Kafka and Dapr are gone"
else
  say "data, PostgreSQL, Kafka and Dapr are still there; --all removes them too"
fi
