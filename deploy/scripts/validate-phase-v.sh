#!/usr/bin/env bash
# validate-phase-v.sh [--url URL] [--json]: the health of every part, then the main job from end to end, as a user does it. A table of
# passes and failures (or JSON); fails when one of them does. It signs up an account and deletes it again.
#
#   --url URL   how to reach Carillon; otherwise the Ingress, a NodePort or a port-forward, whatever answers first
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
url='' json=''
while [ $# -gt 0 ]; do
  case $1 in
    --url) url=${2:?--url wants one}; shift 2 ;;
    --json) json=1; shift ;;
    *) fail "unknown option $1" "usage: validate-phase-v.sh [--url URL] [--json]" ;;
  esac
done
reach_cluster
need jq curl python3
has "$NAMESPACE" "deployment/$RELEASE" || fail "there is no Carillon $NAMESPACE/$RELEASE" "make deploy first, or name it: NAMESPACE=… RELEASE=… make validate"
work=$(mktemp -d)
forwards=()
cleanup() {
  [ ${#forwards[@]} = 0 ] || kill "${forwards[@]}" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
results=() failed=0

note() {  # note ok|FAILED PART WHAT DETAIL
  results+=("$(jq -cn --arg result "$1" --arg part "$2" --arg check "$3" --arg detail "$4" '$ARGS.named')")
  [ "$1" = ok ] || failed=$((failed + 1))
  [ -n "$json" ] || printf '%-7s %-11s %-58s %s\n' "$1" "$2" "$3" "$4"
}
# Runs a function; what it prints last becomes the detail. Tried for up to SECONDS, since parts may still be on their way.
check() {  # check PART WHAT SECONDS COMMAND…
  local part=$1 what=$2 end=$((SECONDS + $3)) detail
  shift 3
  until detail=$("$@" 2>&1); do
    if [ $SECONDS -ge $end ]; then note FAILED "$part" "$what" "$(tail -1 <<<"$detail")"; return; fi
    sleep 1
  done
  note ok "$part" "$what" "$(tail -1 <<<"$detail")"
}
get() { kubectl -n "$NAMESPACE" get "$@"; }
pods() { get pods -l "app.kubernetes.io/name=carillon,app.kubernetes.io/instance=$RELEASE" -o json | jq -r '.items[] | select(.metadata.deletionTimestamp == null) | .metadata.name'; }
forward() {  # forward TARGET PORT: a port of this machine that leads there
  local log port
  log=$work/forward.$RANDOM
  kubectl -n "$NAMESPACE" port-forward --address 127.0.0.1 "$1" ":$2" >"$log" 2>&1 &
  forwards+=($!)
  for _ in $(seq 50); do
    port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\).*/\1/p' "$log")
    [ -z "$port" ] || break
    sleep 0.1
  done
  [ -n "$port" ] || { cat "$log" >&2; return 1; }
  forwarded=$port
}
all_ready() { kubectl -n "$1" get "$2" -o json | jq -er 'if .status.readyReplicas == .spec.replicas then "\(.status.readyReplicas) ready" else error("\(.status.readyReplicas // 0) of \(.spec.replicas) ready") end'; }

# --- Dapr's control plane
for part in deployment/dapr-operator deployment/dapr-sentry deployment/dapr-sidecar-injector statefulset/dapr-placement-server statefulset/dapr-scheduler-server; do
  check dapr "${part#*/} is ready" 60 all_ready dapr-system "$part"
done

# --- Kafka: Strimzi's word where its operator is, else the broker's own
kafka_ready() {
  local said
  said=$(kubectl -n "$KAFKA_NAMESPACE" get kafka carillon-kafka -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null) || true
  [ "$said" != True ] || { echo "Kafka carillon-kafka is Ready"; return; }
  kubectl -n "$KAFKA_NAMESPACE" get endpointslices -l kubernetes.io/service-name=carillon-kafka-kafka-bootstrap -o json |
    jq -er '[.items[].endpoints[]? | select(.conditions.ready)] | if length > 0 then "\(length) brokers behind the bootstrap service" else error("no broker is ready") end'
}
kafka_topic() {
  local broker
  broker=$(kubectl -n "$KAFKA_NAMESPACE" get pods -l strimzi.io/cluster=carillon-kafka,strimzi.io/broker-role=true -o jsonpath='{.items[0].metadata.name}')
  kubectl -n "$KAFKA_NAMESPACE" exec "$broker" -c kafka -- /opt/kafka/bin/kafka-topics.sh --bootstrap-server localhost:9092 --describe --topic "$1" 2>/dev/null |
    sed -n 's/.*PartitionCount: *\([0-9]*\).*/\1 partitions/p' | grep .
}
if kubectl get namespace "$KAFKA_NAMESPACE" >/dev/null 2>&1; then
  check kafka "Kafka is ready" 60 kafka_ready
  for topic in task-events reminder-events; do check kafka "the topic $topic is there" 30 kafka_topic "$topic"; done
else
  note ok kafka "Kafka is elsewhere, and answers for itself below" ""
fi

# --- the replicas and their sidecars
check carillon "every replica is ready" 120 all_ready "$NAMESPACE" "deployment/$RELEASE"
dapr=$(get deployment "$RELEASE" -o json | jq -r '.spec.template.metadata.annotations["dapr.io/enabled"] // "false"')
token=$(get secret "$RELEASE-api-token" -o jsonpath='{.data.token}' 2>/dev/null | base64 -d) || true
injected() { get pod "$1" -o json | jq -er '[.status.containerStatuses[], (.status.initContainerStatuses // [])[]] | if any(.name == "daprd" and .ready) then "ready" else error("no ready container daprd") end'; }
migrated() { kubectl -n "$NAMESPACE" exec "$1" -c carillon -- carillon migrate | grep '^0 migrations'; }
ready_detail() { curl -fsS -m 5 "http://127.0.0.1:$1/readyz" | jq -er 'if all(.detail[]; . == "ok") then .detail | tojson else error(tojson) end'; }
sidecar() { curl -fsS -m 10 -H "dapr-api-token: $token" -H 'Content-Type: application/json' "$@"; }
components() {
  sidecar "http://127.0.0.1:$1/v1.0/metadata" | jq -er '[.components[].name] as $have | ["pubsub-kafka", "pubsub-kafka-broadcast", "statestore-postgres"] - $have | if . == [] then ($have | join(", ")) else error("missing: " + join(", ")) end'
}
subscriptions() {
  sidecar "http://127.0.0.1:$1/v1.0/metadata" |
    jq -er '[.subscriptions[] | "\(.pubsubname)/\(.topic)"] | unique as $have | ["pubsub-kafka/task-events", "pubsub-kafka/reminder-events", "pubsub-kafka-broadcast/task-events", "pubsub-kafka-broadcast/reminder-events"] - $have | if . == [] then "\($have | length) active" else error("missing: " + join(", ")) end'
}
jobs_api() {  # a job far ahead is taken, told of and taken back
  local job="http://127.0.0.1:$1/v1.0-alpha1/jobs/validate-$RANDOM"
  sidecar "$job" -d "{\"dueTime\": \"2099-01-01T00:00:00Z\", \"overwrite\": true, \"data\": {\"check\": true}}" && sidecar "$job" | jq -r '"due \(.dueTime)"' && sidecar -X DELETE "$job"
}
for pod in $(pods); do
  [ "$dapr" != true ] || check "${pod##*-}" "the sidecar is injected and ready" 60 injected "$pod"
  check "${pod##*-}" "the database is migrated" 30 migrated "$pod"
  if forward "pod/$pod" 9090; then check "${pod##*-}" "database, bus and scheduler answer it" 60 ready_detail "$forwarded"; else note FAILED "${pod##*-}" "its management port" "cannot be reached"; fi
  [ "$dapr" = true ] || continue
  if forward "pod/$pod" 3500; then
    check "${pod##*-}" "the components are loaded" 60 components "$forwarded"
    check "${pod##*-}" "the subscriptions are active" 60 subscriptions "$forwarded"
    check "${pod##*-}" "the jobs API answers" 60 jobs_api "$forwarded"
  else
    note FAILED "${pod##*-}" "its sidecar" "cannot be reached"
  fi
done

# --- as a user
answers() { curl -fsS -m 5 -o /dev/null "$1/livez" 2>/dev/null; }
if [ -z "$url" ]; then
  host=$(get ingress "$RELEASE" -o jsonpath='{.spec.rules[0].host}' 2>/dev/null) || true
  node=$(kubectl get nodes -o jsonpath='{.items[0].status.addresses[?(@.type=="InternalIP")].address}')
  port=$(get service "$RELEASE" -o jsonpath='{.spec.ports[0].nodePort}')
  for try in ${host:+"https://$host" "http://$host"} ${port:+"http://$node:$port"}; do
    if answers "$try"; then url=$try; break; fi
  done
fi
if [ -z "$url" ] && forward "service/$RELEASE" http; then url=http://127.0.0.1:$forwarded; fi
[ -n "$json" ] || echo "as a user at $url"
page() {  # index.html, and each script and style sheet that it names
  local file count=0 size=0
  curl -fsS -m 10 -o "$work/page" "$url/" || return
  grep -oE '(src|href)="/?[^":]+\.(js|css)"' "$work/page" | cut -d'"' -f2 >"$work/files" || true
  grep -q '\.js$' "$work/files" || { echo "the page names no script"; return 1; }
  while read -r file; do
    rm -f "$work/file"
    curl -fsS -m 10 -o "$work/file" "$url/${file#/}" || return
    [ -s "$work/file" ] || { echo "$file is empty"; return 1; }
    ! head -c 100 "$work/file" | grep -qi '<!doctype html' || { echo "$file is a page"; return 1; }
    count=$((count + 1)) size=$((size + $(wc -c <"$work/file")))
  done <"$work/files"
  echo "the page and its $count files, $((size / 1024)) KiB"
}
check user "the page loads" 30 page
while IFS=$'\t' read -r result what detail; do
  note "$result" user "$what" "$detail"
done < <(python3 "$DEPLOY/scripts/story.py" "$url" 2>"$work/story" || printf 'FAILED\tthe story went to its end\t%s\n' "$(tail -1 "$work/story")")

if [ -n "$json" ]; then
  printf '%s\n' "${results[@]}" | jq -s --arg url "$url" '{url: $url, passed: (map(select(.result == "ok")) | length), failed: (map(select(.result != "ok")) | length), checks: .}'
else
  echo "$((${#results[@]} - failed)) passed, $failed failed"
fi
[ "$failed" = 0 ]
