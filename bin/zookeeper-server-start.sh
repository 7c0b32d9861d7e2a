#!/bin/sh
# Typed by courses of Kafka before 4.0. There is nothing to start: the broker keeps its metadata itself.
echo 'Moldau needs no ZooKeeper: go on with bin/kafka-server-start.sh config/server.properties' >&2
