@node "%~dp0..\..\scripts\bootstrap.mjs" moldau kafka-producer-perf-test %*
