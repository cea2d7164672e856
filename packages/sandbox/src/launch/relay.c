/* Hands the listener and the resolver socket to a Node process, which cannot receive descriptors itself except over its
   own child-process channel. We are that child: one JSON line per descriptor, as Node's parent side expects it, each
   acknowledged before the next. The start-up self-test in relay.ts notices should a Node version change the format. */
#include "creel.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACK_BYTES_MAX 4096

static void hand_over(int channel, int fd, const char *name) {
  char line[160];
  int n = snprintf(line, sizeof line, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"creel\":\"%s\"}}\n", name);
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {0};
  struct iovec part = {line, (size_t)n};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &fd, sizeof fd);
  if (sendmsg(channel, &message, MSG_NOSIGNAL) != n) die_errno("relay", "sending a socket to Node");
  char ack[ACK_BYTES_MAX];
  size_t have = 0;
  while (have < sizeof ack - 1) {
    ssize_t got = read(channel, ack + have, sizeof ack - 1 - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) die("relay", "Node closed the channel before it took %s", name);
    have += (size_t)got;
    ack[have] = 0;
    if (strstr(ack, "NODE_HANDLE_ACK")) return;
    if (strstr(ack, "NODE_HANDLE_NACK")) die("relay", "Node refused %s", name);
  }
  die("relay", "no acknowledgement for %s", name);
}

int relay_main(const char *run_dir) {
  static struct items items;
  const char *number = getenv("NODE_CHANNEL_FD");
  int channel = number ? atoi(number) : -1, fds[4], fd_count = 0;
  uint8_t *body;
  if (channel < 0) die("relay", "no Node channel");
  int shim = shim_connect(run_dir);
  if (shim < 0) die("relay", "no sandbox runs in %s", run_dir);
  if (send_words(shim, NULL, 0, "fds", NULL)) die_errno("relay", "asking the shim");
  ssize_t n = frame_receive(shim, &body, fds, &fd_count);
  if (n <= 0 || !frame_split(body, (size_t)n, &items) || strcmp(items.at[0], "fds") || fd_count != 2) die("relay", "the shim sent no sockets");
  hand_over(channel, fds[0], "listener");
  hand_over(channel, fds[1], "dns");
  return 0;
}
