/* Frames: length-prefixed lists of byte strings, the only format between creel-launch and its callers.
   Every string carries a NUL after its bytes, so a parsed frame is used in place without copies. */
#include "creel.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_MAX 4

static void grow(struct frame *f, size_t extra) {
  if (f->length + extra <= f->capacity) return;
  size_t capacity = f->capacity ? f->capacity : 512;
  while (capacity < f->length + extra) capacity *= 2;
  uint8_t *bytes = realloc(f->bytes, capacity);
  if (!bytes) abort();
  f->bytes = bytes;
  f->capacity = capacity;
}

void frame_start(struct frame *f) {
  memset(f, 0, sizeof *f);
  grow(f, 4);
  f->length = 4;
}

void frame_bytes(struct frame *f, const void *data, size_t length) {
  uint32_t prefix = (uint32_t)length;
  grow(f, length + 5);
  memcpy(f->bytes + f->length, &prefix, 4);
  memcpy(f->bytes + f->length + 4, data, length);
  f->bytes[f->length + 4 + length] = 0;
  f->length += length + 5;
}

void frame_text(struct frame *f, const char *text) { frame_bytes(f, text, strlen(text)); }

void frame_number(struct frame *f, long long number) {
  char text[24];
  snprintf(text, sizeof text, "%lld", number);
  frame_text(f, text);
}

void frame_free(struct frame *f) {
  free(f->bytes);
  memset(f, 0, sizeof *f);
}

/* The descriptors ride on the first byte; a short write continues without them. */
int frame_send(int fd, struct frame *f, const int *fds, int fd_count) {
  uint32_t body = (uint32_t)(f->length - 4);
  memcpy(f->bytes, &body, 4);
  size_t sent = 0;
  while (sent < f->length) {
    ssize_t n;
    if (fd_count > 0 && sent == 0) {
      union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int) * FDS_MAX)]; } control = {0};
      struct iovec part = {f->bytes, f->length};
      struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control};
      message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)fd_count);
      struct cmsghdr *c = CMSG_FIRSTHDR(&message);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)fd_count);
      memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)fd_count);
      n = sendmsg(fd, &message, MSG_NOSIGNAL);
    } else {
      n = write(fd, f->bytes + sent, f->length - sent);
    }
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    sent += (size_t)n;
  }
  return 0;
}

int send_words(int fd, const int *fds, int fd_count, const char *first, ...) {
  struct frame f;
  frame_start(&f);
  va_list list;
  va_start(list, first);
  for (const char *word = first; word; word = va_arg(list, const char *)) frame_text(&f, word);
  va_end(list);
  int result = frame_send(fd, &f, fds, fd_count);
  frame_free(&f);
  return result;
}

static void keep_fds(struct msghdr *message, int *fds, int *fd_count) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int i = 0; i < n; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(c) + sizeof(int) * (size_t)i, sizeof fd);
      if (fds && *fd_count < FDS_MAX) fds[(*fd_count)++] = fd;
      else close(fd);
    }
  }
}

static bool read_fully(int fd, uint8_t *into, size_t length, int *fds, int *fd_count, bool *ended) {
  size_t have = 0;
  while (have < length) {
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int) * FDS_MAX)]; } control;
    struct iovec part = {into + have, length - have};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == ENOTSOCK) {
      n = read(fd, into + have, length - have);
      message.msg_controllen = 0;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 && have == 0) *ended = true;
    if (n <= 0) return false;
    keep_fds(&message, fds, fd_count);
    have += (size_t)n;
  }
  return true;
}

/* What came with a frame that is not one is not kept: the caller would never learn of it. */
static ssize_t broken(int *fds, int *fd_count) {
  for (int i = 0; fds && fd_count && i < *fd_count; i++) close(fds[i]);
  if (fd_count) *fd_count = 0;
  return -1;
}

ssize_t frame_receive(int fd, uint8_t **body, int *fds, int *fd_count) {
  uint32_t length;
  bool ended = false;
  *body = NULL;
  if (fd_count) *fd_count = 0;
  if (!read_fully(fd, (uint8_t *)&length, 4, fds, fd_count, &ended)) return ended ? 0 : broken(fds, fd_count);
  if (length == 0 || length > FRAME_BYTES_MAX) return broken(fds, fd_count);
  *body = malloc(length);
  if (!*body) return broken(fds, fd_count);
  if (read_fully(fd, *body, length, fds, fd_count, &ended)) return (ssize_t)length;
  free(*body);
  *body = NULL;
  return broken(fds, fd_count);
}

/* Refuses a frame whose lengths do not add up or whose text hides a NUL: a path must mean the same to every reader. */
bool frame_split(uint8_t *body, size_t length, struct items *items) {
  size_t at = 0;
  items->count = 0;
  while (at < length) {
    uint32_t n;
    if (length - at < 5) return false;
    memcpy(&n, body + at, 4);
    if (n > length - at - 5 || body[at + 4 + n] != 0) return false;
    if (memchr(body + at + 4, 0, n)) return false;
    if (items->count == sizeof items->at / sizeof items->at[0]) return false;
    items->at[items->count++] = (const char *)body + at + 4;
    at += n + 5;
  }
  return items->count > 0;
}
