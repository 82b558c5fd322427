# cmake -DIN=file -DOUT=file.c -DNAME=symbol -P embed_file.cmake: a C file that holds IN's bytes as NAME and NAME_len.
file(READ "${IN}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE "${OUT}.new" "/* Made from ${NAME} at build time. */\n#include \"rest_internal.h\"\n
const unsigned char ${NAME}[] = {\n${bytes}\n};\nconst unsigned long ${NAME}_len = sizeof(${NAME});\n")
file(RENAME "${OUT}.new" "${OUT}")
