FNR == 1 { code_reset() }
{ line = code($0) }
line ~ /CU_PASS/ { breach("CU_PASS cannot fail") }
line ~ /CU_ASSERT(_TRUE)?(_FATAL)? *\( *(1|true) *\)/ { breach("an assertion that cannot fail") }
line ~ /CU_ASSERT_FALSE(_FATAL)? *\( *(0|false) *\)/ { breach("an assertion that cannot fail") }
# A bench may make a disk slow.
line ~ /(^|[^A-Za-z0-9_])(sleep|usleep|nanosleep|clock_nanosleep) *\(/ && FILENAME !~ /^tests\/bench\// { breach("sleeps instead of awaiting an event") }
line ~ /(^|[^A-Za-z0-9_])poll *\( *NULL/ && FILENAME !~ /^tests\/(lib|fleet)\// { breach("sleeps: use gw_await()") }
# How fast it is a bench measures; how long something stays away an event behind it tells.
line ~ /CU_ASSERT.*gw_mono_now\(\)\.ms *-/ && FILENAME !~ /^tests\/bench\// { breach("passes or fails by the clock") }
line ~ /while *\( *gw_mono_now\(\)\.ms *< *[a-z_]+ *\)$/ && FILENAME !~ /^tests\/bench\// { breach("turns for a time instead of awaiting an event") }
/^[ \t]*#[ \t]*if 0/ { breach("switched off") }
/"\/(tmp|var\/tmp|dev\/shm)\// && !/XXXXXX/ && FILENAME !~ /^tests\/lib\// { breach("a fixed path: use gw_test_dir()") }
