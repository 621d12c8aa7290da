#!/bin/bash
# As Kafka's own scripts of the names that this has there: its tools for topics and for consumer groups.
case $(basename "$0") in
  kafka-topics.sh) tool=TopicCommand ;;
  kafka-consumer-groups.sh) tool=consumer.group.ConsumerGroupCommand ;;
esac
exec java -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
  -cp '/opt/kafka/libs/*' "org.apache.kafka.tools.$tool" "$@"
