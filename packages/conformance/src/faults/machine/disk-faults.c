/* What a failing disk does to one process, by LD_PRELOAD (disk-faults.ts): writes and syncs of files under one directory are
 * slow, or one of them fails with EIO. Like the kernel since 4.13, an error is told once: the next call succeeds.
 *
 * A control file is mapped and written from outside while the process runs; five numbers of 64 bits:
 *   [0] delay of each call, microseconds   [1] calls until one fails (1 the next, 0 none)   [2] which: 1 writes, 2 syncs, 3 both
 *   [3] how many failed so far             [4] calls seen while a fault was on
 * Always: with nothing asked for, a call costs two loads more. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITES = 1, SYNCS = 2 };

static _Atomic int64_t *control;
static const char *directory;

__attribute__((constructor)) static void map_control(void) {
  const char *path = getenv("DISK_FAULTS_CONTROL");
  directory = getenv("DISK_FAULTS_DIRECTORY");
  if (!path || !directory) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *at = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) control = at;
}

static int concerns(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  return length > 0 && strncmp(path, directory, strlen(directory)) == 0;
}

/* Nonzero: this call fails. */
static int trouble(int fd, int kind) {
  if (!control || (control[0] == 0 && control[1] == 0)) return 0;
  if (!(control[2] & kind) || !concerns(fd)) return 0;
  int error = errno;
  atomic_fetch_add(&control[4], 1);
  int64_t left = control[1];
  while (left > 0 && !atomic_compare_exchange_weak(&control[1], &left, left - 1)) {
  }
  if (left == 1) {
    atomic_fetch_add(&control[3], 1);
    errno = EIO;
    return 1;
  }
  if (control[0] > 0) usleep((useconds_t)control[0]);
  errno = error;
  return 0;
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define WRITING(name, rest, ...) \
  ssize_t name rest { \
    REAL(name); \
    return trouble(fd, WRITES) ? -1 : real(__VA_ARGS__); \
  }

WRITING(write, (int fd, const void *bytes, size_t count), fd, bytes, count)
WRITING(writev, (int fd, const struct iovec *parts, int count), fd, parts, count)
WRITING(pwrite, (int fd, const void *bytes, size_t count, off_t at), fd, bytes, count, at)
WRITING(pwrite64, (int fd, const void *bytes, size_t count, off64_t at), fd, bytes, count, at)
WRITING(pwritev, (int fd, const struct iovec *parts, int count, off_t at), fd, parts, count, at)
WRITING(pwritev64, (int fd, const struct iovec *parts, int count, off64_t at), fd, parts, count, at)

int fsync(int fd) {
  REAL(fsync);
  return trouble(fd, SYNCS) ? -1 : real(fd);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return trouble(fd, SYNCS) ? -1 : real(fd);
}
