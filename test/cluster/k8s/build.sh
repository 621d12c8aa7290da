# Sourced by kit: everything that the cluster needs, made from package registries only (Debian, Go modules, Maven
# Central). A step runs when its product is missing or its inputs changed; its output goes to $C/log/build-STEP.log.
KUBE=1.34.4 DAPR=1.16.2 KAFKA=4.1.2 HELM=3.22.0 KUBECONFORM=0.8.0 COREDNS=1.12.4 PROMETHEUS=0.83.0 COMPOSE=2.8.1 ACTIONLINT=1.7.7
APT="binutils buildah busybox-static containerd containernetworking-plugins debootstrap gcc iproute2 iptables libc6-dev \
maven openssl procps python3 python3-yaml runc util-linux"
GO_LD="-s -w"

# name | product below $C | what it depends on, beside the function of that name itself
STEPS="apt|-|$APT
helm|bin/helm|$HELM $KUBE
kubeconform|bin/kubeconform|$KUBECONFORM
linters|bin/promtool|$COMPOSE $ACTIONLINT
hyperkube|bin/hyperkube|$KUBE hyperkube/main.go hyperkube/go.mod hyperkube/go.sum
coredns|images/coredns.tar|$COREDNS mkimage.py
basics|images/basics.tar|$KUBE mkimage.py
dapr|images/dapr.tar|$DAPR mkimage.py dapr-extra.sum ../dapr/go.mod ../dapr/go.sum ../dapr/tools.go
crds|crds/strimzi|strimzi-pom.xml
schemas|schemas|$KUBE $DAPR $PROMETHEUS schemas.py strimzi-pom.xml
base|base.done|
kafka|images/kafka.tar|$KAFKA ../kafka/pom.xml images/kafka/Dockerfile images/kafka/start.sh images/kafka/tool.sh
postgres|images/postgres.tar|images/postgres/Dockerfile images/postgres/start.sh"

b_apt() {
  local missing; missing=$(apt_missing)
  [ -n "$missing" ] || return 0
  apt-get update -q
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends --no-upgrade $missing
}
apt_missing() {
  local p
  for p in $APT; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
  done
}

go_get() { GOBIN=$C/bin CGO_ENABLED=0 go install -trimpath -ldflags "$GO_LD" "$1"; }
go_dir() { go mod download -json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'; }
b_helm() { # it must know the Kubernetes that it renders for
  local v=helm.sh/helm/v3/pkg/chartutil
  GO_LD="$GO_LD -X $v.k8sVersionMajor=${KUBE%%.*} -X $v.k8sVersionMinor=${KUBE:2:2}" go_get helm.sh/helm/v3/cmd/helm@v$HELM
}
b_kubeconform() { go_get github.com/yannh/kubeconform/cmd/kubeconform@v$KUBECONFORM; }

b_linters() { # for Compose files, workflows of GitHub Actions, and alerts (Debian's promtool without Prometheus' service)
  local d=$C/src/promtool
  go_get github.com/compose-spec/compose-go/v2/cmd@v$COMPOSE; mv "$C/bin/cmd" "$C/bin/compose-spec"
  go_get github.com/rhysd/actionlint/cmd/actionlint@v$ACTIONLINT
  rm -rf "$d"; mkdir -p "$d"; cd "$d"
  apt-get update -q; apt-get download -q prometheus; dpkg-deb -x prometheus_*.deb .
  mv usr/bin/promtool "$C/bin/promtool"; rm -rf "$d"
}

b_hyperkube() { # every Kubernetes program, etcd and kubectl in one file; it looks at the name it is called by
  local v=k8s.io/component-base/version w=k8s.io/client-go/pkg/version p
  cd "$KIT/hyperkube"
  CGO_ENABLED=0 GOFLAGS="-mod=readonly -buildvcs=false" go build -trimpath -o "$C/bin/hyperkube" -ldflags \
    "$GO_LD -X $v.gitVersion=v$KUBE -X $w.gitVersion=v$KUBE -X $v.gitMajor=1 -X $v.gitMinor=${KUBE:2:2} -X $v.gitTreeState=clean" .
  for p in etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do ln -sf hyperkube "$C/bin/$p"; done
}

b_coredns() {
  go_get github.com/coredns/coredns@v$COREDNS
  ./mkimage.py kit.test/coredns:$COREDNS "$C/images/coredns.tar" --entry /coredns "$C/bin/coredns=/coredns"
}

b_basics() { # pause (Kubernetes' own source) and busybox
  local k a links=(); k=$(go_dir k8s.io/kubernetes@v$KUBE)
  gcc -Os -static -s -DVERSION=3.10 -o "$C/bin/kit-pause" "$k/build/pause/linux/pause.c"
  ./mkimage.py kit.test/pause:3.10 "$C/images/pause.tar" --entry /pause "$C/bin/kit-pause=/pause"
  for a in $(busybox --list); do [ "$a" = busybox ] || links+=("link:busybox=/bin/$a"); done
  ./mkimage.py kit.test/busybox:1 "$C/images/busybox.tar" --cmd /bin/sh "$(command -v busybox)=/bin/busybox" "${links[@]}"
  tar -cf "$C/images/basics.tar" -C "$C/images" pause.tar busybox.tar
}

b_dapr() { # Dapr's unmodified programs (daprd with all stable components) in one image, and its own chart
  local d=$C/src/dapr p tags f; mkdir -p "$d" "$C/bin/dapr"
  cp ../dapr/go.mod ../dapr/tools.go "$d/"; cat ../dapr/go.sum dapr-extra.sum > "$d/go.sum"
  for p in daprd operator sentry injector placement scheduler; do
    tags=; [ $p != daprd ] || tags=stablecomponents
    (cd "$d" && CGO_ENABLED=0 GOFLAGS="-mod=readonly -buildvcs=false" go build -trimpath -tags "$tags" -o "$C/bin/dapr/$p" \
      -ldflags "$GO_LD -X github.com/dapr/dapr/pkg/buildinfo.version=$DAPR" github.com/dapr/dapr/cmd/$p)
  done
  f=$(cd "$d" && go_dir github.com/dapr/dapr@v$DAPR)
  rm -rf "$C/charts/dapr" "$C/crds/dapr"; mkdir -p "$C/charts" "$C/crds"
  cp -r "$f/charts/dapr" "$C/charts/dapr"; cp -r "$f/charts/dapr/crds" "$C/crds/dapr"; chmod -R u+w "$C/charts/dapr" "$C/crds/dapr"
  echo 'nonroot:x:65532:65532::/:/bin/false' > "$d/passwd"
  p=$C/bin/dapr
  ./mkimage.py kit.test/dapr:$DAPR "$C/images/dapr.tar" --user 65532:65532 --entry /daprd "$d/passwd=/etc/passwd" \
    "$p/daprd=/daprd" "$p/operator=/operator" "$p/sentry=/sentry" "$p/injector=/injector" "$p/placement=/placement" "$p/scheduler=/scheduler"
}

jdk21() { # a java of release 21 or newer: $CARILLON_JDK, $JAVA_HOME, the PATH, or what Debian's folder for JDKs holds
  local j v
  for j in ${CARILLON_JDK:+"$CARILLON_JDK/bin/java"} ${JAVA_HOME:+"$JAVA_HOME/bin/java"} java /usr/lib/jvm/*/bin/java; do
    v=$("$j" -version 2>&1 | sed -nE 's/.*version "([0-9]+).*/\1/p') || continue
    [ "${v:-0}" -lt 21 ] || { echo "$j"; return; }
  done
  echo "no JDK of release 21 or newer found; set CARILLON_JDK to the folder of one" >&2; return 1
}

b_crds() { # Strimzi's own generator over Strimzi's own classes
  local j d=$C/src/strimzi o=$C/crds/strimzi m=io.strimzi.api.kafka.model; j=$(jdk21)
  mkdir -p "$d"; cp strimzi-pom.xml "$d/pom.xml"; rm -rf "$o.new"; mkdir -p "$o.new"
  mvn -q -B -f "$d/pom.xml" dependency:build-classpath -Dmdep.outputFile="$d/classpath"
  "$j" -cp "$(cat "$d/classpath")" io.strimzi.crdgenerator.CrdGenerator --target-kube 1.30+ --crd-api-version v1 --label app:strimzi \
    $m.kafka.Kafka="$o.new/kafka.yaml" $m.nodepool.KafkaNodePool="$o.new/kafkanodepool.yaml" \
    $m.topic.KafkaTopic="$o.new/kafkatopic.yaml" $m.user.KafkaUser="$o.new/kafkauser.yaml" \
    $m.connect.KafkaConnect="$o.new/kafkaconnect.yaml" $m.podset.StrimziPodSet="$o.new/strimzipodset.yaml"
  rm -rf "$o"; mv "$o.new" "$o"
}

b_schemas() {
  local k d p; k=$(go_dir k8s.io/kubernetes@v$KUBE); d=$(go_dir github.com/dapr/dapr@v$DAPR)
  p=$(go_dir github.com/prometheus-operator/prometheus-operator@v$PROMETHEUS)/example/prometheus-operator-crd/monitoring.coreos.com_
  [ -d "$C/crds/strimzi" ] || { echo "the step crds must come first"; return 1; }
  rm -rf "$C/schemas.new" "$C/crds/prometheus"; mkdir -p "$C/crds/prometheus"
  cp "$p"servicemonitors.yaml "$p"prometheusrules.yaml "$C/crds/prometheus"; chmod -R u+w "$C/crds/prometheus"
  ./schemas.py "$C/schemas.new" "$k/api/openapi-spec/swagger.json" "$d"/charts/dapr/crds/*.yaml "$C"/crds/strimzi/*.yaml \
    "$p"servicemonitors.yaml "$p"prometheusrules.yaml
  rm -rf "$C/schemas"; mv "$C/schemas.new" "$C/schemas"
}

# buildah, with its store below $C and its mounts in a mount namespace of its own
bld() { unshare --mount --propagation private buildah --root "$C/buildah" --runroot "$C/buildah-run" --storage-driver overlay "$@"; }
# image_build NAME CONTEXT ARCHIVE [buildah's options]: runs a Dockerfile and writes an archive that containerd imports
image_build() {
  local name=$1 ctx=$2 out=$3; shift 3
  [ -e "$C/base.done" ] || [ "$name" = debian:bookworm-slim ] || { echo "the step base must come first"; return 1; }
  mkdir -p "$C/images" "$C/buildah-run"
  bld bud --layers --pull-never --isolation oci --runtime "$(command -v runc)" --network host -t "$name" "$@" "$ctx"
  rm -f "$out.new"; bld push -q "$name" "docker-archive:$out.new:$name"; mv "$out.new" "$out"
}

b_base() { # a lookalike of debian:bookworm-slim from the same packages, with the mirrors that this machine's apt uses
  local d=$C/src/base mirror sources r=$C/src/base/rootfs
  sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | grep -E ' bookworm(-updates|-security)? main$' | sort -u)
  mirror=$(awk '$3 == "bookworm" { print $2; exit }' <<<"$sources")
  [ -n "$mirror" ] || { echo "apt on this machine knows no Debian bookworm mirror"; return 1; }
  rm -rf "$d"; mkdir -p "$d"
  unshare --mount --propagation private debootstrap --variant=minbase bookworm "$r" "$mirror"
  rm -rf "$r"/var/cache/apt/*.bin "$r"/var/cache/apt/archives/*.deb "$r"/var/lib/apt/lists/* "$r"/var/log/*.log
  find "$r"/usr/share/{doc,man,info,locale} ! -type d ! -name copyright ! -name locale.alias -delete
  echo "$sources" > "$r/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::(Check-|https?::Proxy)' > "$r/etc/apt/apt.conf.d/90kit" || :
  printf 'path-%s\n' 'exclude /usr/share/doc/*' 'include /usr/share/doc/*/copyright' 'exclude /usr/share/man/*' 'exclude /usr/share/info/*' \
    'exclude /usr/share/locale/*' 'include /usr/share/locale/locale.alias' > "$r/etc/dpkg/dpkg.cfg.d/docker"
  printf '#!/bin/sh\nexit 101\n' > "$r/usr/sbin/policy-rc.d"; chmod 755 "$r/usr/sbin/policy-rc.d"
  rm -f "$r/etc/resolv.conf" "$r/etc/hostname"
  tar -C "$r" --numeric-owner -cf "$d/rootfs.tar" .; rm -rf "$r"
  printf 'FROM scratch\nADD rootfs.tar /\nCMD ["bash"]\n' > "$d/Dockerfile"
  image_build debian:bookworm-slim "$d" "$C/images/debian.tar"
  bld tag debian:bookworm-slim debian:12-slim
  rm -f "$d/rootfs.tar" "$C/images/debian.tar"; touch "$C/base.done"
}

b_kafka() {
  local d=$C/src/kafka; rm -rf "$d"; mkdir -p "$d"; cp images/kafka/* "$d/"; cp ../kafka/pom.xml "$d/pom.xml"
  mvn -q -B -f "$d/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$d/libs"
  mvn -q -B -f "$d/pom.xml" dependency:copy -Dartifact=org.apache.kafka:kafka-tools:$KAFKA -DoutputDirectory="$d/libs" # kafka-topics.sh
  image_build kit.test/kafka:$KAFKA "$d" "$C/images/kafka.tar"
}
b_postgres() { image_build kit.test/postgres:15 images/postgres "$C/images/postgres.tar"; }

inputs() { # the step's own function and the named files and versions, as one number
  local x
  { declare -f "b_$1"; case $1 in base|kafka|postgres) declare -f image_build; esac
    for x in $2; do if [ -f "$KIT/$x" ]; then cat "$KIT/$x"; else echo "$x"; fi; done; } | sha256sum | cut -c1-16
}
is_done() { # NAME PRODUCT DEPENDS
  [ "$(cat "$C/stamps/$1" 2>/dev/null)" = "$(inputs "$1" "$3")" ] || return 1
  case $1 in
    apt) [ -z "$(apt_missing)" ] ;;
    kafka|postgres) [ -e "$C/$2" ] && [ ! "$C/stamps/base" -nt "$C/stamps/$1" ] ;;
    schemas) [ -e "$C/$2" ] && [ ! "$C/stamps/crds" -nt "$C/stamps/schemas" ] ;;
    *) [ -e "$C/$2" ] ;;
  esac
}
cmd_build() { # [--list] [STEP...]
  local list= only=" $* " name product depends t known
  case ${1:-} in --list) list=1; only="  " ;; esac
  known=" $(cut -d'|' -f1 <<<"$STEPS" | tr '\n' ' ')"
  for name in $only; do [[ $known == *" $name "* ]] || die "no build step '$name'; there are:$known"; done
  if [ -z "$list" ]; then
    root; own_dir; lock images
    [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || die "needs Debian on amd64"
    command -v go >/dev/null || die "needs Go 1.26 or newer in the PATH"
  fi
  while IFS='|' read -r name product depends; do
    [ -z "${only// /}" ] || [[ $only == *" $name "* ]] || continue
    if is_done "$name" "$product" "$depends"; then printf '%-12s %s\n' "$name" "up to date"; continue; fi
    if [ -n "$list" ]; then printf '%-12s %s\n' "$name" "to build"; continue; fi
    t=$SECONDS
    "$KIT/kit" _step "$name" > "$C/log/build-$name.log" 2>&1 </dev/null 9>&- || die "build step $name failed: $(grep -v '^ *$' "$C/log/build-$name.log" | tail -1) (all of it: $C/log/build-$name.log)"
    inputs "$name" "$depends" > "$C/stamps/$name"
    printf '%-12s built in %d s\n' "$name" $((SECONDS - t))
  done <<<"$STEPS"
}

cmd_image() { # CONTEXT -t NAME [-f FILE] [-- buildah's options]
  local ctx= name= file=
  while [ $# -gt 0 ]; do case $1 in
    -t) name=${2:-}; shift 2 || die "-t wants a name" ;;
    -f) file=${2:-}; shift 2 || die "-f wants a file" ;;
    --) shift; break ;;
    -*) die "image: unknown option $1" ;;
    *) [ -z "$ctx" ] || die "image: one context only"; ctx=$1; shift ;;
  esac; done
  [ -n "$ctx" ] && [ -n "$name" ] || die "usage: kit image CONTEXT -t NAME [-f Dockerfile] [-- OPTIONS OF buildah bud]"
  root; [ -e "$C/base.done" ] || die "no base image yet; run: kit build apt base"
  [ -d "$ctx" ] || die "image: $ctx is not a folder"
  name=$(tagged "$name"); lock images
  failure="the build of image $name failed"
  image_build "$name" "$ctx" "$(archive_of "$name")" ${file:+-f "$file"} \
    --volume /etc/ssl/certs/ca-certificates.crt:/mnt/ca.crt:ro --build-arg CA_BUNDLE=/mnt/ca.crt "$@" </dev/null
  echo "built $name; kit load $name brings it into the cluster"
}

cmd_prune() {
  root; [ -d "$C" ] || return 0
  own_dir; lock images
  # shellcheck disable=SC2046
  [ -z "$(bld containers -q)" ] || quiet bld rm $(bld containers -q)
  quiet bld rmi --prune
}
