#ifndef VALISE_OUTLOOK_PROPS_COMMON_H
#define VALISE_OUTLOOK_PROPS_COMMON_H

/* Properties that every kind of item has (MS-OXPROPS). */

/* X(name, id): properties with an id. */
#define PROPS_COMMON_TAGS(X)                                                                       \
	X(PidTagImportance, 0x0017)                                                                \
	X(PidTagMessageClass, 0x001a)                                                              \
	X(PidTagPriority, 0x0026)                                                                  \
	X(PidTagSensitivity, 0x0036)                                                               \
	X(PidTagSubject, 0x0037)                                                                   \
	X(PidTagClientSubmitTime, 0x0039)                                                          \
	X(PidTagSubjectPrefix, 0x003d)                                                             \
	X(PidTagSentRepresentingName, 0x0042)                                                      \
	X(PidTagSentRepresentingAddressType, 0x0064)                                               \
	X(PidTagSentRepresentingEmailAddress, 0x0065)                                              \
	X(PidTagConversationTopic, 0x0070)                                                         \
	X(PidTagRecipientType, 0x0c15)                                                             \
	X(PidTagSenderName, 0x0c1a)                                                                \
	X(PidTagSenderAddressType, 0x0c1e)                                                         \
	X(PidTagSenderEmailAddress, 0x0c1f)                                                        \
	X(PidTagMessageDeliveryTime, 0x0e06)                                                       \
	X(PidTagMessageFlags, 0x0e07)                                                              \
	X(PidTagNormalizedSubject, 0x0e1d)                                                         \
	X(PidTagAttachSize, 0x0e20)                                                                \
	X(PidTagAttachNumber, 0x0e21)                                                              \
	X(PidTagToDoItemFlags, 0x0e2b)                                                             \
	X(PidTagBody, 0x1000)                                                                      \
	X(PidTagRtfCompressed, 0x1009)                                                             \
	X(PidTagHtml, 0x1013)                                                                      \
	X(PidTagInternetMessageId, 0x1035)                                                         \
	X(PidTagFlagStatus, 0x1090)                                                                \
	X(PidTagFlagCompleteTime, 0x1091)                                                          \
	X(PidTagFollowupIcon, 0x1095)                                                              \
	X(PidTagRowid, 0x3000)                                                                     \
	X(PidTagDisplayName, 0x3001)                                                               \
	X(PidTagAddressType, 0x3002)                                                               \
	X(PidTagEmailAddress, 0x3003)                                                              \
	X(PidTagCreationTime, 0x3007)                                                              \
	X(PidTagLastModificationTime, 0x3008)                                                      \
	X(PidTagSearchKey, 0x300b)                                                                 \
	X(PidTagAttachDataBinary, 0x3701)                                                          \
	X(PidTagAttachFilename, 0x3704)                                                            \
	X(PidTagAttachMethod, 0x3705)                                                              \
	X(PidTagAttachLongFilename, 0x3707)                                                        \
	X(PidTagAttachPathname, 0x3708)                                                            \
	X(PidTagAttachLongPathname, 0x370d)                                                        \
	X(PidTagAttachMimeTag, 0x370e)                                                             \
	X(PidTagAttachContentId, 0x3712)                                                           \
	X(PidTagDisplayType, 0x3900)                                                               \
	X(PidTagDisplayTypeEx, 0x3905)                                                             \
	X(PidTagSmtpAddress, 0x39fe)                                                               \
	X(PidTagInternetCodepage, 0x3fde)                                                          \
	X(PidTagMessageCodepage, 0x3ffd)                                                           \
	X(PidTagSenderSmtpAddress, 0x5d01)                                                         \
	X(PidTagSentRepresentingSmtpAddress, 0x5d02)                                               \
	X(PidTagAttachmentHidden, 0x7ffe)
/* X(name, set, number): named properties with a number. */
#define PROPS_COMMON_LIDS(X)                                                                       \
	X(PidLidCategories, PS_PUBLIC_STRINGS, 0x2328)                                             \
	X(PidLidReminderDelta, PSETID_COMMON, 0x8501)                                              \
	X(PidLidReminderTime, PSETID_COMMON, 0x8502)                                               \
	X(PidLidReminderSet, PSETID_COMMON, 0x8503)                                                \
	X(PidLidPrivate, PSETID_COMMON, 0x8506)                                                    \
	X(PidLidSideEffects, PSETID_COMMON, 0x8510)                                                \
	X(PidLidCommonStart, PSETID_COMMON, 0x8516)                                                \
	X(PidLidCommonEnd, PSETID_COMMON, 0x8517)                                                  \
	X(PidLidFlagRequest, PSETID_COMMON, 0x8530)                                                \
	X(PidLidMileage, PSETID_COMMON, 0x8534)                                                    \
	X(PidLidBilling, PSETID_COMMON, 0x8535)                                                    \
	X(PidLidCompanies, PSETID_COMMON, 0x8539)                                                  \
	X(PidLidContacts, PSETID_COMMON, 0x853a)                                                   \
	X(PidLidContactLinkSearchKey, PSETID_COMMON, 0x8584)                                       \
	X(PidLidContactLinkEntry, PSETID_COMMON, 0x8585)                                           \
	X(PidLidContactLinkName, PSETID_COMMON, 0x8586)                                            \
	X(PidLidToDoOrdinalDate, PSETID_COMMON, 0x85a0)                                            \
	X(PidLidToDoSubOrdinal, PSETID_COMMON, 0x85a1)                                             \
	X(PidLidToDoTitle, PSETID_COMMON, 0x85a4)
/* X(name, set, text): named properties with a text. */
#define PROPS_COMMON_TEXTS(X)                                                                      \
	X(PidNameKeywords, PS_PUBLIC_STRINGS, "Keywords")                                          \
	/* lines of a calendar object or card for which MAPI has no property: of make.h */         \
	X(PidNameContentLines, PS_PUBLIC_STRINGS, "valise:content-lines")                          \
	/* how lines were written that properties say otherwise */                                 \
	X(PidNameContentForms, PS_PUBLIC_STRINGS, "valise:content-forms")

#endif
