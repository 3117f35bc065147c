#ifndef VALISE_PROTO_DAV_EXPAT_COMPAT_H
#define VALISE_PROTO_DAV_EXPAT_COMPAT_H

/*
 * Where the XML parser is: newer releases of expat want 64-bit names, older ones have
 * none.
 */

#include <expat.h>
#include <stdint.h>

#ifdef VALISE_EXPAT_64
static inline uint64_t xml_line(XML_Parser p)
{
	return XML_GetCurrentLineNumber64(p);
}
static inline int64_t xml_offset(XML_Parser p)
{
	return XML_GetCurrentByteIndex64(p);
}
#else
static inline uint64_t xml_line(XML_Parser p)
{
	return XML_GetCurrentLineNumber(p);
}
static inline int64_t xml_offset(XML_Parser p)
{
	return XML_GetCurrentByteIndex(p);
}
#endif

#endif
