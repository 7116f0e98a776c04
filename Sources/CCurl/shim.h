#include <curl/curl.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

/// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one function for each type of value.
static inline CURLcode credits_set_long(CURL *curl, CURLoption option, long value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode credits_set_size(CURL *curl, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(curl, option, value);
}

/// The text is copied by libcurl.
static inline CURLcode credits_set_text(CURL *curl, CURLoption option, const char *value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode credits_set_list(CURL *curl, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(curl, option, value);
}

/// CURLOPT_COPYPOSTFIELDS takes its length from CURLOPT_POSTFIELDSIZE_LARGE, which must be set first: done together here.
static inline CURLcode credits_set_body(CURL *curl, const void *bytes, curl_off_t count) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, count);
    return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, bytes);
}

typedef size_t (*credits_receive)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode credits_set_receivers(CURL *curl, credits_receive header, credits_receive body, void *context) {
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, context);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body);
    return curl_easy_setopt(curl, CURLOPT_WRITEDATA, context);
}

static inline long credits_status(CURL *curl) {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/// Performs with SIGPIPE held back on this thread: OpenSSL writes with write(), and CURLOPT_NOSIGNAL makes libcurl
/// leave the signal to its caller.
static inline CURLcode credits_perform(CURL *curl) {
    sigset_t pipe, before, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    int was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    CURLcode code = curl_easy_perform(curl);
    struct timespec now = {0, 0};
    if (!was_pending) sigtimedwait(&pipe, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}
