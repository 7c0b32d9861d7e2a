@node "%~dp0..\..\scripts\bootstrap.mjs" moldau kafka-preferred-replica-election %*
