/* Faults of disk, clock and names for one process, loaded into it with LD_PRELOAD.
 *
 * CHAOS_CONTROL  a file of one `struct control`, mapped: what fails now. The harness writes it; faults begin
 *                and end without the process's help. Without this variable nothing fails.
 * CHAOS_FILES    only files below this directory fail, and are mirrored.
 * CHAOS_MIRROR   a directory for copies of these files as they would be after a power cut: each holds what
 *                was written before the file's last fsync or fdatasync. Without it there are no copies.
 * CHAOS_HOST     the host name that `dns` is about.
 *
 * Python, SQLite, libuv and libssl all reach the kernel through these functions of libc, in their 64-bit
 * variants. What is written through a shared mapping is not seen: SQLite does that only with its -shm file,
 * which means nothing after a power cut.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* As `Control` in faults.py. */
struct control {
    int64_t clock_offset_ns; /* is added to the wall clock */
    int64_t free_bytes;      /* room left for files that grow; negative: no limit */
    int32_t change_errno;    /* of whatever makes, removes or renames a file, or opens one for writing */
    int32_t write_errno;     /* of whatever changes what a file holds */
    int32_t sync_errno;      /* of fsync and fdatasync */
    int32_t dns;             /* CHAOS_HOST: 0 nobody knows, 1 is this machine */
    int32_t loaded;          /* set here, so that the harness sees that this library is at work */
    int32_t denied;          /* counted here: calls that were made to fail */
};

#define MOST_FDS 65536
#define MOST_FILES 64
#define MOST_SPANS 4096

struct span {
    off_t start, end;
};

/* A file below CHAOS_FILES, and what was written to it since its last sync. */
struct file {
    char path[PATH_MAX];
    off_t shortest; /* the shortest that it was since then, so that what was cut off does not come back */
    int whole;      /* everything is to be copied at the next sync */
    size_t spans;
    struct span span[MOST_SPANS];
};

static struct control *control;
static char files_dir[PATH_MAX], mirror_dir[PATH_MAX], host[256];
static struct file *files[MOST_FILES];
static _Atomic int file_of[MOST_FDS]; /* 0: none of ours; else its place in `files`, plus 1 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real_address(#name, &address_of_##name))
#define DECLARE(name) static void *address_of_##name

static void *real_address(const char *name, void **found)
{
    if (!*found)
        *found = dlsym(RTLD_NEXT, name);
    return *found;
}

DECLARE(open64);
DECLARE(openat64);
DECLARE(close);
DECLARE(write);
DECLARE(writev);
DECLARE(pwrite64);
DECLARE(pwritev64);
DECLARE(ftruncate64);
DECLARE(posix_fallocate64);
DECLARE(fallocate64);
DECLARE(fsync);
DECLARE(fdatasync);
DECLARE(unlink);
DECLARE(unlinkat);
DECLARE(rename);
DECLARE(renameat);
DECLARE(clock_gettime);
DECLARE(getaddrinfo);
DECLARE(statvfs64);
DECLARE(fstatvfs64);
DECLARE(dup);
DECLARE(dup2);

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("CHAOS_CONTROL");
    if (!name)
        return;
    int fd = REAL(open64)(name, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        abort();
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REAL(close)(fd);
    if (control == MAP_FAILED)
        abort();
    snprintf(files_dir, sizeof files_dir, "%s", getenv("CHAOS_FILES") ? getenv("CHAOS_FILES") : "");
    snprintf(mirror_dir, sizeof mirror_dir, "%s", getenv("CHAOS_MIRROR") ? getenv("CHAOS_MIRROR") : "");
    snprintf(host, sizeof host, "%s", getenv("CHAOS_HOST") ? getenv("CHAOS_HOST") : "");
    control->loaded = 1;
}

static int deny(int error)
{
    __atomic_add_fetch(&control->denied, 1, __ATOMIC_RELAXED);
    errno = error;
    return -1;
}

/* The absolute path of a name, if it is below CHAOS_FILES (or is it); the names of the relay hold no `..`. */
static int is_ours(int dir, const char *name, char *path)
{
    if (!control || !*files_dir)
        return 0;
    if (*name == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        char base[PATH_MAX], link[64];
        ssize_t length;
        if (dir == AT_FDCWD) {
            if (!getcwd(base, sizeof base))
                return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
            if ((length = readlink(link, base, sizeof base - 1)) < 0)
                return 0;
            base[length] = 0;
        }
        if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX)
            return 0;
    }
    size_t length = strlen(files_dir);
    return !strncmp(path, files_dir, length) && (!path[length] || path[length] == '/');
}

static struct file *file_at(int fd)
{
    int number = fd >= 0 && fd < MOST_FDS ? file_of[fd] : 0;
    return number ? files[number - 1] : NULL;
}

/* Where the copy of a file is; 0 if it has none. */
static int mirror_of(const char *path, char *mirror)
{
    size_t length = strlen(files_dir), end = strlen(path);
    if (!*mirror_dir || !path[length] || (end > 4 && !strcmp(path + end - 4, "-shm")))
        return 0;
    return snprintf(mirror, PATH_MAX, "%s%s", mirror_dir, path + length) < PATH_MAX;
}

static off_t size_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) ? 0 : status.st_size;
}

/* Remember an open file; the same path is the same file. */
static void track(int fd, const char *path, int truncated)
{
    if (fd < 0 || fd >= MOST_FDS)
        return;
    pthread_mutex_lock(&lock);
    int number = 0;
    while (number < MOST_FILES && files[number] && strcmp(files[number]->path, path))
        number++;
    if (number < MOST_FILES) {
        if (!files[number]) {
            files[number] = calloc(1, sizeof **files);
            snprintf(files[number]->path, PATH_MAX, "%s", path);
            files[number]->shortest = size_of(fd);
        }
        if (truncated)
            files[number]->shortest = 0;
        file_of[fd] = number + 1;
    }
    pthread_mutex_unlock(&lock);
}

/* A file of this path is no longer there, or is another one now. */
static void forget(const char *path, int whole)
{
    char mirror[PATH_MAX];
    pthread_mutex_lock(&lock);
    for (int number = 0; number < MOST_FILES && files[number]; number++)
        if (!strcmp(files[number]->path, path)) {
            files[number]->shortest = 0;
            files[number]->spans = 0;
            files[number]->whole = whole;
        }
    if (mirror_of(path, mirror))
        REAL(unlink)(mirror);
    pthread_mutex_unlock(&lock);
}

static void written(struct file *file, off_t start, off_t length)
{
    if (!*mirror_dir || length <= 0)
        return;
    pthread_mutex_lock(&lock);
    struct span *last = file->spans ? &file->span[file->spans - 1] : NULL;
    if (last && last->end == start)
        last->end = start + length;
    else if (file->spans < MOST_SPANS)
        file->span[file->spans++] = (struct span){start, start + length};
    else
        file->whole = 1;
    pthread_mutex_unlock(&lock);
}

static void copy_span(int from, int to, off_t start, off_t end)
{
    char buffer[65536];
    while (start < end) {
        size_t wanted = end - start < (off_t)sizeof buffer ? (size_t)(end - start) : sizeof buffer;
        ssize_t got = pread64(from, buffer, wanted, start);
        if (got <= 0 || REAL(pwrite64)(to, buffer, got, start) != got)
            return;
        start += got;
    }
}

/* What was written up to now would survive a power cut from here on. */
static void mirror_file(int fd, struct file *file)
{
    char path[PATH_MAX];
    if (!mirror_of(file->path, path))
        return;
    pthread_mutex_lock(&lock);
    int from = REAL(open64)(file->path, O_RDONLY | O_CLOEXEC);
    struct stat open_one, named_one;
    /* a file that was deleted or replaced under its name leaves nothing behind */
    if (from >= 0 && !fstat(from, &named_one) && !fstat(fd, &open_one) && named_one.st_ino == open_one.st_ino) {
        int to = REAL(open64)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (to >= 0) {
            off_t size = named_one.st_size;
            if (file->shortest < size_of(to))
                REAL(ftruncate64)(to, file->shortest);
            REAL(ftruncate64)(to, size);
            if (file->whole)
                copy_span(from, to, 0, size);
            for (size_t number = 0; number < file->spans; number++)
                copy_span(from, to, file->span[number].start, file->span[number].end);
            REAL(close)(to);
            file->shortest = size;
            file->whole = 0;
            file->spans = 0;
        }
    }
    if (from >= 0)
        REAL(close)(from);
    pthread_mutex_unlock(&lock);
}

/* Take room for a file that is to grow; gives the end up to which there is room. */
static off_t grow(int fd, off_t end)
{
    off_t size = size_of(fd), wanted = end - size;
    if (wanted <= 0)
        return end;
    int64_t room = __atomic_load_n(&control->free_bytes, __ATOMIC_SEQ_CST);
    while (room >= 0) {
        off_t taken = wanted < room ? wanted : room;
        if (__atomic_compare_exchange_n(
                &control->free_bytes, &room, room - taken, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return size + taken;
    }
    return end;
}

static void give_back(off_t bytes)
{
    if (bytes > 0 && __atomic_load_n(&control->free_bytes, __ATOMIC_SEQ_CST) >= 0)
        __atomic_add_fetch(&control->free_bytes, bytes, __ATOMIC_SEQ_CST);
}

/* How much of a write may be done: all, a part, or none with errno set. */
static ssize_t allowed(int fd, off_t start, size_t length)
{
    if (control->write_errno)
        return deny(control->write_errno);
    off_t end = grow(fd, start + (off_t)length);
    if (end <= start && length)
        return deny(ENOSPC);
    return end - start;
}

/* Opening and closing. */

static int open_ours(int dir, const char *name, int flags, mode_t mode)
{
    char path[PATH_MAX];
    int ours = is_ours(dir, name, path), writes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
    off_t cut = 0;
    struct stat before;
    int existed = ours && !stat(path, &before);
    if (ours && writes && control->change_errno)
        return deny(control->change_errno);
    if (existed && flags & O_TRUNC)
        cut = before.st_size;
    int fd = REAL(openat64)(dir, name, flags, mode);
    if (fd >= 0 && fd < MOST_FDS)
        file_of[fd] = 0;
    if (ours && fd >= 0) {
        give_back(cut);
        track(fd, path, !existed || flags & O_TRUNC);
    }
    return fd;
}

#define OPEN(name, parameters, dir)                                                                         \
    int name parameters                                                                                     \
    {                                                                                                       \
        mode_t mode = 0;                                                                                    \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                              \
            va_list rest;                                                                                   \
            va_start(rest, flags);                                                                          \
            mode = va_arg(rest, mode_t);                                                                    \
            va_end(rest);                                                                                   \
        }                                                                                                   \
        return open_ours(dir, path, flags, mode);                                                           \
    }

OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int dir, const char *path, int flags, ...), dir)
OPEN(openat64, (int dir, const char *path, int flags, ...), dir)

/* what a program that was built with _FORTIFY_SOURCE calls */
int __open_2(const char *path, int flags) { return open_ours(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_ours(AT_FDCWD, path, flags, 0); }
int __openat_2(int dir, const char *path, int flags) { return open_ours(dir, path, flags, 0); }
int __openat64_2(int dir, const char *path, int flags) { return open_ours(dir, path, flags, 0); }

int creat(const char *path, mode_t mode)
{
    return open_ours(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd)
{
    if (fd >= 0 && fd < MOST_FDS)
        file_of[fd] = 0;
    return REAL(close)(fd);
}

int dup(int fd)
{
    int copy = REAL(dup)(fd);
    if (copy >= 0 && copy < MOST_FDS && fd < MOST_FDS)
        file_of[copy] = file_of[fd];
    return copy;
}

int dup2(int fd, int copy)
{
    int done = REAL(dup2)(fd, copy);
    if (done >= 0 && done < MOST_FDS && fd < MOST_FDS)
        file_of[done] = file_of[fd];
    return done;
}

/* Writing. */

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t start)
{
    struct file *file = file_at(fd);
    if (!file)
        return REAL(pwrite64)(fd, data, length, start);
    ssize_t may = allowed(fd, start, length);
    if (may < 0)
        return -1;
    ssize_t done = REAL(pwrite64)(fd, data, may, start);
    written(file, start, done);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t start)
{
    return pwrite64(fd, data, length, start);
}

ssize_t write(int fd, const void *data, size_t length)
{
    struct file *file = file_at(fd);
    if (!file)
        return REAL(write)(fd, data, length);
    off_t start = fcntl(fd, F_GETFL) & O_APPEND ? size_of(fd) : lseek(fd, 0, SEEK_CUR);
    ssize_t may = allowed(fd, start, length);
    if (may < 0)
        return -1;
    ssize_t done = REAL(write)(fd, data, may);
    written(file, start, done);
    return done;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t start)
{
    if (!file_at(fd))
        return REAL(pwritev64)(fd, parts, count, start);
    ssize_t done = 0;
    for (int number = 0; number < count; number++) {
        ssize_t part = pwrite64(fd, parts[number].iov_base, parts[number].iov_len, start + done);
        if (part < 0)
            return done ? done : -1;
        done += part;
        if ((size_t)part < parts[number].iov_len)
            break;
    }
    return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t start)
{
    return pwritev64(fd, parts, count, start);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (!file_at(fd))
        return REAL(writev)(fd, parts, count);
    ssize_t done = 0;
    for (int number = 0; number < count; number++) {
        ssize_t part = write(fd, parts[number].iov_base, parts[number].iov_len);
        if (part < 0)
            return done ? done : -1;
        done += part;
        if ((size_t)part < parts[number].iov_len)
            break;
    }
    return done;
}

int ftruncate64(int fd, off64_t size)
{
    struct file *file = file_at(fd);
    if (!file)
        return REAL(ftruncate64)(fd, size);
    if (control->write_errno)
        return deny(control->write_errno);
    off_t before = size_of(fd);
    /* a file that only becomes longer takes no room until it is written, as on most file systems */
    int done = REAL(ftruncate64)(fd, size);
    if (!done) {
        give_back(before - size);
        pthread_mutex_lock(&lock);
        if (size < file->shortest)
            file->shortest = size;
        pthread_mutex_unlock(&lock);
    }
    return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fallocate64(int fd, int mode, off64_t start, off64_t length)
{
    struct file *file = file_at(fd);
    if (!file)
        return REAL(fallocate64)(fd, mode, start, length);
    if (control->write_errno)
        return deny(control->write_errno);
    if (grow(fd, start + length) < start + length)
        return deny(ENOSPC);
    int done = REAL(fallocate64)(fd, mode, start, length);
    if (!done)
        written(file, start, length);
    return done;
}

int fallocate(int fd, int mode, off_t start, off_t length) { return fallocate64(fd, mode, start, length); }

int posix_fallocate64(int fd, off64_t start, off64_t length)
{
    /* this one gives the error, and leaves errno alone */
    return file_at(fd) ? (fallocate64(fd, 0, start, length) ? errno : 0)
                       : REAL(posix_fallocate64)(fd, start, length);
}

int posix_fallocate(int fd, off_t start, off_t length) { return posix_fallocate64(fd, start, length); }

/* After a failed sync Linux takes what was to be written as written: no later sync will bring it to the disk
 * (https://www.usenix.org/conference/atc20/presentation/rebello). It is gone with the power. */
static int deny_sync(struct file *file)
{
    pthread_mutex_lock(&lock);
    file->spans = 0;
    file->whole = 0;
    pthread_mutex_unlock(&lock);
    return deny(control->sync_errno);
}

int fdatasync(int fd)
{
    struct file *file = file_at(fd);
    if (!file)
        return REAL(fdatasync)(fd);
    if (control->sync_errno)
        return deny_sync(file);
    int done = REAL(fdatasync)(fd);
    if (!done)
        mirror_file(fd, file);
    return done;
}

int fsync(int fd)
{
    struct file *file = file_at(fd);
    if (!file)
        return REAL(fsync)(fd);
    if (control->sync_errno)
        return deny_sync(file);
    int done = REAL(fsync)(fd);
    if (!done)
        mirror_file(fd, file);
    return done;
}

/* How much room there is, for who asks before writing. */

static int limited(int done, int ours, struct statvfs64 *room)
{
    int64_t left = ours ? __atomic_load_n(&control->free_bytes, __ATOMIC_SEQ_CST) : -1;
    if (!done && left >= 0)
        room->f_bavail = room->f_bfree = left / room->f_frsize;
    return done;
}

int statvfs64(const char *name, struct statvfs64 *room)
{
    char path[PATH_MAX];
    return limited(REAL(statvfs64)(name, room), is_ours(AT_FDCWD, name, path), room);
}

int fstatvfs64(int fd, struct statvfs64 *room)
{
    return limited(REAL(fstatvfs64)(fd, room), file_at(fd) != NULL, room);
}

/* the same structure, where there are only 64 bits */
int statvfs(const char *name, struct statvfs *room) { return statvfs64(name, (struct statvfs64 *)room); }
int fstatvfs(int fd, struct statvfs *room) { return fstatvfs64(fd, (struct statvfs64 *)room); }

/* Names. They are taken as durable at once. */

static int unlink_ours(int dir, const char *name, int flags)
{
    char path[PATH_MAX];
    struct stat before;
    if (!is_ours(dir, name, path))
        return REAL(unlinkat)(dir, name, flags);
    if (control->change_errno)
        return deny(control->change_errno);
    int existed = !stat(path, &before), done = REAL(unlinkat)(dir, name, flags);
    if (!done && existed) {
        give_back(before.st_size);
        forget(path, 0);
    }
    return done;
}

int unlink(const char *name) { return unlink_ours(AT_FDCWD, name, 0); }
int unlinkat(int dir, const char *name, int flags) { return unlink_ours(dir, name, flags); }

int renameat(int old_dir, const char *old_name, int new_dir, const char *new_name)
{
    char old_path[PATH_MAX], new_path[PATH_MAX], old_mirror[PATH_MAX], new_mirror[PATH_MAX];
    int old_ours = is_ours(old_dir, old_name, old_path), new_ours = is_ours(new_dir, new_name, new_path);
    if (!old_ours && !new_ours)
        return REAL(renameat)(old_dir, old_name, new_dir, new_name);
    if (control->change_errno)
        return deny(control->change_errno);
    int done = REAL(renameat)(old_dir, old_name, new_dir, new_name);
    if (!done) {
        if (old_ours && new_ours && mirror_of(old_path, old_mirror) && mirror_of(new_path, new_mirror))
            REAL(rename)(old_mirror, new_mirror);
        if (old_ours)
            forget(old_path, 0);
    }
    return done;
}

int rename(const char *old_name, const char *new_name)
{
    return renameat(AT_FDCWD, old_name, AT_FDCWD, new_name);
}

/* The wall clock. */

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int done = REAL(clock_gettime)(clock, now);
    if (!done && control && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t offset = control->clock_offset_ns;
        now->tv_sec += offset / 1000000000;
        now->tv_nsec += offset % 1000000000;
        if (now->tv_nsec < 0) {
            now->tv_nsec += 1000000000;
            now->tv_sec--;
        } else if (now->tv_nsec >= 1000000000) {
            now->tv_nsec -= 1000000000;
            now->tv_sec++;
        }
    }
    return done;
}

time_t time(time_t *result)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict result, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    result->tv_sec = now.tv_sec;
    result->tv_usec = now.tv_nsec / 1000;
    return 0;
}

/* Host names. CHAOS_HOST is never asked for outside of this machine. */

int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict result)
{
    if (!control || !*host || !node || strcmp(node, host))
        return REAL(getaddrinfo)(node, service, hints, result);
    if (control->dns == 0) {
        deny(0);
        return EAI_AGAIN;
    }
    return REAL(getaddrinfo)("127.0.0.1", service, hints, result);
}
