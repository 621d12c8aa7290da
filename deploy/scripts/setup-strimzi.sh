#!/usr/bin/env bash
# setup-strimzi.sh: installs Strimzi's operator and a Kafka cluster with Carillon's topics, or leaves the Kafka that is there.
# STRIMZI_VERSION; KAFKA_CLUSTER=deploy/kafka/kafka-cluster-production.yaml for three brokers with TLS and a user.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
reach_cluster
version=${STRIMZI_VERSION:-1.2.0} cluster=${KAFKA_CLUSTER:-$DEPLOY/kafka/kafka-cluster.yaml}

namespace "$KAFKA_NAMESPACE"
if has "$KAFKA_NAMESPACE" service/carillon-kafka-kafka-bootstrap && ! has "$KAFKA_NAMESPACE" deployment/strimzi-cluster-operator; then
  say "a Kafka of another making is at carillon-kafka-kafka-bootstrap.$KAFKA_NAMESPACE.svc; it stays as it is"
  exit 0
fi
if ! has "$KAFKA_NAMESPACE" deployment/strimzi-cluster-operator; then
  say "installing Strimzi $version into $KAFKA_NAMESPACE"
  helm upgrade --install strimzi strimzi-kafka-operator --repo https://strimzi.io/charts/ --version "$version" -n "$KAFKA_NAMESPACE" --wait --timeout 5m \
    --set resources.requests.memory=256Mi --set resources.limits.memory=384Mi >/dev/null ||
    fail "Strimzi could not be installed" "see: kubectl -n $KAFKA_NAMESPACE get pods"
fi
rolled_out "$KAFKA_NAMESPACE" deployment/strimzi-cluster-operator 180

say "Kafka from $(basename "$cluster")"
kubectl -n "$KAFKA_NAMESPACE" apply -f "$cluster" >/dev/null
kubectl -n "$KAFKA_NAMESPACE" wait kafka/carillon-kafka --for=condition=Ready --timeout=600s >/dev/null ||
  fail "Kafka is not ready after 600 s" "see: kubectl -n $KAFKA_NAMESPACE get kafka carillon-kafka -o yaml; kubectl -n $KAFKA_NAMESPACE get pods"
# The topics are declared for three brokers; with one, one replica.
topics=$(cat "$DEPLOY/kafka/kafka-topic.yaml")
[ "$(basename "$cluster")" != kafka-cluster.yaml ] || topics=$(sed -E 's/replicas: 3/replicas: 1/; s/(min.insync.replicas:) "2"/\1 "1"/' <<<"$topics")
kubectl -n "$KAFKA_NAMESPACE" apply -f - <<<"$topics" >/dev/null
[ "$(basename "$cluster")" = kafka-cluster.yaml ] || kubectl -n "$KAFKA_NAMESPACE" apply -f "$DEPLOY/kafka/kafka-user.yaml" >/dev/null
kubectl -n "$KAFKA_NAMESPACE" wait kafkatopic/task-events kafkatopic/reminder-events --for=condition=Ready --timeout=120s >/dev/null ||
  fail "the topics are not there after 120 s" "see: kubectl -n $KAFKA_NAMESPACE get kafkatopics -o yaml"
say "Kafka is ready: carillon-kafka-kafka-bootstrap.$KAFKA_NAMESPACE.svc"
