@node "%~dp0..\..\scripts\bootstrap.mjs" moldau kafka-replica-verification %*
