#ifndef IMPORT_LABEL_WORDS_H
#define IMPORT_LABEL_WORDS_H

/*
 * How Gmail calls its own labels in X-Gmail-Labels, language by language, several names of one
 * divided by '|', as path_fold gives them: no capitals, no accents (tests/unit/import holds
 * them to that). Seen in exports: English, German, French, Spanish, Czech. The others are
 * translations that were held against no export: a name that is not known becomes a mailbox.
 */
enum label_word {
	WORD_INBOX,
	WORD_SENT,
	WORD_DRAFT,
	WORD_SPAM,
	WORD_TRASH,
	WORD_STARRED,
	WORD_IMPORTANT,
	WORD_UNREAD,
	WORD_OPENED,
	WORD_ARCHIVED,
	WORD_CHAT,
	WORD_CATEGORY, /* "Category Social", "Kategorie: Neuigkeiten": it begins with this */
	WORD_STATE, /* what no mail server knows */
	WORDS,
	WORD_NONE = WORDS
};
static const char *const label_words[][WORDS] = {
        /* en */
        {"inbox", "sent", "draft|drafts", "spam", "trash", "starred", "important", "unread",
                "opened", "archived", "chat|chats", "category", "muted|snoozed|scheduled"},
        /* de */
        {"posteingang", "gesendet", "entwurfe|entwurf", "spam", "papierkorb", "markiert", "wichtig",
                "ungelesen", "geoffnet", "archiviert", "chat|chats", "kategorie"},
        /* fr */
        {"boite de reception", "messages envoyes|envoye|envoyes", "brouillons|brouillon", "spam",
                "corbeille", "messages suivis|suivis|suivi", "important|importants",
                "non lus|non lu", "ouvert|ouverts", "messages archives|archives", "chat|chats",
                "categorie"},
        /* es */
        {"recibidos|bandeja de entrada", "enviados|enviado", "borradores|borrador", "spam",
                "papelera", "destacados|destacado", "importantes|importante", "no leidos|no leido",
                "abierto|abiertos", "archivado|archivados", "chat|chats", "categoria"},
        /* it */
        {"posta in arrivo", "posta inviata|inviata|inviati", "bozze|bozza", "spam", "cestino",
                "speciali|speciale", "importanti|importante", "da leggere|non letti|non letto",
                "aperti|aperto", "archiviati|archiviato", "chat", "categoria"},
        /* nl */
        {"postvak in", "verzonden", "concepten|concept", "spam", "prullenbak", "met ster",
                "belangrijk", "ongelezen", "geopend", "gearchiveerd", "chat|chats", "categorie"},
        /* pt */
        {"caixa de entrada", "enviados|enviado", "rascunhos|rascunho", "spam", "lixeira|lixo",
                "com estrela", "importante|importantes", "nao lidas|nao lida|nao lidos|nao lido",
                "aberto|aberta|abertos|abertas", "arquivado|arquivada|arquivados|arquivadas",
                "chat|chats|bate-papo|bate-papos", "categoria"},
        /* pl */
        {"odebrane", "wysłane", "wersje robocze|robocze", "spam", "kosz", "oznaczone gwiazdka",
                "wazne", "nieprzeczytane", "otwarte", "zarchiwizowane|zarchiwizowano", "czat|czaty",
                "kategoria"},
        /* cs */
        {"dorucene|dorucena posta", "odeslane|odeslano|odeslana posta", "koncepty|koncept", "spam",
                "kos", "s hvezdickou", "dulezite", "neprectene", "otevrene|otevreno",
                "archivovano|archivovane", "chat|chaty", "kategorie"},
        /* sv */
        {"inkorg|inkorgen", "skickat|skickade", "utkast", "skrappost", "papperskorg|papperskorgen",
                "stjarnmarkt|stjarnmarkta", "viktigt|viktiga", "olast|olasta",
                "oppnat|oppnad|oppnade", "arkiverat|arkiverad|arkiverade", "chatt|chattar",
                "kategori"},
        /* da */
        {"indbakke", "sendt|sendte mails", "kladder|kladde", "spam", "papirkurv", "stjernemarkeret",
                "vigtig|vigtigt|vigtige", "ulæst|ulæste", "abnet", "arkiveret", "chat|chats",
                "kategori"},
        /* nb */
        {"innboks", "sendt", "utkast", "søppelpost", "papirkurv", "stjernemerket", "viktig|viktige",
                "ulest|uleste", "apnet", "arkivert", "chat|nettprat", "kategori"},
        /* fi */
        {"postilaatikko|saapuneet", "lahetetyt", "luonnokset", "roskaposti", "roskakori",
                "tahdella merkityt", "tarkeat|tarkea", "lukemattomat|lukematta", "avattu|avatut",
                "arkistoitu|arkistoidut", "chat|keskustelut", "luokka"},
        /* hu */
        {"beerkezo levelek", "elkuldott levelek|elkuldott|elkuldve", "piszkozatok|piszkozat",
                "spam", "kuka", "csillagozott", "fontos", "olvasatlan", "megnyitott|megnyitva",
                "archivalt|archivalva", "cseveges|csevegesek", "kategoria"},
        /* ru */
        {"входящие", "отправленные", "черновики|черновик", "спам", "корзина", "помеченные",
                "важное|важные", "непрочитанные|непрочитанное", "открытые|открыто",
                "в архиве|архивировано|архивные", "чат|чаты", "категория"},
        /* uk */
        {"вхідні", "надіслані", "чернетки|чернетка", "спам", "кошик", "із зірочкою",
                "важливі|важливо", "непрочитані", "відкриті|відкрито",
                "заархівовано|архівовані|в архіві", "чат|чати", "категорія"},
        /* tr */
        {"gelen kutusu", "gonderilmis postalar|gonderilenler|gonderildi", "taslaklar|taslak",
                "spam", "cop kutusu", "yildizli|yildizlananlar", "onemli", "okunmamis",
                "acildi|acilmis", "arsivlendi|arsivlenmis", "sohbet|sohbetler", "kategori"},
        /* ja */
        {"受信トレイ", "送信済み|送信済みメール", "下書き", "迷惑メール", "コミ箱", "スター付き",
                "重要", "未読", "開封済み|既読", "アーカイフ済み|アーカイフ", "チャット",
                "カテコリ"},
        /* zh_CN */
        {"收件箱", "已发送|已发邮件", "草稿", "垃圾邮件", "已删除邮件|回收站", "已加星标",
                "重要|重要邮件", "未读", "已打开", "已归档", "聊天", "类别"},
        /* zh_TW */
        {"收件匣", "寄件備份|已傳送", "草稿", "垃圾郵件", "垃圾桶", "已加星號", "重要郵件|重要",
                "未讀", "已開啟", "已封存", "即時通訊|聊天", "類別"},
        /* ko */
        {"받은편지함", "보낸편지함", "임시보관함",
                "스팸함", "휴지통", "별표편지함|별표",
                "중요편지함|중요",
                "읽지않음|읽지 않음", "열어봄|열림",
                "보관됨|보관처리됨", "채팅", "카테고리"},
};

#endif
