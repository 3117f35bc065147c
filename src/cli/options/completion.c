/* What the shells complete, made from the tables of commands and options. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "cli/cli.h"

#define USES "junk trash drafts sent archive all flagged important"

/* What may stand at a place: the value of an option, or an argument. */
enum what {
	WHAT_ANY,
	WHAT_WORDS,
	WHAT_LIST,
	WHAT_USES,
	WHAT_FILE,
	WHAT_DIR,
	WHAT_PROGRAM,
	WHAT_ACCOUNT
};

/* ${arg} as in an option's table and a synopsis: "FILE", "close|quit", "[ACCOUNT]". */
static enum what what_of(const char *arg)
{
	static const struct {
		const char *words;
		enum what what;
	} names[] = {{"FILE|PATH...", WHAT_FILE}, {"ARCHIVE|TREE|DIR", WHAT_DIR},
	        {"CMD", WHAT_PROGRAM}, {"ACCOUNT|[ACCOUNT]", WHAT_ACCOUNT}, {"LIST", WHAT_LIST},
	        {"USES", WHAT_USES}};

	for (size_t i = 0; i < COUNT(names); i++)
		if (text_place(arg, names[i].words) >= 0)
			return names[i].what;
	return strchr(arg, '|') ? WHAT_WORDS : WHAT_ANY;
}

/* The ${nth} argument of a command, from 0, into ${out}; false: there is none. */
static bool argument_of(const struct command *c, size_t nth, char out[32])
{
	for (const char *p = c->synopsis; *p && *p != '-';) {
		size_t n = strcspn(p, " ");

		if (nth-- == 0) {
			snprintf(out, 32, "%.*s", (int)n, p);
			return true;
		}
		p += n + (p[n] == ' ');
	}
	return false;
}

static void put_commands(FILE *f)
{
	for (const struct command *const *c = commands; *c; c++)
		fprintf(f, " %s", (*c)->name);
}

static void put_topics(FILE *f)
{
	for (const struct help_topic *t = help_topics; t->name; t++)
		fprintf(f, " %s", t->name);
}

static void put_spaced(const char *words, FILE *f)
{
	for (; *words; words++)
		fputc(*words == '|' ? ' ' : *words, f);
}

/* ---- bash ---- */

static void bash_name(void *ctx, const struct option_def *d)
{
	fprintf(ctx, " --%s", d->name);
	if (d->letter)
		fprintf(ctx, " -%c", d->letter);
}

static void bash_what(enum what what, const char *arg, FILE *f)
{
	static const char *const how[] = {[WHAT_LIST] = "list mail calendars contacts",
	        [WHAT_USES] = "list " USES,
	        [WHAT_FILE] = "file",
	        [WHAT_DIR] = "dir",
	        [WHAT_PROGRAM] = "program",
	        [WHAT_ACCOUNT] = "account"};

	if (what == WHAT_WORDS) {
		fputs("words ", f);
		put_spaced(arg, f);
	} else {
		fputs(how[what] ? how[what] : "any", f);
	}
}

struct per_command {
	const struct command *c;
	FILE *f;
};

/* What follows an option that must have a value. */
static void bash_value(void *ctx, const struct option_def *d)
{
	struct per_command *p = ctx;

	if (!d->arg || d->arg[0] == '[')
		return;
	fprintf(p->f, "\t'%s --%s'", p->c->name, d->name);
	if (d->letter)
		fprintf(p->f, "|'%s -%c'", p->c->name, d->letter);
	fputs(") echo '", p->f);
	bash_what(what_of(d->arg), d->arg, p->f);
	fputs("' ;;\n", p->f);
}

static void bash_arguments(const struct command *c, FILE *f)
{
	char arg[32];

	for (size_t i = 0; i < c->max_pos && argument_of(c, i, arg); i++) {
		if (text_ends_with(arg, "...")) /* and all that follow */
			fprintf(f, "\t'%s '[0-9]*) echo '", c->name);
		else
			fprintf(f, "\t'%s %zu') echo '", c->name, i);
		bash_what(what_of(arg), arg, f);
		fputs("' ;;\n", f);
	}
}

/* The functions behind its tables, up to the list of commands. */
static const char bash_words[] =
        "' ;;\n\tcompletion\\ 0) echo 'words bash zsh fish accounts' ;;\n\tesac\n}\n"
        "_valise_words() {\n"
        "\tlocal IFS=$'\\n'\n"
        "\tCOMPREPLY=($(compgen -W \"$1\" -- \"$2\"))\n"
        "}\n"
        "_valise() {\n"
        "\tlocal cur=$2 line=(\"${COMP_WORDS[@]:0:COMP_CWORD}\") i n=0 what config=()\n"
        "\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
        "\t\t_valise_words \"$(printf '%s\\n'";

/* What goes on behind that list: which words fit at the cursor. */
static const char bash_rest[] =
        " help completion --help --version)\" \"$cur\"\n"
        "\t\treturn\n"
        "\tfi\n"
        "\tlocal command=${line[1]} last=${line[COMP_CWORD - 1]}\n"
        "\t# --option=VALUE comes as three words\n"
        "\t[ \"$cur\" = '=' ] && cur=\n"
        "\t[ \"$last\" = '=' ] && last=${line[COMP_CWORD - 2]}\n"
        "\tcase $last in\n"
        "\t-*) what=$(_valise_what \"$command $last\") ;;\n"
        "\tesac\n"
        "\tif [ -z \"$what\" ] && [ \"${cur:0:1}\" = - ]; then\n"
        "\t\t_valise_words \"$(printf '%s\\n' $(_valise_options \"$command\"))\" \"$cur\"\n"
        "\t\treturn\n"
        "\tfi\n"
        "\tif [ -z \"$what\" ]; then\n"
        "\t\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
        "\t\t\tcase ${line[i]} in\n"
        "\t\t\t-*) [ -z \"$(_valise_what \"$command ${line[i]}\")\" ] || ((i++)) ;;\n"
        "\t\t\t*) ((n++)) ;;\n"
        "\t\t\tesac\n"
        "\t\tdone\n"
        "\t\twhat=$(_valise_what \"$command $n\")\n"
        "\tfi\n"
        "\tfor ((i = 2; i + 1 < ${#line[@]}; i++)); do\n"
        "\t\t[ \"${line[i]}\" != --config ] || config=(--config \"${line[i + 1]}\")\n"
        "\tdone\n"
        "\tcase $what in\n"
        "\twords\\ *) _valise_words \"$(printf '%s\\n' ${what#words })\" \"$cur\" ;;\n"
        "\tlist\\ *)\n"
        "\t\tlocal before=\n"
        "\t\tcase $cur in *,*) before=${cur%,*}, ;; esac\n"
        "\t\t_valise_words \"$(printf \"$before%s\\n\" ${what#list })\" \"$cur\"\n"
        "\t\t;;\n"
        "\t# names with blanks are quoted as file names are\n"
        "\taccount)\n"
        "\t\tcompopt -o filenames 2>/dev/null\n"
        "\t\t_valise_words \"$(\"${line[0]}\" completion accounts \"${config[@]}\" "
        "2>/dev/null)\" \"$cur\"\n"
        "\t\t;;\n"
        "\tfile) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
        "\tdir) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$cur\")) ;;\n"
        "\tprogram) COMPREPLY=($(compgen -c -- \"$cur\")) ;;\n"
        "\tesac\n"
        "}\n"
        "complete -F _valise valise\n";

static void put_bash(FILE *f)
{
	fputs("# bash completion for valise, printed by: valise completion bash\n"
	      "_valise_options() {\n\tcase $1 in\n",
	        f);
	for (const struct command *const *c = commands; *c; c++) {
		fprintf(f, "\t%s) echo '", (*c)->name);
		args_each(*c, bash_name, f);
		fputs("' ;;\n", f);
	}
	fputs("\tesac\n}\n# what follows COMMAND OPTION, or is argument N of COMMAND\n"
	      "_valise_what() {\n\tcase $1 in\n",
	        f);
	for (const struct command *const *c = commands; *c; c++) {
		args_each(*c, bash_value, &(struct per_command){*c, f});
		bash_arguments(*c, f);
	}
	fputs("\thelp\\ 0) echo 'words", f);
	put_commands(f);
	put_topics(f);
	fputs(bash_words, f);
	put_commands(f);
	fputs(bash_rest, f);
}

/* ---- zsh ---- */

/* Inside '...[...]:...': quotes, brackets and colons have a meaning. */
static void zsh_text(const char *text, FILE *f)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", f);
		else if (strchr("[]:\\", *text))
			fputc('\\', f);
		fputc(*text, f);
	}
}

static void zsh_what(enum what what, const char *arg, FILE *f)
{
	static const char *const how[] = {[WHAT_ANY] = " ",
	        [WHAT_LIST] = "_values -s , kind mail calendars contacts",
	        [WHAT_USES] = "_values -s , use " USES,
	        [WHAT_FILE] = "_files",
	        [WHAT_DIR] = "_files -/",
	        [WHAT_PROGRAM] = "_command_names",
	        [WHAT_ACCOUNT] = "_valise_accounts"};

	if (what == WHAT_WORDS) {
		fputc('(', f);
		put_spaced(arg, f);
		fputc(')', f);
	} else {
		fputs(how[what], f);
	}
}

static void zsh_option(void *ctx, const struct option_def *d)
{
	FILE *f = ctx;
	bool optional = d->arg && d->arg[0] == '[';

	fputs("\t\t\t'*", f);
	if (d->letter)
		fprintf(f, "'{-%c%s,--%s%s}'", d->letter, d->arg ? "+" : "", d->name,
		        d->arg ? "=" : "");
	else
		fprintf(f, "--%s%s", d->name, optional ? "=-" : d->arg ? "=" : "");
	fputc('[', f);
	zsh_text(d->help, f);
	fputc(']', f);
	if (d->arg) {
		fputs(optional ? "::" : ":", f);
		zsh_text(optional ? "value" : strchr(d->arg, '|') ? "which" : d->arg, f);
		fputc(':', f);
		zsh_what(optional ? WHAT_ANY : what_of(d->arg), d->arg, f);
	}
	fputs("' \\\n", f);
}

static void put_zsh(FILE *f)
{
	char arg[32];

	fputs("#compdef valise\n# zsh completion for valise, printed by: valise completion zsh\n"
	      "_valise_accounts() {\n"
	      "\tlocal -a config=(${opt_args[--config]:+--config} ${opt_args[--config]})\n"
	      "\tlocal -a names=(\"${(@f)$(valise completion accounts $config 2>/dev/null)}\")\n"
	      "\tcompadd -a names\n"
	      "}\n"
	      "_valise() {\n\tlocal -a commands=(\n",
	        f);
	for (const struct command *const *c = commands; *c; c++) {
		fprintf(f, "\t\t'%s:", (*c)->name);
		zsh_text((*c)->summary, f);
		fputs("'\n", f);
	}
	fputs("\t\t'help:say more of a command or a topic'\n"
	      "\t\t'completion:print what a shell completes'\n\t)\n"
	      "\tif ((CURRENT == 2)); then\n"
	      "\t\t_describe command commands\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tshift words\n\t((CURRENT--))\n\tlocal -A opt_args\n\tcase $words[1] in\n",
	        f);
	for (const struct command *const *c = commands; *c; c++) {
		fprintf(f, "\t%s)\n\t\t_arguments -s \\\n", (*c)->name);
		args_each(*c, zsh_option, f);
		for (size_t i = 0; i < (*c)->max_pos && argument_of(*c, i, arg); i++) {
			if (text_ends_with(arg, "..."))
				fputs("\t\t\t'*:", f);
			else
				fprintf(f, "\t\t\t'%zu:", i + 1);
			zsh_text(arg, f);
			fputc(':', f);
			zsh_what(what_of(arg), arg, f);
			fputs("' \\\n", f);
		}
		fputs("\t\t\t&& return\n\t\t;;\n", f);
	}
	fputs("\thelp) compadd", f);
	put_commands(f);
	put_topics(f);
	fputs(" ;;\n\tcompletion) compadd bash zsh fish accounts ;;\n\tesac\n}\n_valise \"$@\"\n",
	        f);
}

/* ---- fish ---- */

static void fish_text(const char *text, FILE *f)
{
	fputc('\'', f);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
	fputc('\'', f);
}

static void fish_what(enum what what, const char *arg, FILE *f)
{
	static const char *const how[] = {[WHAT_LIST] = "(__fish_append , mail calendars contacts)",
	        [WHAT_USES] = "(__fish_append , " USES ")",
	        [WHAT_DIR] = "(__fish_complete_directories)",
	        [WHAT_PROGRAM] = "(__fish_complete_command)",
	        [WHAT_ACCOUNT] = "(valise completion accounts 2>/dev/null)"};

	if (what == WHAT_WORDS) {
		fputs(" -a '", f);
		put_spaced(arg, f);
		fputc('\'', f);
	} else if (what == WHAT_FILE) {
		fputs(" -F", f);
	} else if (how[what]) {
		fprintf(f, " -a '%s'", how[what]);
	}
}

static void fish_option(void *ctx, const struct option_def *d)
{
	struct per_command *p = ctx;

	fprintf(p->f, "complete -c valise -n '__fish_seen_subcommand_from %s' -l %s", p->c->name,
	        d->name);
	if (d->letter)
		fprintf(p->f, " -s %c", d->letter);
	if (d->arg && d->arg[0] != '[') {
		fputs(what_of(d->arg) == WHAT_FILE ? " -r" : " -x", p->f);
		fish_what(what_of(d->arg), d->arg, p->f);
	}
	fputs(" -d ", p->f);
	fish_text(d->help, p->f);
	fputc('\n', p->f);
}

static void put_fish(FILE *f)
{
	char arg[32];

	fputs("# fish completion for valise, printed by: valise completion fish\n"
	      "complete -c valise -f\n",
	        f);
	for (const struct command *const *c = commands; *c; c++) {
		fprintf(f, "complete -c valise -n __fish_use_subcommand -a %s -d ", (*c)->name);
		fish_text((*c)->summary, f);
		fputc('\n', f);
		args_each(*c, fish_option, &(struct per_command){*c, f});
		for (size_t i = 0; i < (*c)->max_pos && argument_of(*c, i, arg); i++) {
			if (what_of(arg) == WHAT_ANY)
				continue;
			fprintf(f, "complete -c valise -n '__fish_seen_subcommand_from %s'",
			        (*c)->name);
			fish_what(what_of(arg), arg, f);
			fputc('\n', f);
		}
	}
	fputs("complete -c valise -n __fish_use_subcommand -a help -d 'say more of a command or "
	      "a topic'\n"
	      "complete -c valise -n '__fish_seen_subcommand_from help' -a '",
	        f);
	put_commands(f);
	put_topics(f);
	fputs("'\ncomplete -c valise -n __fish_use_subcommand -a completion -d 'print what a shell "
	      "completes'\n"
	      "complete -c valise -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish "
	      "accounts'\n",
	        f);
}

/* ---- */

static int put_accounts(struct args *a, const char *config)
{
	char *path = config ? xstrdup(config) : account_default_path();
	struct accounts *list = NULL;
	struct err err = {0};
	int rc = path ? accounts_open(path, &list, &err) : ERR_NOTFOUND;

	free(path);
	if (rc == ERR_NOTFOUND)
		return EXIT_DONE;
	if (rc < 0)
		return usage_error(a, "%s", err.text);
	for (size_t i = 0; i < accounts_count(list); i++)
		if (!strchr(accounts_name(list, i), '\n'))
			puts(accounts_name(list, i));
	accounts_close(list);
	return EXIT_DONE;
}

int completion(struct args *a, int argc, char **argv)
{
	static void (*const put[])(FILE * f) = {put_bash, put_zsh, put_fish};
	int place = argc > 0 ? text_place(argv[0], "bash|zsh|fish") : -1;
	const char *config = getenv("VALISE_CONFIG");

	if (place >= 0 && argc == 1) {
		put[place](stdout);
		return EXIT_DONE;
	}
	if (argc == 3 && strcmp(argv[1], "--config") == 0)
		config = argv[2];
	if (argc > 0 && strcmp(argv[0], "accounts") == 0 && (argc == 1 || argc == 3))
		return put_accounts(a, config);
	return usage_error(a, "completion takes bash, zsh, fish or accounts");
}
