/* valise help TOPIC: what is no matter of a single command. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "cli/cli.h"

const struct help_topic help_topics[] = {
        {"accounts", "where accounts stand, and how one is named",
                "An account is named by a section of ~/.config/valise/accounts.ini (--config FILE\n"
                "names another), or by options:\n"
                "\n"
                "  valise backup --imap imaps://mail.old.example --user alice@old.example\n"
                "\n"
                "  [old]\n"
                "  imap = imaps://mail.old.example\n"
                "  caldav = https://dav.old.example\n"
                "  user = alice@old.example\n"
                "  password-command = pass mail/alice\n"
                "\n"
                "valise backup old takes it then. Options win over the file. Each key may be for\n"
                "one service alone (imap-user). man 5 valise-accounts has all of it.\n"},
        {"archive", "what an archive is, and how it is opened without valise",
                "An archive is a directory. Each backup that finds something new adds a snapshot,\n"
                "data/000001, data/000002 ...; what was sealed is never touched again. Without\n"
                "valise, from inside the directory, for snapshot 1:\n"
                "\n"
                "  sha256sum --strict -c data/000001/seal.sha256\n"
                "\n"
                "checks every byte of it, and README.txt there says how tar opens it.\n"
                "man 5 valise-archive and FORMAT.txt in each archive have the format.\n"},
        {"completion", "words completed by bash, zsh and fish",
                "valise completion bash|zsh|fish prints the completion for that shell, made from\n"
                "the same tables as the help. A package installs it; by hand:\n"
                "\n"
                "  valise completion bash > ~/.local/share/bash-completion/completions/valise\n"
                "  valise completion zsh > ~/.zfunc/_valise        (a directory of $fpath)\n"
                "  valise completion fish > ~/.config/fish/completions/valise.fish\n"
                "\n"
                "valise completion accounts prints the accounts of accounts.ini, a line each.\n"},
        {"environment", "VALISE_ variables", NULL},
        {"exit-codes", "what the exit codes mean",
                "  0    all done\n"
                "  1    failed, or the archive is damaged\n"
                "  2    usage: nothing was done\n"
                "  3    done but incomplete: what is missing, refused or altered is named\n"
                "  10   there is no archive at that path\n"
                "  11   another run is at work on it\n"
                "  12   the server refused the sign-in\n"
                "  130  interrupted; the next run goes on from there\n"
                "\n"
                "With --accounts: 1 if any account failed, else 3 if any is incomplete.\n"},
        {"json", "events and listings for programs",
                "With --json standard output has one JSON object a line; people's text stays on\n"
                "standard error. Every command but a listing ends with one event \"done\", or\n"
                "\"failed\" after an error:\n"
                "\n"
                "  {\"event\":\"failed\",\"command\":\"backup\",\"exit\":12,\"code\":\"sign-in\",\n"
                "   \"text\":\"...\"}\n"
                "\n"
                "--progress adds an event a second. JSON.md has every event and listing,\n"
                "valise.schema.json the same for a validator.\n"},
        {"labels", "what becomes of Gmail's labels",
                "Gmail shows a message in a mailbox for each of its labels. It is stored once. On\n"
                "a server without labels restore --labels chooses:\n"
                "\n"
                "  folders   a copy in each mailbox (the default)\n"
                "  keywords  one copy; its labels become keywords\n"
                "  first     one copy, in the first of INBOX, Drafts, Sent, others by name\n"
                "\n"
                "On a Gmail the labels are set again. RESTORE.md says more.\n"},
        {"marks", "what the words behind a line of valise list mean",
                "Of a collection:\n"
                "\n"
                "  items are missing    the server did not give them: a MISSING line names each\n"
                "  gone                 kept, though the server shows them no longer\n"
                "  older state          not read last time, for the reason that follows\n"
                "\n"
                "Of an item, in brackets:\n"
                "\n"
                "  date     when it arrived is not known from the server: its own header's date\n"
                "  exact    fetched by a request of its own: the very octets of the server\n"
                "  lines    line ends were made CRLF, as an answer with many items loses them\n"
                "  nul      it holds the octet NUL, which mail may not\n"
                "  rescued  the server refused to give it whole, and it was fetched otherwise\n"
                "  size     the server announced another size than it gave\n"
                "  gone     kept, though the server shows it no longer\n"
                "\n"
                "A table on a terminal leaves exact and lines out.\n"},
        {"passwords", "where passwords come from, and where they never go",
                "A password is asked for on the terminal, or comes from --password-command (sh\n"
                "-c, the first line of its output) or --password-fd; in accounts.ini a file that\n"
                "nobody else can read may have it. It is never taken from an option's value or\n"
                "the environment, which others can read, and what a server repeats of it is\n"
                "masked in all that is printed, reported and kept.\n"},
        {"patterns", "names that --include, --folder and --exclude choose",
                "A pattern is matched with the whole name of a mailbox, calendar or address book:\n"
                "* is any text, ? one character, \\* \\? \\\\ are these characters, all else is\n"
                "itself ([Gmail]/* is a name). INBOX is meant in any case. --include takes what\n"
                "is below, too; what is excluded is left out even if it is included. A pattern\n"
                "that nothing is called by ends the command before anything is done (exit code\n"
                "2).\n"
                "\n"
                "--exclude-use junk,trash leaves out mailboxes by what they are for, whatever\n"
                "they are called: as the server says, else by the names of many languages.\n"},
        {"select", "which items are meant: dates, senders, sizes and so on",
                "The same words mean the same for every command that has them. An item is meant\n"
                "if each option says so; of an option that is repeated, one is enough.\n"
                "\n"
                "  --folder, --include, --exclude, --exclude-use   valise help patterns\n"
                "  --only LIST       mail,calendars,contacts\n"
                "  --since WHEN      from this day on: 2024-01-31, 2024-01, 2024; or an age: 30d,\n"
                "                    6w, 18m, 2y (months and years by the calendar)\n"
                "  --until WHEN      this day and before: --since 2023 --until 2023 is that year\n"
                "  --larger BYTES, --smaller BYTES   500K, 20M; that size itself is neither\n"
                "  --flagged, --unseen               messages with \\Flagged, without \\Seen\n"
                "  --from TEXT       in the sender, the organizer, the addresses of a card\n"
                "  --to TEXT         in To or Cc of a message\n"
                "  --subject TEXT    in the subject, the title of an event, the name on a card\n"
                "  --text WORDS      all of these words, anywhere in it: valise help find\n"
                "  --item FOLDER/UID this one (calendars/Work/dinner.ics)\n"
                "\n"
                "Texts are looked for as parts of what is shown, whatever the case and accents.\n"
                "The date of a message is when it arrived (INTERNALDATE), the day as it stands\n"
                "there, whatever the zone of this machine. An event counts from its start to its\n"
                "end; one that recurs goes on until the day that its rule names, else for ever.\n"
                "Contacts, and tasks without a date, are left out by no date: --only mail does\n"
                "that. Flags and recipients has mail alone: --flagged, --unseen and --to leave\n"
                "calendars and contacts out.\n"},
        {NULL, NULL, NULL},
};

struct seen {
	const char *names[ARGS_MAX];
	size_t n;
	FILE *f;
};

static void put_variable(void *ctx, const struct option_def *d)
{
	struct seen *s = ctx;
	char *name;

	if (!environment_has(d->name) || s->n == ARGS_MAX)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->names[i], d->name) == 0)
			return;
	s->names[s->n++] = d->name;
	name = environment_name(d->name);
	fprintf(s->f, "  %-24s --%s%s%s\n", name, d->name, d->arg ? " " : "", d->arg ? d->arg : "");
	free(name);
}

static void put_variables(FILE *f)
{
	struct seen s = {.f = f};

	fputs("An option may stand in the environment, as VALISE_ and its name. The command line\n"
	      "wins over it, it wins over accounts.ini, and a command without the option passes\n"
	      "it over. A flag is 1 or 0. Not taken from there: whose account it is and how to\n"
	      "sign in, passwords, and what agrees to something.\n\n",
	        f);
	for (const struct command *const *c = commands; *c; c++)
		args_each(*c, put_variable, &s);
	fputs("\n"
	      "XDG_CONFIG_HOME, XDG_STATE_HOME: where accounts.ini and the restore journals are.\n"
	      "NO_COLOR: no colours.\n",
	        f);
}

/* "exit codes" is as good as "exit-codes". */
bool help_topic(const char *name, FILE *f)
{
	for (const struct help_topic *t = help_topics; t->name; t++) {
		size_t n = strcspn(t->name, "-");

		if (strncmp(t->name, name, n) != 0 ||
		        (strcmp(t->name + n, name + n) != 0 && name[n] && name[n] != ' '))
			continue;
		fprintf(f, "%s: %s\n\n", t->name, t->summary);
		if (t->text)
			fputs(t->text, f);
		else
			put_variables(f);
		return true;
	}
	return false;
}
