/* What folders are for, and how Outlook calls its own. */
#include <string.h>
#include <strings.h>
#include "map.h"
#include "valise/base/buf.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"

static const struct {
	const char *name, *word;
	/* English, German, French, Spanish, Italian, Portuguese, Dutch, Polish */
	const char *const *called;
} classes[] = {
        [FOLDER_NOTE] = {"IPF.Note", "mail", NULL},
        [FOLDER_APPOINTMENT] = {"IPF.Appointment", "calendar",
                (const char *const[]){"Calendar", "Kalender", "Calendrier", "Calendario",
                        "Calendário", "Agenda", "Kalendarz", NULL}},
        [FOLDER_TASK] = {"IPF.Task", "tasks",
                (const char *const[]){"Tasks", "Aufgaben", "Tâches", "Tareas", "Attività",
                        "Tarefas", "Taken", "Zadania", NULL}},
        [FOLDER_STICKY_NOTE] = {"IPF.StickyNote", "notes",
                (const char *const[]){"Notes", "Notizen", "Notas", "Note", "Anotações", "Notities",
                        "Notatki", NULL}},
        [FOLDER_JOURNAL] = {"IPF.Journal", "journal",
                (const char *const[]){"Journal", "Diario", "Diário", "Logboek", "Dziennik", NULL}},
        [FOLDER_CONTACT] = {"IPF.Contact", "contacts",
                (const char *const[]){"Contacts", "Kontakte", "Contactos", "Contatti", "Contatos",
                        "Contactpersonen", "Kontakty", NULL}},
};

const char *folder_class_name(enum folder_class c)
{
	return classes[c].name;
}

const char *folder_class_word(enum folder_class c)
{
	return classes[c].word;
}

/* Whole components of ${class}, any case. */
static bool begins(const char *text, const char *class)
{
	size_t n = strlen(class);

	return strncasecmp(text, class, n) == 0 && (!text[n] || text[n] == '.');
}

enum folder_class folder_class_of(const char *container_class)
{
	for (unsigned c = 0; container_class && c < COUNT(classes); c++)
		if (begins(container_class, classes[c].name))
			return (enum folder_class)c;
	return FOLDER_NOTE;
}

enum folder_class folder_class_for(const char *message_class)
{
	static const struct {
		const char *class;
		enum folder_class folder;
	} items[] = {
	        {"IPM.Appointment", FOLDER_APPOINTMENT},
	        {"IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}", FOLDER_APPOINTMENT},
	        {"IPM.Task", FOLDER_TASK},
	        {"IPM.StickyNote", FOLDER_STICKY_NOTE},
	        {"IPM.Activity", FOLDER_JOURNAL},
	        {"IPM.Contact", FOLDER_CONTACT},
	        {"IPM.DistList", FOLDER_CONTACT},
	        {"IPM.AbchPerson", FOLDER_CONTACT},
	};

	for (size_t i = 0; message_class && i < COUNT(items); i++)
		if (begins(message_class, items[i].class))
			return items[i].folder;
	return FOLDER_NOTE;
}

bool folder_is_default_name(enum folder_class c, const char *name)
{
	struct buf mine = buf_of(SIZE_MAX), other = buf_of(SIZE_MAX);
	bool is = false;

	path_fold(name, &mine);
	for (const char *const *p = classes[c].called; p && *p && !is; p++) {
		buf_reset(&other);
		path_fold(*p, &other);
		is = strcmp(buf_str(&mine), buf_str(&other)) == 0;
	}
	buf_clear(&mine);
	buf_clear(&other);
	return is;
}
