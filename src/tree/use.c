/* The names that mailboxes have by custom. */
#include "valise/tree/use.h"
#include <stdio.h>
#include <string.h>
#include "valise/base/buf.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/model.h"

enum { FOLD_CAP = 4096 };

static const char sent[] = "\\Sent", drafts[] = "\\Drafts", trash[] = "\\Trash", junk[] = "\\Junk",
                  archive[] = "\\Archive";

/*
 * English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian, Swedish,
 * Danish, Norwegian, Finnish, Czech, Turkish, Japanese, Chinese, Korean, in this order; a
 * name stands once. Names that are another word without their accents are left out (Kos
 * is an island).
 */
static const struct {
	const char *use;
	const char *const *names;
} customs[] = {
        {sent, (const char *const[]){"Sent", "Sent Items", "Sent Messages", "Sent Mail",
                       "Sent-Mail", "Gesendet", "Gesendete Objekte", "Gesendete Elemente",
                       "Gesendete Nachrichten", "Éléments envoyés", "Messages envoyés", "Envoyés",
                       "Objets envoyés", "Enviados", "Elementos enviados", "Mensajes enviados",
                       "Correo enviado", "Posta inviata", "Inviata", "Inviati", "Messaggi inviati",
                       "Elementi inviati", "Itens enviados", "Enviadas", "Mensagens enviadas",
                       "E-mails enviados", "Verzonden", "Verzonden items", "Verzonden berichten",
                       "Wysłane", "Elementy wysłane", "Отправленные", "Skickat", "Skickade",
                       "Skickade objekt", "Sendt", "Sendt post", "Sendte elementer", "Lähetetyt",
                       "Lähetetyt viestit", "Lähetetyt kohteet", "Odeslané", "Odeslaná pošta",
                       "Gönderilmiş", "Gönderilmiş Öğeler", "Gönderilmiş Postalar", "Gönderilenler",
                       "送信済み", "送信済みアイテム", "送信済みメール", "送信済みトレイ", "已发送",
                       "已发送邮件", "已发送项目", "寄件備份", "已傳送郵件", "보낸 편지함",
                       "보낸편지함", "보낸 메일함", "보낸메일함", NULL}},
        {drafts, (const char *const[]){"Drafts", "Draft", "Entwürfe", "Brouillons", "Borradores",
                         "Bozze", "Rascunhos", "Concepten", "Kopie robocze", "Wersje robocze",
                         "Szkice", "Черновики", "Utkast", "Kladder", "Udkast", "Kladd",
                         "Luonnokset", "Koncepty", "Rozepsané", "Taslaklar", "下書き", "草稿",
                         "草稿箱", "임시 보관함", "임시보관함", NULL}},
        {trash, (const char *const[]){"Trash", "Deleted Items", "Deleted Messages", "Papierkorb",
                        "Gelöscht", "Gelöschte Objekte", "Gelöschte Elemente",
                        "Gelöschte Nachrichten", "Corbeille", "Éléments supprimés",
                        "Messages supprimés", "Papelera", "Elementos eliminados", "Cestino",
                        "Posta eliminata", "Elementi eliminati", "Lixeira", "Lixo",
                        "Itens excluídos", "Itens eliminados", "Prullenbak", "Prullenmand",
                        "Verwijderde items", "Kosz", "Elementy usunięte", "Корзина", "Удаленные",
                        "Papperskorgen", "Borttaget", "Borttagna objekt", "Papirkurv",
                        "Papirkurven", "Slettet post", "Slettede elementer", "Roskakori",
                        "Poistetut", "Poistetut kohteet", "Odstraněná pošta", "Çöp Kutusu",
                        "Silinmiş Öğeler", "ゴミ箱", "ごみ箱", "削除済みアイテム", "已删除",
                        "已删除邮件", "已删除项目", "刪除的郵件", "휴지통", "지운 편지함", NULL}},
        {junk, (const char *const[]){"Junk", "Spam", "Junk E-mail", "Junk Email", "Junk Mail",
                       "Bulk Mail", "Spamverdacht", "Courrier indésirable", "Indésirables",
                       "Pourriel", "Correo no deseado", "Correo basura", "Posta indesiderata",
                       "Lixo eletrônico", "Ongewenste e-mail", "Ongewenste mail",
                       "Wiadomości-śmieci", "Нежелательная почта", "Спам", "Skräppost",
                       "Uønsket e-mail", "Uønsket mail", "Søppelpost", "Uønsket e-post",
                       "Roskaposti", "Nevyžádaná pošta", "Önemsiz", "Önemsiz E-posta",
                       "Gereksiz E-posta", "迷惑メール", "垃圾邮件", "垃圾郵件", "스팸",
                       "스팸 메일함", "스팸메일함", "정크 메일", NULL}},
        {archive, (const char *const[]){"Archive", "Archives", "Archiv", "Archivo", "Archivio",
                          "Arquivo", "Archief", "Archiwum", "Архив", "Arkiv", "Arkisto", "Arşiv",
                          "アーカイブ", "存档", "归档", "封存", "보관함", NULL}},
};

enum { N_USES = COUNT(customs) };

const char *use_announced(const char *uses)
{
	for (size_t i = 0; i < N_USES; i++)
		if (text_has_word(uses, customs[i].use, strlen(customs[i].use)))
			return customs[i].use;
	return NULL;
}

const char *use_view(const char *uses)
{
	static const char *const views[] = {"\\All", "\\Important", "\\Flagged"};

	for (size_t i = 0; i < COUNT(views); i++)
		if (text_has_word(uses, views[i], strlen(views[i])))
			return views[i];
	return NULL;
}

static bool is_folded(const char *name, const char *folded, struct buf *scratch)
{
	buf_reset(scratch);
	path_fold(name, scratch);
	return strcmp(buf_str(scratch), folded) == 0;
}

static const char *use_of_folded(const char *folded, struct buf *scratch)
{
	for (size_t i = 0; i < N_USES; i++)
		for (const char *const *n = customs[i].names; *n; n++)
			if (is_folded(*n, folded, scratch))
				return customs[i].use;
	return NULL;
}

const char *use_by_name(const char *content)
{
	static const char *const tops[] = {"INBOX/", "[Gmail]/", "[Google Mail]/"};
	const char *use = NULL;
	struct buf folded = buf_of(FOLD_CAP), scratch = buf_of(FOLD_CAP);

	for (size_t i = 0; i < COUNT(tops); i++)
		if (strncasecmp(content, tops[i], strlen(tops[i])) == 0) {
			content += strlen(tops[i]);
			break;
		}
	if (strchr(content, '/') || strlen(content) > 100)
		return NULL;
	path_fold(content, &folded);
	use = use_of_folded(buf_str(&folded), &scratch);
	buf_clear(&folded);
	buf_clear(&scratch);
	return use;
}

/* In the order of USE_WORDS. */
static const char *const set_uses[] = {
        junk, trash, drafts, sent, archive, "\\All", "\\Flagged", "\\Important"};

bool use_set_read(const char *list, unsigned *set_out, const char **bad_out, size_t *bad_len)
{
	char word[16];

	*set_out = 0;
	for (const char *w = list;; w += *bad_len + 1) {
		int place;

		*bad_out = w;
		*bad_len = strcspn(w, ",");
		if (*bad_len >= sizeof word)
			return false;
		snprintf(word, sizeof word, "%.*s", (int)*bad_len, w);
		place = text_place(word, USE_WORDS);
		if (place < 0)
			return false;
		*set_out |= 1u << place;
		if (!w[*bad_len])
			return true;
	}
}

const char *use_in_set(unsigned set, const char *uses, const char *content, bool *announced_out)
{
	bool announced = use_announced(uses) || use_view(uses);
	const char *named = announced ? NULL : use_by_name(content);

	if (announced_out)
		*announced_out = announced;
	for (size_t i = 0; i < COUNT(set_uses); i++)
		if (set & 1u << i && (set_uses[i] == named ||
		                             text_has_word(uses, set_uses[i], strlen(set_uses[i]))))
			return set_uses[i];
	return NULL;
}

bool use_is_passing(const char *uses, const char *content)
{
	const char *use = use_announced(uses);

	if (!use)
		use = use_by_name(content);
	return use == drafts || use == trash || use == junk;
}
