# cmake -DAREA=store -DAPPLICATION_ID=0x… -DSOURCE=<storage/sql> -DOUT=<dir> -P embed.cmake
# Writes sql_<AREA>.h and sql_<AREA>.c. Fails the build when a migration's number is missing, a query has no name or
# another's name, holds more than one statement, or does not number its placeholders $1..$n in order of first use.
cmake_minimum_required(VERSION 3.25)

# Full-line comments and the space around the text go; the rest becomes one C literal a line.
function(c_literal text ret)
  string(REGEX REPLACE "(^|\n)[ \t]*--[^\n]*" "\\1" text "${text}")
  string(REGEX REPLACE "\n[ \t\n]*\n" "\n" text "${text}")
  string(STRIP "${text}" text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n     \"" text "${text}")
  set(${ret} "\"${text}\"" PARENT_SCOPE)
endfunction()

function(check_placeholders name text)
  set(next 1)
  while(text MATCHES "\\$([0-9]+)")
    set(number ${CMAKE_MATCH_1})
    if(number GREATER next)
      message(FATAL_ERROR "${AREA}: query ${name} uses $${number} before $${next}")
    endif()
    if(number EQUAL next)
      math(EXPR next "${next} + 1")
    endif()
    string(FIND "${text}" "$${number}" at)
    string(LENGTH "$${number}" length)
    math(EXPR at "${at} + ${length}")
    string(SUBSTRING "${text}" ${at} -1 text)
  endwhile()
  if(text MATCHES "[?]|[ =,(][:@][a-z]")
    message(FATAL_ERROR "${AREA}: query ${name} has a placeholder that is not $n")
  endif()
endfunction()

file(GLOB migrations ${SOURCE}/migrations/${AREA}/*.sql)
list(SORT migrations)
set(migration_rows "")
set(number 0)
foreach(path ${migrations})
  math(EXPR number "${number} + 1")
  cmake_path(GET path STEM name)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])-[a-z0-9-]+$")
    message(FATAL_ERROR "${path}: a migration's name is 0001-what.sql")
  endif()
  string(REGEX REPLACE "^0+" "" given "${CMAKE_MATCH_1}")
  if(NOT given EQUAL number)
    message(FATAL_ERROR "${path}: migration ${number} is missing or there twice")
  endif()
  file(READ ${path} text)
  c_literal("${text}" literal)
  string(APPEND migration_rows "    {\"${name}\",\n     ${literal}},\n")
endforeach()

file(GLOB queries ${SOURCE}/queries/${AREA}/*.sql)
list(SORT queries)
string(TOUPPER ${AREA} upper_area)
set(query_rows "")
set(query_names "")
set(enum_rows "")
set(marker "-- name: ")
foreach(path ${queries})
  file(READ ${path} rest)
  string(FIND "${rest}" "${marker}" at)
  while(NOT at EQUAL -1)
    string(LENGTH "${marker}" length)
    math(EXPR at "${at} + ${length}")
    string(SUBSTRING "${rest}" ${at} -1 rest)
    string(FIND "${rest}" "\n" end)
    string(SUBSTRING "${rest}" 0 ${end} name)
    string(SUBSTRING "${rest}" ${end} -1 rest)
    string(FIND "${rest}" "${marker}" at)
    string(SUBSTRING "${rest}" 0 ${at} text)
    string(STRIP "${name}" name)
    if(NOT name MATCHES "^[a-z][a-z0-9_]*$" OR name IN_LIST query_names)
      message(FATAL_ERROR "${path}: \"${name}\" is no name for a query, or is there twice")
    endif()
    list(APPEND query_names ${name})
    string(REGEX REPLACE "(^|\n)[ \t]*--[^\n]*" "\\1" bare "${text}")
    string(STRIP "${bare}" bare)
    if(NOT bare MATCHES "^[^;]+;$")
      message(FATAL_ERROR "${path}: query ${name} is not one statement with a semicolon at its end")
    endif()
    check_placeholders(${name} "${bare}")
    c_literal("${text}" literal)
    string(APPEND query_rows "    {\"${name}\",\n     ${literal}},\n")
    string(TOUPPER ${name} upper_name)
    string(APPEND enum_rows "    SQL_${upper_area}_${upper_name},\n")
  endwhile()
endforeach()
list(LENGTH query_names query_count)
if(number EQUAL 0 OR query_count EQUAL 0)
  message(FATAL_ERROR "${AREA}: no migrations or no queries")
endif()

file(WRITE ${OUT}/sql_${AREA}.h "/* Made from storage/sql by embed.cmake. */
#pragma once

#include \"db.h\"

enum sql_${AREA} {
${enum_rows}    SQL_${upper_area}_COUNT
};

extern const struct db_schema sql_${AREA}_schema;
")
file(WRITE ${OUT}/sql_${AREA}.c "/* Made from storage/sql by embed.cmake. */
#include \"sql_${AREA}.h\"

static const struct db_text migrations[] = {
${migration_rows}};

static const struct db_text queries[] = {
${query_rows}};

const struct db_schema sql_${AREA}_schema = {
    .application_id = ${APPLICATION_ID},
    .migrations = migrations,
    .migration_count = sizeof(migrations) / sizeof(migrations[0]),
    .queries = queries,
    .query_count = sizeof(queries) / sizeof(queries[0]),
};
")
