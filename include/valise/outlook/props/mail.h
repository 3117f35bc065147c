#ifndef VALISE_OUTLOOK_PROPS_MAIL_H
#define VALISE_OUTLOOK_PROPS_MAIL_H

/* Properties of messages alone (MS-OXCMSG, MS-OXOMSG). */

/* X(name, id): properties with an id. */
#define PROPS_MAIL_TAGS(X)                                                                         \
	X(PidTagDeferredDeliveryTime, 0x000f)                                                      \
	X(PidTagExpiryTime, 0x0015)                                                                \
	X(PidTagOriginatorDeliveryReportRequested, 0x0023)                                         \
	X(PidTagReadReceiptRequested, 0x0029)                                                      \
	X(PidTagReceiptTime, 0x002a)                                                               \
	X(PidTagReplyTime, 0x0030)                                                                 \
	X(PidTagReportName, 0x003a)                                                                \
	X(PidTagReportTime, 0x0032)                                                                \
	X(PidTagSentRepresentingSearchKey, 0x003b)                                                 \
	X(PidTagSentRepresentingEntryId, 0x0041)                                                   \
	X(PidTagReadReceiptEntryId, 0x0046)                                                        \
	X(PidTagOriginalSubject, 0x0049)                                                           \
	X(PidTagOriginalSubmitTime, 0x004e)                                                        \
	X(PidTagReplyRecipientEntries, 0x004f)                                                     \
	X(PidTagReplyRecipientNames, 0x0050)                                                       \
	X(PidTagConversationIndex, 0x0071)                                                         \
	X(PidTagTransportMessageHeaders, 0x007d)                                                   \
	X(PidTagReportDisposition, 0x0080)                                                         \
	X(PidTagReportDispositionMode, 0x0081)                                                     \
	X(PidTagNonDeliveryReportReasonCode, 0x0c04)                                               \
	X(PidTagNonDeliveryReportDiagCode, 0x0c05)                                                 \
	X(PidTagSenderEntryId, 0x0c19)                                                             \
	X(PidTagSenderSearchKey, 0x0c1d)                                                           \
	X(PidTagSupplementaryInfo, 0x0c1b)                                                         \
	X(PidTagNonDeliveryReportStatusCode, 0x0c20)                                               \
	X(PidTagRemoteMessageTransferAgent, 0x0c21)                                                \
	X(PidTagDisplayBcc, 0x0e02)                                                                \
	X(PidTagDisplayCc, 0x0e03)                                                                 \
	X(PidTagDisplayTo, 0x0e04)                                                                 \
	X(PidTagHasAttachments, 0x0e1b)                                                            \
	X(PidTagObjectType, 0x0ffe)                                                                \
	X(PidTagEntryId, 0x0fff)                                                                   \
	X(PidTagRtfInSync, 0x0e1f)                                                                 \
	X(PidTagReportText, 0x1001)                                                                \
	X(PidTagNativeBody, 0x1016)                                                                \
	X(PidTagInternetReferences, 0x1039)                                                        \
	X(PidTagInReplyToId, 0x1042)                                                               \
	X(PidTagListHelp, 0x1043)                                                                  \
	X(PidTagListSubscribe, 0x1044)                                                             \
	X(PidTagListUnsubscribe, 0x1045)                                                           \
	X(PidTagOriginalMessageId, 0x1046)                                                         \
	X(PidTagLastVerbExecuted, 0x1081)                                                          \
	X(PidTagAttachEncoding, 0x3702)                                                            \
	X(PidTagAttachExtension, 0x3703)                                                           \
	X(PidTagAttachRendering, 0x3709)                                                           \
	X(PidTagAttachTag, 0x370a)                                                                 \
	X(PidTagRenderingPosition, 0x370b)                                                         \
	X(PidTagAttachContentBase, 0x3711)                                                         \
	X(PidTagAttachContentLocation, 0x3713)                                                     \
	X(PidTagAttachFlags, 0x3714)                                                               \
	X(PidTagTextAttachmentCharset, 0x371b)                                                     \
	X(PidTagReadReceiptEmailAddress, 0x402a)                                                   \
	X(PidTagReadReceiptName, 0x402b)                                                           \
	X(PidTagSendInternetEncoding, 0x3a71)                                                      \
	X(PidTagReadReceiptSmtpAddress, 0x5d05)                                                    \
	X(PidTagVoiceMessageDuration, 0x6801)                                                      \
	X(PidTagSenderTelephoneNumber, 0x6802)                                                     \
	X(PidTagVoiceMessageSenderName, 0x6803)                                                    \
	X(PidTagFaxNumberOfPages, 0x6804)                                                          \
	X(PidTagVoiceMessageAttachmentOrder, 0x6805)                                               \
	X(PidTagCallId, 0x6806)                                                                    \
	X(PidTagReportingMessageTransferAgent, 0x6820)                                             \
/* X(name, set, number): named properties with a number. */
#define PROPS_MAIL_LIDS(X) X(PidLidPostRssItemLink, PSETID_POSTRSS, 0x8901)
/* X(name, set, text): named properties with a text. */
#define PROPS_MAIL_TEXTS(X)

#endif
