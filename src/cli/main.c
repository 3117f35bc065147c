/* valise: the command table and main. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "valise/base/clock.h"
#include "valise/base/near.h"
#include "cli.h"
#include "commit.h"

extern const struct command backup_command, restore_command, verify_command, list_command,
        show_command, fetch_command, pack_command, unpack_command, salvage_command,
        snapshots_command, check_command, login_command, logout_command, setup_command,
        audit_command, dns_command, move_command, export_command, forget_command, diff_command,
        import_command, find_command;

const struct command *const commands[] = {
        &setup_command,
        &backup_command,
        &restore_command,
        &verify_command,
        &list_command,
        &find_command,
        &show_command,
        &snapshots_command,
        &import_command,
        &export_command,
        &diff_command,
        &forget_command,
        &check_command,
        &audit_command,
        &move_command,
        &login_command,
        &logout_command,
        &dns_command,
        &fetch_command,
        &pack_command,
        &unpack_command,
        &salvage_command,
        NULL,
};

static const struct command *command_of(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

static int unknown_command(const struct args *a, const char *name)
{
	struct nearest best = {0}, topic;

	for (const struct command *const *c = commands; *c; c++)
		nearest_weigh(&best, name, (*c)->name);
	topic = best;
	for (const struct help_topic *t = help_topics; t->name; t++)
		nearest_weigh(&topic, name, t->name);
	if (topic.word != best.word)
		return usage_error(a, "there is no command \"%s\"; do you mean \"help %s\"?", name,
		        topic.word);
	if (!best.word && name[0] == '-')
		return usage_error(a, "the command comes first, then its options: \"%.*s\" is none",
		        (int)strcspn(name, "="), name);
	return best.word ? usage_error(a, "there is no command \"%s\"; do you mean \"%s\"?", name,
	                           best.word)
	                 : usage_error(a, "there is no command \"%s\"", name);
}

static int run_help(const struct args *a, int argc, char **argv)
{
	const struct command *c;

	if (argc < 1)
		return help_all(stdout);
	if (!strcmp(argv[0], "help"))
		return help_all(stdout);
	c = command_of(argv[0]);
	if (c)
		return help_command(c, stdout);
	return help_topic(argv[0], stdout) ? EXIT_DONE : unknown_command(a, argv[0]);
}

/* What a report of a defect needs. */
static int tell_version(void)
{
	printf("valise %s%s%s%s\n", VALISE_VERSION, *VALISE_COMMIT ? " (" : "", VALISE_COMMIT,
	        *VALISE_COMMIT ? ")" : "");
	printf("built with %s\n", VALISE_LIBRARIES);
	return EXIT_DONE;
}

/*
 * Passwords are in memory: no core file, no attaching by other processes of the same
 * user.
 */
static void keep_private(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
#ifndef VALISE_FAULTS
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/*
 * Whoever closed a standard stream must not have our messages in the first file that is
 * opened.
 */
static void keep_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(EXIT_FAILED);
}

static int run_command(struct args *a, int argc, char **argv)
{

	if (argc < 2) {
		help_all(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return run_help(a, argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version") || !strcmp(argv[1], "-V"))
		return tell_version();
	if (!strcmp(argv[1], "completion") && argc > 2 &&
	        (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h")))
		return run_help(a, 1, argv + 1);
	if (!strcmp(argv[1], "completion"))
		return completion(a, argc - 2, argv + 2);
	a->cmd = command_of(argv[1]);
	if (!a->cmd)
		return unknown_command(a, argv[1]);
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return help_command(a->cmd, stdout);
	return run_words(a, argc - 2, argv + 2);
}

/* Also where the options are wrong, and so not parsed to their end. */
static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return environment_json();
}

/* Who reads our output may have enough of it ("| head"): that is no news to anybody. */
static bool is_reader_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && out.revents & (POLLERR | POLLHUP);
}

/* The exit code, if all was written that was to be. */
static int end_output(int rc)
{
	int why = fflush(stdout) != 0 ? errno : 0;

	if (!why && !ferror(stdout))
		return rc;
	/* an earlier write failed where there is no reason, which nobody kept */
	if (why != EPIPE && !is_reader_gone())
		talk("valise: standard output: %s", why ? strerror(why) : "not all was written");
	return rc == EXIT_DONE ? EXIT_FAILED : rc;
}

int main(int argc, char **argv)
{
	struct ending ending = {.started = clock_ms()};
	struct args a = {.ending = &ending};
	int rc;

	keep_streams();
	keep_private();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes (ulimit -f) is an error of a write */
	stop_install();
	rc = run_command(&a, argc, argv);
	end_tell(&ending, a.cmd, wants_json(argc, argv), rc);
	return end_output(rc);
}
