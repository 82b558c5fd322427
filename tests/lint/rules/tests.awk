FNR == 1 { code_reset() }
{ line = code($0) }
line ~ /CU_PASS/ { breach("CU_PASS cannot fail") }
line ~ /CU_ASSERT(_TRUE)?(_FATAL)? *\( *(1|true) *\)/ { breach("an assertion that cannot fail") }
line ~ /CU_ASSERT_FALSE(_FATAL)? *\( *(0|false) *\)/ { breach("an assertion that cannot fail") }
# A bench may make a disk slow.
line ~ /(^|[^A-Za-z0-9_])(sleep|usleep|nanosleep|clock_nanosleep) *\(/ && FILENAME !~ /^tests\/bench\// { breach("sleeps instead of awaiting an event") }
line ~ /(^|[^A-Za-z0-9_])poll *\( *NULL/ && FILENAME !~ /^tests\/(lib|fleet)\// { breach("sleeps: use gw_await()") }
/^[ \t]*#[ \t]*if 0/ { breach("switched off") }
/"\/(tmp|var\/tmp|dev\/shm)\// && !/XXXXXX/ && FILENAME !~ /^tests\/lib\// { breach("a fixed path: use gw_test_dir()") }
