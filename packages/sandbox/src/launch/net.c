/* The sandbox's network namespace: loopback only, every address routed to ourselves, TCP steered to one listener.

   Invariant: the sockets made here are the only way out, and they are handed out of the sandbox before any line of
   the agent's code runs; inside, port 15001 stays taken, so nothing can put itself in the gateway's place. */
#include "creel.h"
#include "netlink.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK_INDEX 1
#define BACKLOG 4096
#define DNS_PORT 53

static void address_and_route(void) {
  static struct batch b;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) die_errno("network", "rtnetlink socket");
  struct ifinfomsg up = {.ifi_index = LOOPBACK_INDEX, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  nl_begin(&b, RTM_NEWLINK, NLM_F_ACK, &up, sizeof up);
  nl_end(&b);
  uint32_t own = htonl(SANDBOX_ADDRESS), index = LOOPBACK_INDEX;
  struct ifaddrmsg address = {.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = LOOPBACK_INDEX};
  nl_begin(&b, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE, &address, sizeof address);
  nl_attr(&b, IFA_LOCAL, &own, sizeof own);
  nl_attr(&b, IFA_ADDRESS, &own, sizeof own);
  nl_end(&b);
  struct rtmsg route = {.rtm_family = AF_INET, .rtm_table = RT_TABLE_LOCAL, .rtm_protocol = RTPROT_STATIC,
                        .rtm_scope = RT_SCOPE_HOST, .rtm_type = RTN_LOCAL};
  nl_begin(&b, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE, &route, sizeof route);
  nl_attr(&b, RTA_OIF, &index, sizeof index);
  nl_attr(&b, RTA_PREFSRC, &own, sizeof own);
  nl_end(&b);
  nl_commit(fd, &b, 3, "network");
  close(fd);
}

static int bound(int type, int port) {
  int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  if (fd < 0) die_errno("network", "socket");
  if (type == SOCK_STREAM && setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof on)) die_errno("tproxy", "IP_TRANSPARENT");
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (bind(fd, (struct sockaddr *)&at, sizeof at)) die_errno("network", "bind");
  if (type == SOCK_STREAM && listen(fd, BACKLOG)) die_errno("network", "listen");
  return fd;
}

void net_setup(struct net_fds *out) {
  address_and_route();
  nft_rules("tproxy");
  out->listener = bound(SOCK_STREAM, GATEWAY_PORT);
  out->dns = bound(SOCK_DGRAM, DNS_PORT);
  out->diag = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, 4 /* NETLINK_SOCK_DIAG */);
  if (out->diag < 0) die_errno("network", "sock_diag socket");
}
