#!/bin/sh
# Typed by courses of Kafka before 4.0. Nothing was started, so nothing has to be stopped.
echo 'Moldau needs no ZooKeeper: there is none to stop' >&2
