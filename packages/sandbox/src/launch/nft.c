/* The constant nftables ruleset of a sandbox, as netlink messages.

   Threat: a program that ignores proxies, or speaks UDP, ICMP or a raw protocol, reaches the network unseen.
   Invariant: in this network namespace a TCP connection to anything but the sandbox itself ends at the gateway's
   listener, and every other packet that would leave is refused. The rules never change; policy lives in the gateway.

     table ip creel
       chain out  { hook output; policy drop;  to self -> accept;  tcp -> accept;  reject }
       chain pre  { hook prerouting; policy drop;  to self -> accept;  tcp -> tproxy to 127.0.0.1:15001, accept } */
#include "creel.h"
#include "netlink.h"
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TABLE "creel"
#define PRIORITY_MANGLE (-150)
#define PRIORITY_FILTER 0
#define IP_DESTINATION_OFFSET 16
#define ICMP_PORT_UNREACHABLE 3

static uint16_t nft(int message) { return (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message); }

static void begin(struct batch *b, int message, uint16_t flags) {
  struct nfgenmsg header = {.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0};
  nl_begin(b, nft(message), flags | NLM_F_CREATE | NLM_F_ACK, &header, sizeof header);
}

static void boundary(struct batch *b, uint16_t type) {
  struct nfgenmsg header = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  nl_begin(b, type, 0, &header, sizeof header);
  nl_end(b);
}

static void chain(struct batch *b, const char *name, uint32_t hook, int32_t priority) {
  begin(b, NFT_MSG_NEWCHAIN, 0);
  nl_text(b, NFTA_CHAIN_TABLE, TABLE);
  nl_text(b, NFTA_CHAIN_NAME, name);
  struct nlattr *nest = nl_nest(b, NFTA_CHAIN_HOOK);
  nl_be32(b, NFTA_HOOK_HOOKNUM, hook);
  nl_be32(b, NFTA_HOOK_PRIORITY, (uint32_t)priority);
  nl_unnest(b, nest);
  nl_be32(b, NFTA_CHAIN_POLICY, NF_DROP);
  nl_text(b, NFTA_CHAIN_TYPE, "filter");
  nl_end(b);
}

/* An expression is list element > (name, data); the caller fills data between open and close. */
struct expr { struct nlattr *element, *data; };

static struct expr expr_open(struct batch *b, const char *name) {
  struct expr e;
  e.element = nl_nest(b, NFTA_LIST_ELEM);
  nl_text(b, NFTA_EXPR_NAME, name);
  e.data = nl_nest(b, NFTA_EXPR_DATA);
  return e;
}

static void expr_close(struct batch *b, struct expr e) {
  nl_unnest(b, e.data);
  nl_unnest(b, e.element);
}

static void value(struct batch *b, uint16_t type, const void *data, size_t length) {
  struct nlattr *nest = nl_nest(b, type);
  nl_attr(b, NFTA_DATA_VALUE, data, length);
  nl_unnest(b, nest);
}

static void compare(struct batch *b, const void *data, size_t length) {
  struct expr e = expr_open(b, "cmp");
  nl_be32(b, NFTA_CMP_SREG, NFT_REG_1);
  nl_be32(b, NFTA_CMP_OP, NFT_CMP_EQ);
  value(b, NFTA_CMP_DATA, data, length);
  expr_close(b, e);
}

static void match_destination(struct batch *b, const void *prefix, size_t length) {
  struct expr e = expr_open(b, "payload");
  nl_be32(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
  nl_be32(b, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
  nl_be32(b, NFTA_PAYLOAD_OFFSET, IP_DESTINATION_OFFSET);
  nl_be32(b, NFTA_PAYLOAD_LEN, (uint32_t)length);
  expr_close(b, e);
  compare(b, prefix, length);
}

static void match_tcp(struct batch *b) {
  uint8_t tcp = IPPROTO_TCP;
  struct expr e = expr_open(b, "meta");
  nl_be32(b, NFTA_META_DREG, NFT_REG_1);
  nl_be32(b, NFTA_META_KEY, NFT_META_L4PROTO);
  expr_close(b, e);
  compare(b, &tcp, 1);
}

static void load(struct batch *b, uint32_t reg, const void *data, size_t length) {
  struct expr e = expr_open(b, "immediate");
  nl_be32(b, NFTA_IMMEDIATE_DREG, reg);
  value(b, NFTA_IMMEDIATE_DATA, data, length);
  expr_close(b, e);
}

static void accept_packet(struct batch *b) {
  struct expr e = expr_open(b, "immediate");
  nl_be32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  struct nlattr *data = nl_nest(b, NFTA_IMMEDIATE_DATA), *verdict = nl_nest(b, NFTA_DATA_VERDICT);
  nl_be32(b, NFTA_VERDICT_CODE, NF_ACCEPT);
  nl_unnest(b, verdict);
  nl_unnest(b, data);
  expr_close(b, e);
}

static void tproxy(struct batch *b) {
  uint32_t address = htonl(INADDR_LOOPBACK);
  uint16_t port = htons(GATEWAY_PORT);
  load(b, NFT_REG_1, &address, sizeof address);
  load(b, NFT_REG_2, &port, sizeof port);
  struct expr e = expr_open(b, "tproxy");
  nl_be32(b, NFTA_TPROXY_FAMILY, NFPROTO_IPV4);
  nl_be32(b, NFTA_TPROXY_REG_ADDR, NFT_REG_1);
  nl_be32(b, NFTA_TPROXY_REG_PORT, NFT_REG_2);
  expr_close(b, e);
}

static void reject(struct batch *b) {
  uint8_t code = ICMP_PORT_UNREACHABLE;
  struct expr e = expr_open(b, "reject");
  nl_be32(b, NFTA_REJECT_TYPE, NFT_REJECT_ICMP_UNREACH);
  nl_attr(b, NFTA_REJECT_ICMP_CODE, &code, 1);
  expr_close(b, e);
}

static struct nlattr *rule_open(struct batch *b, const char *chain_name) {
  begin(b, NFT_MSG_NEWRULE, NLM_F_APPEND);
  nl_text(b, NFTA_RULE_TABLE, TABLE);
  nl_text(b, NFTA_RULE_CHAIN, chain_name);
  return nl_nest(b, NFTA_RULE_EXPRESSIONS);
}

static void rule_close(struct batch *b, struct nlattr *rule) {
  nl_unnest(b, rule);
  nl_end(b);
}

static int accept_self(struct batch *b, const char *chain_name) {
  uint8_t loopback = 127;
  uint32_t own = htonl(SANDBOX_ADDRESS);
  struct nlattr *rule = rule_open(b, chain_name);
  match_destination(b, &loopback, 1);
  accept_packet(b);
  rule_close(b, rule);
  rule = rule_open(b, chain_name);
  match_destination(b, &own, sizeof own);
  accept_packet(b);
  rule_close(b, rule);
  return 2;
}

void nft_rules(const char *layer) {
  static struct batch b;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), answers = 0;
  if (fd < 0) die_errno(layer, "nf_tables is not in this kernel");
  boundary(&b, NFNL_MSG_BATCH_BEGIN);
  begin(&b, NFT_MSG_NEWTABLE, 0);
  nl_text(&b, NFTA_TABLE_NAME, TABLE);
  nl_end(&b);
  chain(&b, "out", NF_INET_LOCAL_OUT, PRIORITY_FILTER);
  chain(&b, "pre", NF_INET_PRE_ROUTING, PRIORITY_MANGLE);
  answers = 3 + accept_self(&b, "out") + accept_self(&b, "pre");
  struct nlattr *rule = rule_open(&b, "out");
  match_tcp(&b);
  accept_packet(&b);
  rule_close(&b, rule);
  rule = rule_open(&b, "out");
  reject(&b);
  rule_close(&b, rule);
  rule = rule_open(&b, "pre");
  match_tcp(&b);
  tproxy(&b);
  accept_packet(&b);
  rule_close(&b, rule);
  boundary(&b, NFNL_MSG_BATCH_END);
  nl_commit(fd, &b, answers + 3, layer);
  close(fd);
}
