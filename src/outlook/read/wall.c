/*
 * The fence itself: what a process that reads hostile files may still do. seccomp(2) needs no
 * library and no privilege; where a kernel lacks it, limits and closed descriptors remain.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "outlook/read/fence.h"
#include "valise/base/mem.h"

#if defined(__x86_64__)
#define WALL_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define WALL_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define WALL_ARCH AUDIT_ARCH_RISCV64
#elif defined(__i386__)
#define WALL_ARCH AUDIT_ARCH_I386
#endif

#ifdef WALL_ARCH
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define CALL(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), ALLOW

/* Everything else fails as if it were not allowed: there is no file, no process, no network. */
static struct sock_filter filter[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, WALL_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
#ifdef __x86_64__ /* the numbers of x32 are other calls */
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
        CALL(read),
        CALL(pread64),
        CALL(write),
        CALL(writev),
        CALL(close),
        CALL(brk),
        CALL(mmap),
#ifdef __NR_mmap2
        CALL(mmap2),
#endif
        CALL(munmap),
        CALL(mremap),
        CALL(mprotect),
        CALL(madvise),
        CALL(futex),
        CALL(getrandom),
        CALL(clock_gettime),
        CALL(rt_sigreturn),
        CALL(rt_sigprocmask),
        CALL(exit),
        CALL(exit_group),
        CALL(getpid),
        CALL(gettid),
        CALL(sched_yield),
#if FENCE_SANITIZED /* what its reports take */
        CALL(sigaltstack),
        CALL(rt_sigaction),
        CALL(tgkill),
        CALL(getrlimit),
        CALL(prlimit64),
        CALL(nanosleep),
        CALL(clock_nanosleep),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
};

static void wall_off(void)
{
	const struct sock_fprog program = {.len = (unsigned short)COUNT(filter), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		(void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
#else
static void wall_off(void)
{
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
#endif

/* Octets of data that the process has now: the copy of its parent's. */
static uint64_t data_now(void)
{
	unsigned long long size = 0, data = 0;
	char text[256] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		(void)close(fd);
	if (n > 0 && sscanf(text, "%llu %*u %*u %*u %*u %llu", &size, &data) == 2)
		return (uint64_t)data * (uint64_t)sysconf(_SC_PAGESIZE);
	return 1u << 30;
}

static void limit(int what, rlim_t most)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)what, &now) != 0)
		return;
	if (now.rlim_max == RLIM_INFINITY || now.rlim_max > most)
		now.rlim_max = most;
	now.rlim_cur = now.rlim_max;
	(void)setrlimit((__rlimit_resource_t)what, &now);
}

/* All descriptors but two; the standard ones become empty. Sanitizers keep their output. */
static void close_others(const int fd[2])
{
	unsigned low = (unsigned)MIN(fd[0], fd[1]), high = (unsigned)MAX(fd[0], fd[1]);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < (FENCE_SANITIZED ? 2 : 3); i++)
		if (i != fd[0] && i != fd[1] && nothing >= 0)
			(void)dup2(nothing, i);
	if (syscall(__NR_close_range, high + 1, ~0u, 0) != 0) { /* before Linux 5.9 */
		long most = sysconf(_SC_OPEN_MAX);

		for (long i = 3; i < most; i++)
			if (i != fd[0] && i != fd[1])
				(void)close((int)i);
		return;
	}
	for (unsigned i = 3; i < high; i++)
		if (i != low)
			(void)close((int)i);
}

void fence_close(const int fd[2], const struct fence_limits *most, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CPU, (rlim_t)most->cpu_s);
	if (!FENCE_SANITIZED)
		limit(RLIMIT_DATA, (rlim_t)(data_now() + most->data));
	close_others(fd);
	limit(RLIMIT_NOFILE, 0);
	limit(RLIMIT_NPROC, 0);
	wall_off();
}
