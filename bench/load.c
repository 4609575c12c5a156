/* The load generator: many listeners in one process, so cheap that it is not what is measured.
 *
 *   load HOST PORT LISTENERS sse|ws PATH
 *
 * Opens the connections, says "ready SECONDS" and then obeys lines on standard input:
 *
 *   expect M SECONDS   count until every listener got M marks, or SECONDS went by; print one line of JSON
 *   quit
 *
 * A mark is "@@" NANOSECONDS "@@" in the text of an update: the CLOCK_MONOTONIC time at which it was posted.
 * Its arrival is taken when the bytes are read. Everything is bounded: listeners by the argument, time by the
 * command. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IN_FLIGHT 256
#define TAIL 48
#define MAX_SAMPLES 8000000

struct conn { int fd; int ready; int tail_len; char tail[TAIL]; };

static struct conn *conns;
static int total, opened, ready, broken, is_ws, ep;
static struct sockaddr_in to;
static char request[2048];
static uint32_t *samples;
static long n_samples;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

static double cpu_seconds(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void open_one(void) {
    struct conn *c = &conns[opened++];
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) { perror("socket"); exit(1); }
    /* several source addresses, so that ports do not run out */
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000002 + opened % 16);
    int one = 1;
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    bind(c->fd, (struct sockaddr *)&from, sizeof from);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) { perror("connect"); exit(1); }
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
}

static void sample(const char *digits, uint64_t at) {
    uint64_t sent = strtoull(digits, NULL, 10);
    if (n_samples < MAX_SAMPLES) samples[n_samples++] = at > sent ? (uint32_t)((at - sent) / 1000) : 0;
}

static void answer_pings(struct conn *c, const unsigned char *p, long n) {
    for (long i = 0; i + 4 <= n; i++)
        if (p[i] == 0x89 && p[i + 1] == 2 && p[i + 2] == 's' && p[i + 3] == 'p') {
            static const unsigned char pong[] = {0x8a, 0x82, 0, 0, 0, 0, 's', 'p'};
            if (write(c->fd, pong, sizeof pong) < 0) broken++;
        }
}

static void scan(struct conn *c, char *buf, long n, uint64_t at) {
    if (is_ws) answer_pings(c, (unsigned char *)buf, n);
    char *p = buf, *end = buf + n;
    while ((p = memmem(p, end - p, "@@", 2))) {
        char *q = p + 2;
        while (q < end && *q >= '0' && *q <= '9') q++;
        if (q + 2 > end) break;
        if (q > p + 10 && q[0] == '@' && q[1] == '@') { sample(p + 2, at); p = q + 2; }
        else p += 2;
    }
    long keep = n < TAIL - 1 ? n : TAIL - 1;
    /* keep an unfinished mark for the next read, and nothing that was counted */
    char *from = p ? p : end - (end[-1] == '@' ? 1 : 0);
    if (end - from < keep) keep = end - from;
    memcpy(c->tail, end - keep, keep);
    c->tail_len = keep;
}

static void on_readable(struct conn *c) {
    static char buf[TAIL + 262144];
    for (;;) {
        memcpy(buf, c->tail, c->tail_len);
        long n = read(c->fd, buf + c->tail_len, 262144);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            broken++;
            epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);
            close(c->fd);
            return;
        }
        uint64_t at = now_ns();
        if (!c->ready) { c->ready = 1; ready++; }
        n += c->tail_len;
        c->tail_len = 0;
        scan(c, buf, n, at);
        if (n < 262144) return;
    }
}

static void step(int ms) {
    struct epoll_event events[1024];
    int n = epoll_wait(ep, events, 1024, ms);
    for (int i = 0; i < n; i++) {
        struct conn *c = events[i].data.ptr;
        if (!c) continue;
        if (events[i].events & EPOLLOUT) {
            if (write(c->fd, request, strlen(request)) < 0) broken++;
            struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
            epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
        } else on_readable(c);
    }
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void expect(long marks, double seconds) {
    long wanted = marks * total;
    uint64_t start = now_ns(), until = start + (uint64_t)(seconds * 1e9), last = start;
    long before = n_samples;
    while (n_samples < wanted && now_ns() < until) {
        step(20);
        if (n_samples != before) { before = n_samples; last = now_ns(); }
    }
    qsort(samples, n_samples, sizeof *samples, by_value);
    double p50 = n_samples ? samples[n_samples / 2] / 1e3 : 0, p99 = n_samples ? samples[n_samples * 99 / 100] / 1e3 : 0;
    double max = n_samples ? samples[n_samples - 1] / 1e3 : 0;
    printf("{\"got\":%ld,\"wanted\":%ld,\"broken\":%d,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"last_ms\":%.3f,"
           "\"seconds\":%.4f,\"load_cpu\":%.3f}\n",
           n_samples, wanted, broken, p50, p99, max, (last - start) / 1e9, cpu_seconds());
    fflush(stdout);
    n_samples = 0;
}

int main(int argc, char **argv) {
    if (argc != 6) { fprintf(stderr, "load HOST PORT LISTENERS sse|ws PATH\n"); return 2; }
    to.sin_family = AF_INET;
    to.sin_port = htons(atoi(argv[2]));
    inet_pton(AF_INET, argv[1], &to.sin_addr);
    total = atoi(argv[3]);
    is_ws = !strcmp(argv[4], "ws");
    struct rlimit files = {total + 64, total + 64};
    setrlimit(RLIMIT_NOFILE, &files);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: bench\r\n%s\r\n", argv[5],
             is_ws ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                   : "Accept: text/event-stream\r\n");
    conns = calloc(total, sizeof *conns);
    samples = malloc(MAX_SAMPLES * sizeof *samples);
    ep = epoll_create1(0);
    uint64_t start = now_ns();
    while (ready + broken < total) {
        while (opened < total && opened - ready - broken < IN_FLIGHT) open_one();
        step(100);
        if (now_ns() - start > 120000000000ull) { fprintf(stderr, "only %d of %d connected\n", ready, total); return 1; }
    }
    printf("ready %.4f %d %.3f\n", (now_ns() - start) / 1e9, broken, cpu_seconds());
    fflush(stdout);
    /* standard input is looked at between steps, so that listeners are always read */
    fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
    char line[256];
    int have = 0;
    for (;;) {
        step(10);
        long n = read(0, line + have, sizeof line - 1 - have);
        if (n == 0) return 0;
        if (n > 0) have += n;
        line[have] = 0;
        char *newline = strchr(line, '\n');
        if (!newline) continue;
        long marks; double seconds;
        if (sscanf(line, "expect %ld %lf", &marks, &seconds) == 2) expect(marks, seconds);
        else return 0;
        have -= newline + 1 - line;
        memmove(line, newline + 1, have);
    }
}
