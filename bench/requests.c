/* Asks a server for one thing again and again on connections that are kept: requests PORT CONNECTIONS COUNT, with the
   whole request on standard input. Each connection sends the next request when the response before was read whole.
   Prints "REQUESTS BYTES SECONDS". */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 8192 };
struct peer {
    int descriptor;
    char head[HEAD + 1];
    size_t in_head;
    long left; /* bytes of the body; -1 while the head is read */
};

static char request[4096], scratch[1 << 18];
static size_t size;
static long asked, answered, bytes, wanted;

static void fail(const char *why) {
    perror(why);
    exit(1);
}

static void ask(struct peer *peer) {
    if (asked == wanted) return;
    asked++;
    peer->in_head = 0;
    peer->left = -1;
    if (write(peer->descriptor, request, size) != (ssize_t)size) fail("write");
}

static void take(struct peer *peer) {
    ssize_t got;
    if (peer->left < 0)
        got = read(peer->descriptor, peer->head + peer->in_head, HEAD - peer->in_head);
    else
        got = read(peer->descriptor, scratch, sizeof scratch);
    if (got <= 0) fail("read");
    bytes += got;
    if (peer->left < 0) {
        peer->in_head += (size_t)got;
        peer->head[peer->in_head] = 0;
        char *end = strstr(peer->head, "\r\n\r\n");
        if (!end) return;
        long length = 0;
        if (strncmp(peer->head, "HTTP/1.1 304", 12) != 0) {
            char *found = strcasestr(peer->head, "\r\ncontent-length: ");
            if (!found || found > end || strncmp(peer->head, "HTTP/1.1 200", 12) != 0) {
                fprintf(stderr, "%.300s\n", peer->head);
                exit(1);
            }
            length = atol(found + 18);
        }
        peer->left = length - (long)(peer->in_head - (size_t)(end + 4 - peer->head));
    } else {
        peer->left -= got;
    }
    if (peer->left == 0) {
        answered++;
        ask(peer);
    }
}

int main(int count, char **given) {
    if (count != 4) return 2;
    int connections = atoi(given[2]), watched = epoll_create1(0), on = 1;
    wanted = atol(given[3]);
    size = fread(request, 1, sizeof request, stdin);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(given[1]))};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    struct peer *peers = calloc((size_t)connections, sizeof *peers);
    for (int i = 0; i < connections; i++) {
        peers[i].descriptor = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(peers[i].descriptor, (struct sockaddr *)&address, sizeof address)) fail("connect");
        setsockopt(peers[i].descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peers[i]};
        epoll_ctl(watched, EPOLL_CTL_ADD, peers[i].descriptor, &event);
    }
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < connections; i++) ask(&peers[i]);
    while (answered < wanted) {
        struct epoll_event events[256];
        int found = epoll_wait(watched, events, 256, 10000);
        if (found <= 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < found; i++) take(events[i].data.ptr);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%ld %ld %f\n", answered, bytes, seconds);
    return 0;
}
