#!/bin/sh
here=$0
[ -L "$here" ] && here=$(readlink -f -- "$here")
case $here in */*) here=${here%/*} ;; *) here=. ;; esac
exec "$here/moldau" kafka-preferred-replica-election "$@"
