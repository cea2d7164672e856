/* A message builder for rtnetlink and nfnetlink: one buffer, nested attributes, answers checked one by one. */
#ifndef CREEL_NETLINK_H
#define CREEL_NETLINK_H
#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#define NETLINK_BATCH_BYTES 8192
struct batch { uint8_t bytes[NETLINK_BATCH_BYTES]; size_t length; struct nlmsghdr *open; uint32_t sequence; };
void nl_begin(struct batch *b, uint16_t type, uint16_t flags, const void *header, size_t header_length);
void nl_attr(struct batch *b, uint16_t type, const void *data, size_t length);
void nl_text(struct batch *b, uint16_t type, const char *text);
void nl_be32(struct batch *b, uint16_t type, uint32_t value);
struct nlattr *nl_nest(struct batch *b, uint16_t type);
void nl_unnest(struct batch *b, struct nlattr *nest);
void nl_end(struct batch *b);
/* Sends the batch; `answers` messages carry NLM_F_ACK and each must be confirmed. Dies naming `layer`. */
void nl_commit(int fd, struct batch *b, int answers, const char *layer);
void nft_rules(const char *layer);
#endif
