/* What identity.c and images.c share. */
#ifndef IDENTITY_H
#define IDENTITY_H
#include "creel.h"

/* A copy of that thread's descriptor; -EBADF when it has none, -EPERM when it cannot be had. */
int descriptor_of(pid_t tid, int fd_number);
/* Before PID 1 is released: afterwards it shows its namespaces to nobody. */
void images_start(const struct shim *shim);
/* The thread `tid` maps code from this descriptor. 0: let it; otherwise the -errno it gets. */
int image_maps_code(pid_t tid, int fd_number);
/* The process `group` is about to become another program. */
void image_becomes(pid_t group, int threads);
/* Whether `child`, started at `child_tick`, was started by the program that `parent` is now. */
bool image_started(pid_t parent, pid_t child, int64_t child_tick);
/* The file from a writable place whose code was mapped into this process; empty when none. False: cannot tell. */
bool image_library(pid_t tid, char out[PATH_BYTES_MAX]);
/* Whether the file behind `link` is the one the sandbox was given under `name`, not one of the agent's own mounts. */
bool image_is_genuine(pid_t tid, const char *link, const char *name);
#endif
