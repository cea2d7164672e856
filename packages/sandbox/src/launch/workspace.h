/* What watchdog.c asks of workspace.c, and what that shares with held.c. */
#ifndef WORKSPACE_H
#define WORKSPACE_H
#include "creel.h"
#include <dirent.h>

struct stat;
struct tally {
  unsigned long long bytes, files, bytes_max, files_max; /* a limit of 0 is none */
  bool shut; /* a directory of the agent could not be read */
  bool hidden; /* something is held that cannot be looked at */
  bool over; /* stopped early: over a limit, too deep or too many */
};
/* Opens the sources of all writable mounts, on the host's side where no mount of the sandbox hides anything. */
void workspace_open(const struct spec *spec);
void workspace_measure(const struct shim *shim, struct tally *tally);

/* Counts this file, once in a look. */
void workspace_add(struct tally *t, const struct stat *st);
/* Whether one of the writable mounts begins on this device. */
bool workspace_has(dev_t dev);
DIR *open_directory(int at, const char *name);
/* Adds the deleted files that something in the sandbox still holds. */
void held_add(const struct shim *shim, struct tally *t);
#endif
