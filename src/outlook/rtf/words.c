/* Control words of RTF 1.9.1 and MS-OXRTFEX of which text comes, or that say how it is read. */
#include "outlook/rtf/internal.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

static const struct rtf_word words[] = {
        {"af", RTF_AF, 0},
        {"aftncn", RTF_SKIP, 0},
        {"aftnsep", RTF_SKIP, 0},
        {"aftnsepc", RTF_SKIP, 0},
        {"annotation", RTF_SKIP, 0},
        {"ansicpg", RTF_PAGE, 0},
        {"bkmkend", RTF_SKIP, 0},
        {"bkmkstart", RTF_SKIP, 0},
        {"bullet", RTF_CHAR, 0x2022},
        {"cchs", RTF_CCHS, 0},
        {"cell", RTF_CELL, 0},
        {"colortbl", RTF_SKIP, 0},
        {"column", RTF_BREAK, 0},
        {"comment", RTF_SKIP, 0},
        {"cpg", RTF_CPG, 0},
        {"dbch", RTF_RUN, RUN_DOUBLE},
        {"deff", RTF_DEFF, 0},
        {"deleted", RTF_HIDDEN, 2},
        {"do", RTF_PASS, 0},
        {"emdash", RTF_CHAR, 0x2014},
        {"emspace", RTF_CHAR, 0x2003},
        {"endash", RTF_CHAR, 0x2013},
        {"enspace", RTF_CHAR, 0x2002},
        {"f", RTF_FONT, 0},
        {"fcharset", RTF_FCHARSET, 0},
        {"field", RTF_FIELD, 0},
        {"filetbl", RTF_SKIP, 0},
        {"fldinst", RTF_INSTRUCTION, 0},
        {"fldrslt", RTF_RESULT, 0},
        {"fonttbl", RTF_FONTS, 0},
        {"footer", RTF_SKIP, 0},
        {"footerf", RTF_SKIP, 0},
        {"footerl", RTF_SKIP, 0},
        {"footerr", RTF_SKIP, 0},
        {"footnote", RTF_NOTE, 0},
        {"ftncn", RTF_SKIP, 0},
        {"ftnsep", RTF_SKIP, 0},
        {"ftnsepc", RTF_SKIP, 0},
        {"header", RTF_SKIP, 0},
        {"headerf", RTF_SKIP, 0},
        {"headerl", RTF_SKIP, 0},
        {"headerr", RTF_SKIP, 0},
        {"hich", RTF_RUN, RUN_OTHER},
        {"htmlrtf", RTF_HTMLRTF, 0},
        {"htmltag", RTF_TAG, 0},
        {"info", RTF_SKIP, 0},
        {"ldblquote", RTF_CHAR, 0x201c},
        {"line", RTF_BREAK, 0},
        {"listoverridetable", RTF_SKIP, 0},
        {"listtable", RTF_SKIP, 0},
        {"listtext", RTF_LIST, 0},
        {"loch", RTF_RUN, RUN_OTHER},
        {"lquote", RTF_CHAR, 0x2018},
        {"ltrch", RTF_RUN, RUN_PLAIN},
        {"ltrmark", RTF_CHAR, 0x200e},
        {"mac", RTF_PAGE, 10000},
        {"mhtmltag", RTF_SKIP, 0},
        {"nestcell", RTF_CELL, 0},
        {"nestrow", RTF_ROW, 0},
        {"nesttableprops", RTF_PASS, 0},
        {"nonesttables", RTF_SKIP, 0},
        {"nonshppict", RTF_SKIP, 0},
        {"objdata", RTF_SKIP, 0},
        {"page", RTF_BREAK, 0},
        {"par", RTF_BREAK, 0},
        {"pc", RTF_PAGE, 437},
        {"pca", RTF_PAGE, 850},
        {"pict", RTF_SKIP, 0},
        {"plain", RTF_PLAIN, 0},
        {"pntext", RTF_LIST, 0},
        {"pntxta", RTF_SKIP, 0},
        {"pntxtb", RTF_SKIP, 0},
        {"private", RTF_SKIP, 0},
        {"qmspace", RTF_CHAR, 0x2005},
        {"rdblquote", RTF_CHAR, 0x201d},
        {"revtbl", RTF_SKIP, 0},
        {"row", RTF_ROW, 0},
        {"rquote", RTF_CHAR, 0x2019},
        {"rtlch", RTF_RUN, RUN_PLAIN},
        {"rtlmark", RTF_CHAR, 0x200f},
        {"rxe", RTF_SKIP, 0},
        {"sect", RTF_BREAK, 0},
        {"shpinst", RTF_PASS, 0},
        {"shprslt", RTF_SKIP, 0},
        {"sp", RTF_SKIP, 0},
        {"stylesheet", RTF_SKIP, 0},
        {"tab", RTF_CHAR, '\t'},
        {"tc", RTF_SKIP, 0},
        {"tcn", RTF_SKIP, 0},
        {"txe", RTF_SKIP, 0},
        {"u", RTF_UNICODE, 0},
        {"uc", RTF_UC, 0},
        {"ud", RTF_UD, 0},
        {"upr", RTF_UPR, 0},
        {"v", RTF_HIDDEN, 1},
        {"xe", RTF_SKIP, 0},
        {"zwbo", RTF_CHAR, 0x200b},
        {"zwj", RTF_CHAR, 0x200d},
        {"zwnbo", RTF_CHAR, 0x2060},
        {"zwnj", RTF_CHAR, 0x200c},
};

const struct rtf_word *rtf_words(size_t *n_out)
{
	*n_out = COUNT(words);
	return words;
}

const struct rtf_word *rtf_word_of(const char *name)
{
	return FIND(&name, words, COUNT(words), text_by_bytes);
}

/* RTF 1.9.1, "Font Table", \fcharset. */
unsigned rtf_charset_page(int32_t charset)
{
	static const uint16_t pages[][2] = {{0, 1252}, {2, RTF_SYMBOL_PAGE}, {77, 10000},
	        {78, 10001}, {79, 10003}, {80, 10008}, {81, 10002}, {83, 10005}, {84, 10004},
	        {85, 10006}, {86, 10081}, {87, 10021}, {88, 10029}, {89, 10007}, {128, 932},
	        {129, 949}, {130, 1361}, {134, 936}, {136, 950}, {161, 1253}, {162, 1254},
	        {163, 1258}, {177, 1255}, {178, 1256}, {179, 1256}, {180, 1256}, {181, 1255},
	        {186, 1257}, {204, 1251}, {222, 874}, {238, 1250}, {254, 437}, {255, 850}};

	for (size_t i = 0; i < COUNT(pages); i++)
		if (pages[i][0] == charset)
			return pages[i][1];
	return 0;
}
