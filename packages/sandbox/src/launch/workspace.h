/* What watchdog.c asks of workspace.c. */
#ifndef WORKSPACE_H
#define WORKSPACE_H
#include "creel.h"

struct tally {
  unsigned long long bytes, files, bytes_max, files_max; /* a limit of 0 is none */
  bool shut; /* a directory of the agent could not be read */
  bool over; /* stopped early: over a limit, too deep or too many */
};
/* Opens the sources of all writable mounts, on the host's side where no mount of the sandbox hides anything. */
void workspace_open(const struct spec *spec);
void workspace_measure(const struct shim *shim, struct tally *tally);
#endif
