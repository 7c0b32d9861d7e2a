@node "%~dp0..\..\scripts\bootstrap.mjs" moldau kafka-consumer-perf-test %*
