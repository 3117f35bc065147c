#ifndef VALISE_OUTLOOK_PROPS_CALENDAR_H
#define VALISE_OUTLOOK_PROPS_CALENDAR_H

/*
 * Properties of appointments, meetings, tasks, journal entries and notes (MS-OXOCAL, MS-OXOTASK,
 * MS-OXOJRNL, MS-OXONOTE).
 */

/* X(name, id): properties with an id. */
#define PROPS_CALENDAR_TAGS(X)                                                                     \
	X(PidTagResponseRequested, 0x0063)                                                         \
	X(PidTagStartDate, 0x0060)                                                                 \
	X(PidTagEndDate, 0x0061)                                                                   \
	X(PidTagOwnerAppointmentId, 0x0062)                                                        \
	X(PidTagReplyRequested, 0x0c17)                                                            \
	X(PidTagRecipientDisplayName, 0x5ff6)                                                      \
	X(PidTagRecipientTrackStatusTime, 0x5ffb)                                                  \
	X(PidTagRecipientFlags, 0x5ffd)                                                            \
	X(PidTagRecipientTrackStatus, 0x5fff)                                                      \
	X(PidTagIconIndex, 0x1080)                                                                 \
	X(PidTagExceptionReplaceTime, 0x7ff9)                                                      \
	X(PidTagExceptionStartTime, 0x7ffb)                                                        \
	X(PidTagExceptionEndTime, 0x7ffc)
/* X(name, set, number): named properties with a number. */
#define PROPS_CALENDAR_LIDS(X)                                                                     \
	X(PidLidSendMeetingAsIcal, PSETID_APPOINTMENT, 0x8200)                                     \
	X(PidLidAppointmentSequence, PSETID_APPOINTMENT, 0x8201)                                   \
	X(PidLidAppointmentSequenceTime, PSETID_APPOINTMENT, 0x8202)                               \
	X(PidLidAppointmentLastSequence, PSETID_APPOINTMENT, 0x8203)                               \
	X(PidLidChangeHighlight, PSETID_APPOINTMENT, 0x8204)                                       \
	X(PidLidBusyStatus, PSETID_APPOINTMENT, 0x8205)                                            \
	X(PidLidFExceptionalBody, PSETID_APPOINTMENT, 0x8206)                                      \
	X(PidLidAppointmentAuxiliaryFlags, PSETID_APPOINTMENT, 0x8207)                             \
	X(PidLidLocation, PSETID_APPOINTMENT, 0x8208)                                              \
	X(PidLidMeetingWorkspaceUrl, PSETID_APPOINTMENT, 0x8209)                                   \
	X(PidLidForwardInstance, PSETID_APPOINTMENT, 0x820a)                                       \
	X(PidLidLinkedTaskItems, PSETID_APPOINTMENT, 0x820c)                                       \
	X(PidLidAppointmentStartWhole, PSETID_APPOINTMENT, 0x820d)                                 \
	X(PidLidAppointmentEndWhole, PSETID_APPOINTMENT, 0x820e)                                   \
	X(PidLidAppointmentStartTime, PSETID_APPOINTMENT, 0x820f)                                  \
	X(PidLidAppointmentEndTime, PSETID_APPOINTMENT, 0x8210)                                    \
	X(PidLidAppointmentEndDate, PSETID_APPOINTMENT, 0x8211)                                    \
	X(PidLidAppointmentStartDate, PSETID_APPOINTMENT, 0x8212)                                  \
	X(PidLidAppointmentDuration, PSETID_APPOINTMENT, 0x8213)                                   \
	X(PidLidAppointmentColor, PSETID_APPOINTMENT, 0x8214)                                      \
	X(PidLidAppointmentSubType, PSETID_APPOINTMENT, 0x8215)                                    \
	X(PidLidAppointmentRecur, PSETID_APPOINTMENT, 0x8216)                                      \
	X(PidLidAppointmentStateFlags, PSETID_APPOINTMENT, 0x8217)                                 \
	X(PidLidResponseStatus, PSETID_APPOINTMENT, 0x8218)                                        \
	X(PidLidAppointmentReplyTime, PSETID_APPOINTMENT, 0x8220)                                  \
	X(PidLidRecurring, PSETID_APPOINTMENT, 0x8223)                                             \
	X(PidLidIntendedBusyStatus, PSETID_APPOINTMENT, 0x8224)                                    \
	X(PidLidAppointmentUpdateTime, PSETID_APPOINTMENT, 0x8226)                                 \
	X(PidLidExceptionReplaceTime, PSETID_APPOINTMENT, 0x8228)                                  \
	X(PidLidFInvited, PSETID_APPOINTMENT, 0x8229)                                              \
	X(PidLidFExceptionalAttendees, PSETID_APPOINTMENT, 0x822b)                                 \
	X(PidLidOwnerName, PSETID_APPOINTMENT, 0x822e)                                             \
	X(PidLidFOthersAppointment, PSETID_APPOINTMENT, 0x822f)                                    \
	X(PidLidAppointmentReplyName, PSETID_APPOINTMENT, 0x8230)                                  \
	X(PidLidRecurrenceType, PSETID_APPOINTMENT, 0x8231)                                        \
	X(PidLidRecurrencePattern, PSETID_APPOINTMENT, 0x8232)                                     \
	X(PidLidTimeZoneStruct, PSETID_APPOINTMENT, 0x8233)                                        \
	X(PidLidTimeZoneDescription, PSETID_APPOINTMENT, 0x8234)                                   \
	X(PidLidClipStart, PSETID_APPOINTMENT, 0x8235)                                             \
	X(PidLidClipEnd, PSETID_APPOINTMENT, 0x8236)                                               \
	X(PidLidAllAttendeesString, PSETID_APPOINTMENT, 0x8238)                                    \
	X(PidLidAutoFillLocation, PSETID_APPOINTMENT, 0x823a)                                      \
	X(PidLidToAttendeesString, PSETID_APPOINTMENT, 0x823b)                                     \
	X(PidLidCcAttendeesString, PSETID_APPOINTMENT, 0x823c)                                     \
	X(PidLidConferencingCheck, PSETID_APPOINTMENT, 0x8240)                                     \
	X(PidLidConferencingType, PSETID_APPOINTMENT, 0x8241)                                      \
	X(PidLidDirectory, PSETID_APPOINTMENT, 0x8242)                                             \
	X(PidLidOrganizerAlias, PSETID_APPOINTMENT, 0x8243)                                        \
	X(PidLidAutoStartCheck, PSETID_APPOINTMENT, 0x8244)                                        \
	X(PidLidAllowExternalCheck, PSETID_APPOINTMENT, 0x8246)                                    \
	X(PidLidCollaborateDoc, PSETID_APPOINTMENT, 0x8247)                                        \
	X(PidLidNetShowUrl, PSETID_APPOINTMENT, 0x8248)                                            \
	X(PidLidOnlinePassword, PSETID_APPOINTMENT, 0x8249)                                        \
	X(PidLidAppointmentProposedStartWhole, PSETID_APPOINTMENT, 0x8250)                         \
	X(PidLidAppointmentProposedEndWhole, PSETID_APPOINTMENT, 0x8251)                           \
	X(PidLidAppointmentProposedDuration, PSETID_APPOINTMENT, 0x8256)                           \
	X(PidLidAppointmentCounterProposal, PSETID_APPOINTMENT, 0x8257)                            \
	X(PidLidAppointmentProposalNumber, PSETID_APPOINTMENT, 0x8259)                             \
	X(PidLidAppointmentNotAllowPropose, PSETID_APPOINTMENT, 0x825a)                            \
	X(PidLidAppointmentTimeZoneDefinitionStartDisplay, PSETID_APPOINTMENT, 0x825e)             \
	X(PidLidAppointmentTimeZoneDefinitionEndDisplay, PSETID_APPOINTMENT, 0x825f)               \
	X(PidLidAppointmentTimeZoneDefinitionRecur, PSETID_APPOINTMENT, 0x8260)                    \
	X(PidLidAttendeeCriticalChange, PSETID_MEETING, 0x0001)                                    \
	X(PidLidWhere, PSETID_MEETING, 0x0002)                                                     \
	X(PidLidGlobalObjectId, PSETID_MEETING, 0x0003)                                            \
	X(PidLidIsSilent, PSETID_MEETING, 0x0004)                                                  \
	X(PidLidIsRecurring, PSETID_MEETING, 0x0005)                                               \
	X(PidLidRequiredAttendees, PSETID_MEETING, 0x0006)                                         \
	X(PidLidOptionalAttendees, PSETID_MEETING, 0x0007)                                         \
	X(PidLidResourceAttendees, PSETID_MEETING, 0x0008)                                         \
	X(PidLidDelegateMail, PSETID_MEETING, 0x0009)                                              \
	X(PidLidIsException, PSETID_MEETING, 0x000a)                                               \
	X(PidLidTimeZone, PSETID_MEETING, 0x000c)                                                  \
	X(PidLidStartRecurrenceDate, PSETID_MEETING, 0x000d)                                       \
	X(PidLidStartRecurrenceTime, PSETID_MEETING, 0x000e)                                       \
	X(PidLidEndRecurrenceDate, PSETID_MEETING, 0x000f)                                         \
	X(PidLidEndRecurrenceTime, PSETID_MEETING, 0x0010)                                         \
	X(PidLidDayInterval, PSETID_MEETING, 0x0011)                                               \
	X(PidLidWeekInterval, PSETID_MEETING, 0x0012)                                              \
	X(PidLidMonthInterval, PSETID_MEETING, 0x0013)                                             \
	X(PidLidYearInterval, PSETID_MEETING, 0x0014)                                              \
	X(PidLidOwnerCriticalChange, PSETID_MEETING, 0x001a)                                       \
	X(PidLidCalendarType, PSETID_MEETING, 0x001c)                                              \
	X(PidLidCleanGlobalObjectId, PSETID_MEETING, 0x0023)                                       \
	X(PidLidAppointmentMessageClass, PSETID_MEETING, 0x0024)                                   \
	X(PidLidMeetingType, PSETID_MEETING, 0x0026)                                               \
	X(PidLidOldLocation, PSETID_MEETING, 0x0028)                                               \
	X(PidLidOldWhenStartWhole, PSETID_MEETING, 0x0029)                                         \
	X(PidLidOldWhenEndWhole, PSETID_MEETING, 0x002a)                                           \
	X(PidLidTaskStatus, PSETID_TASK, 0x8101)                                                   \
	X(PidLidPercentComplete, PSETID_TASK, 0x8102)                                              \
	X(PidLidTeamTask, PSETID_TASK, 0x8103)                                                     \
	X(PidLidTaskStartDate, PSETID_TASK, 0x8104)                                                \
	X(PidLidTaskDueDate, PSETID_TASK, 0x8105)                                                  \
	X(PidLidTaskResetReminder, PSETID_TASK, 0x8107)                                            \
	X(PidLidTaskAccepted, PSETID_TASK, 0x8108)                                                 \
	X(PidLidTaskDeadOccurrence, PSETID_TASK, 0x8109)                                           \
	X(PidLidTaskDateCompleted, PSETID_TASK, 0x810f)                                            \
	X(PidLidTaskActualEffort, PSETID_TASK, 0x8110)                                             \
	X(PidLidTaskEstimatedEffort, PSETID_TASK, 0x8111)                                          \
	X(PidLidTaskVersion, PSETID_TASK, 0x8112)                                                  \
	X(PidLidTaskState, PSETID_TASK, 0x8113)                                                    \
	X(PidLidTaskLastUpdate, PSETID_TASK, 0x8115)                                               \
	X(PidLidTaskRecurrence, PSETID_TASK, 0x8116)                                               \
	X(PidLidTaskAssigners, PSETID_TASK, 0x8117)                                                \
	X(PidLidTaskStatusOnComplete, PSETID_TASK, 0x8119)                                         \
	X(PidLidTaskHistory, PSETID_TASK, 0x811a)                                                  \
	X(PidLidTaskUpdates, PSETID_TASK, 0x811b)                                                  \
	X(PidLidTaskComplete, PSETID_TASK, 0x811c)                                                 \
	X(PidLidTaskFCreator, PSETID_TASK, 0x811e)                                                 \
	X(PidLidTaskOwner, PSETID_TASK, 0x811f)                                                    \
	X(PidLidTaskMultipleRecipients, PSETID_TASK, 0x8120)                                       \
	X(PidLidTaskAssigner, PSETID_TASK, 0x8121)                                                 \
	X(PidLidTaskLastUser, PSETID_TASK, 0x8122)                                                 \
	X(PidLidTaskOrdinal, PSETID_TASK, 0x8123)                                                  \
	X(PidLidTaskNoCompute, PSETID_TASK, 0x8124)                                                \
	X(PidLidTaskLastDelegate, PSETID_TASK, 0x8125)                                             \
	X(PidLidTaskFRecurring, PSETID_TASK, 0x8126)                                               \
	X(PidLidTaskRole, PSETID_TASK, 0x8127)                                                     \
	X(PidLidTaskOwnership, PSETID_TASK, 0x8129)                                                \
	X(PidLidTaskAcceptanceState, PSETID_TASK, 0x812a)                                          \
	X(PidLidTaskFFixOffline, PSETID_TASK, 0x812c)                                              \
	X(PidLidTaskMode, PSETID_COMMON, 0x8518)                                                   \
	X(PidLidTaskGlobalId, PSETID_COMMON, 0x8519)                                               \
	X(PidLidReminderSignalTime, PSETID_COMMON, 0x8560)                                         \
	X(PidLidLogType, PSETID_LOG, 0x8700)                                                       \
	X(PidLidLogStart, PSETID_LOG, 0x8706)                                                      \
	X(PidLidLogDuration, PSETID_LOG, 0x8707)                                                   \
	X(PidLidLogEnd, PSETID_LOG, 0x8708)                                                        \
	X(PidLidLogFlags, PSETID_LOG, 0x870c)                                                      \
	X(PidLidLogDocumentPrinted, PSETID_LOG, 0x870e)                                            \
	X(PidLidLogDocumentSaved, PSETID_LOG, 0x870f)                                              \
	X(PidLidLogDocumentRouted, PSETID_LOG, 0x8710)                                             \
	X(PidLidLogDocumentPosted, PSETID_LOG, 0x8711)                                             \
	X(PidLidLogTypeDesc, PSETID_LOG, 0x8712)                                                   \
	X(PidLidNoteColor, PSETID_NOTE, 0x8b00)                                                    \
	X(PidLidNoteWidth, PSETID_NOTE, 0x8b02)                                                    \
	X(PidLidNoteHeight, PSETID_NOTE, 0x8b03)                                                   \
	X(PidLidNoteX, PSETID_NOTE, 0x8b04)                                                        \
	X(PidLidNoteY, PSETID_NOTE, 0x8b05)
/* X(name, set, text): named properties with a text. */
#define PROPS_CALENDAR_TEXTS(X)                                                                    \
	X(PidNameSkypeTeamsMeetingUrl, PS_PUBLIC_STRINGS, "SkypeTeamsMeetingUrl")                  \
	X(PidNameOnlineMeetingExternalLink, PS_PUBLIC_STRINGS, "OnlineMeetingExternalLink")        \
	X(PidNameOnlineMeetingConfLink, PS_PUBLIC_STRINGS, "OnlineMeetingConfLink")                \
	X(PidNameLocationUrl, PS_PUBLIC_STRINGS, "urn:schemas:calendar:locationurl")

#endif
