/* The netlink builder; see netlink.h. */
#include "netlink.h"
#include "creel.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void *reserve(struct batch *b, size_t length) {
  size_t padded = NLMSG_ALIGN(length);
  if (b->length + padded > sizeof b->bytes) die("network", "netlink batch is larger than %d bytes", NETLINK_BATCH_BYTES);
  void *at = b->bytes + b->length;
  memset(at, 0, padded);
  b->length += padded;
  return at;
}

void nl_begin(struct batch *b, uint16_t type, uint16_t flags, const void *header, size_t header_length) {
  b->open = reserve(b, NLMSG_HDRLEN);
  b->open->nlmsg_type = type;
  b->open->nlmsg_flags = NLM_F_REQUEST | flags;
  b->open->nlmsg_seq = ++b->sequence;
  memcpy(reserve(b, header_length), header, header_length);
}

void nl_attr(struct batch *b, uint16_t type, const void *data, size_t length) {
  struct nlattr *a = reserve(b, NLA_HDRLEN + length);
  a->nla_type = type;
  a->nla_len = (uint16_t)(NLA_HDRLEN + length);
  memcpy((uint8_t *)a + NLA_HDRLEN, data, length);
}

void nl_text(struct batch *b, uint16_t type, const char *text) { nl_attr(b, type, text, strlen(text) + 1); }

void nl_be32(struct batch *b, uint16_t type, uint32_t value) {
  value = htonl(value);
  nl_attr(b, type, &value, sizeof value);
}

struct nlattr *nl_nest(struct batch *b, uint16_t type) {
  struct nlattr *a = reserve(b, NLA_HDRLEN);
  a->nla_type = type | NLA_F_NESTED;
  return a;
}

void nl_unnest(struct batch *b, struct nlattr *nest) {
  nest->nla_len = (uint16_t)(b->bytes + b->length - (uint8_t *)nest);
}

void nl_end(struct batch *b) { b->open->nlmsg_len = (uint32_t)(b->bytes + b->length - (uint8_t *)b->open); }

void nl_commit(int fd, struct batch *b, int answers, const char *layer) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (sendto(fd, b->bytes, b->length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0) die_errno(layer, "netlink send");
  uint8_t reply[NETLINK_BATCH_BYTES];
  while (answers > 0) {
    ssize_t n = recv(fd, reply, sizeof reply, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) die_errno(layer, "netlink answer");
    int left = (int)n;
    for (struct nlmsghdr *m = (struct nlmsghdr *)reply; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
      if (m->nlmsg_type != NLMSG_ERROR) continue;
      struct nlmsgerr *e = NLMSG_DATA(m);
      if (e->error) {
        errno = -e->error;
        char what[64];
        snprintf(what, sizeof what, "netlink message %u refused", m->nlmsg_seq);
        die_errno(layer, what);
      }
      answers--;
    }
  }
}
