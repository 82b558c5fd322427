#include <openssl/ssl.h>
#include <libwebsockets.h>
#include <zstd.h>
#include <qrencode.h>
#include <curl/curl.h>
#include <mosquitto.h>
