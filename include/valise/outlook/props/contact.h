#ifndef VALISE_OUTLOOK_PROPS_CONTACT_H
#define VALISE_OUTLOOK_PROPS_CONTACT_H

/* Properties of contacts and distribution lists (MS-OXOCNTC). */

/* X(name, id): properties with an id. */
#define PROPS_CONTACT_TAGS(X)                                                                      \
	X(PidTagAccount, 0x3a00)                                                                   \
	X(PidTagCallbackTelephoneNumber, 0x3a02)                                                   \
	X(PidTagGeneration, 0x3a05)                                                                \
	X(PidTagGivenName, 0x3a06)                                                                 \
	X(PidTagGovernmentIdNumber, 0x3a07)                                                        \
	X(PidTagBusinessTelephoneNumber, 0x3a08)                                                   \
	X(PidTagHomeTelephoneNumber, 0x3a09)                                                       \
	X(PidTagInitials, 0x3a0a)                                                                  \
	X(PidTagKeyword, 0x3a0b)                                                                   \
	X(PidTagLanguage, 0x3a0c)                                                                  \
	X(PidTagLocation, 0x3a0d)                                                                  \
	X(PidTagOrganizationalIdNumber, 0x3a10)                                                    \
	X(PidTagSurname, 0x3a11)                                                                   \
	X(PidTagOriginalDisplayName, 0x3a13)                                                       \
	X(PidTagPostalAddress, 0x3a15)                                                             \
	X(PidTagCompanyName, 0x3a16)                                                               \
	X(PidTagTitle, 0x3a17)                                                                     \
	X(PidTagDepartmentName, 0x3a18)                                                            \
	X(PidTagOfficeLocation, 0x3a19)                                                            \
	X(PidTagPrimaryTelephoneNumber, 0x3a1a)                                                    \
	X(PidTagBusiness2TelephoneNumber, 0x3a1b)                                                  \
	X(PidTagMobileTelephoneNumber, 0x3a1c)                                                     \
	X(PidTagRadioTelephoneNumber, 0x3a1d)                                                      \
	X(PidTagCarTelephoneNumber, 0x3a1e)                                                        \
	X(PidTagOtherTelephoneNumber, 0x3a1f)                                                      \
	X(PidTagTransmittableDisplayName, 0x3a20)                                                  \
	X(PidTagPagerTelephoneNumber, 0x3a21)                                                      \
	X(PidTagUserCertificate, 0x3a22)                                                           \
	X(PidTagPrimaryFaxNumber, 0x3a23)                                                          \
	X(PidTagBusinessFaxNumber, 0x3a24)                                                         \
	X(PidTagHomeFaxNumber, 0x3a25)                                                             \
	X(PidTagCountry, 0x3a26)                                                                   \
	X(PidTagLocality, 0x3a27)                                                                  \
	X(PidTagStateOrProvince, 0x3a28)                                                           \
	X(PidTagStreetAddress, 0x3a29)                                                             \
	X(PidTagPostalCode, 0x3a2a)                                                                \
	X(PidTagPostOfficeBox, 0x3a2b)                                                             \
	X(PidTagTelexNumber, 0x3a2c)                                                               \
	X(PidTagIsdnNumber, 0x3a2d)                                                                \
	X(PidTagAssistantTelephoneNumber, 0x3a2e)                                                  \
	X(PidTagHome2TelephoneNumber, 0x3a2f)                                                      \
	X(PidTagAssistant, 0x3a30)                                                                 \
	X(PidTagWeddingAnniversary, 0x3a41)                                                        \
	X(PidTagBirthday, 0x3a42)                                                                  \
	X(PidTagHobbies, 0x3a43)                                                                   \
	X(PidTagMiddleName, 0x3a44)                                                                \
	X(PidTagDisplayNamePrefix, 0x3a45)                                                         \
	X(PidTagProfession, 0x3a46)                                                                \
	X(PidTagReferredByName, 0x3a47)                                                            \
	X(PidTagSpouseName, 0x3a48)                                                                \
	X(PidTagComputerNetworkName, 0x3a49)                                                       \
	X(PidTagCustomerId, 0x3a4a)                                                                \
	X(PidTagTelecommunicationsDeviceForDeafTelephoneNumber, 0x3a4b)                            \
	X(PidTagFtpSite, 0x3a4c)                                                                   \
	X(PidTagGender, 0x3a4d)                                                                    \
	X(PidTagManagerName, 0x3a4e)                                                               \
	X(PidTagNickname, 0x3a4f)                                                                  \
	X(PidTagPersonalHomePage, 0x3a50)                                                          \
	X(PidTagBusinessHomePage, 0x3a51)                                                          \
	X(PidTagCompanyMainTelephoneNumber, 0x3a57)                                                \
	X(PidTagChildrensNames, 0x3a58)                                                            \
	X(PidTagHomeAddressCity, 0x3a59)                                                           \
	X(PidTagHomeAddressCountry, 0x3a5a)                                                        \
	X(PidTagHomeAddressPostalCode, 0x3a5b)                                                     \
	X(PidTagHomeAddressStateOrProvince, 0x3a5c)                                                \
	X(PidTagHomeAddressStreet, 0x3a5d)                                                         \
	X(PidTagHomeAddressPostOfficeBox, 0x3a5e)                                                  \
	X(PidTagOtherAddressCity, 0x3a5f)                                                          \
	X(PidTagOtherAddressCountry, 0x3a60)                                                       \
	X(PidTagOtherAddressPostalCode, 0x3a61)                                                    \
	X(PidTagOtherAddressStateOrProvince, 0x3a62)                                               \
	X(PidTagOtherAddressStreet, 0x3a63)                                                        \
	X(PidTagOtherAddressPostOfficeBox, 0x3a64)                                                 \
	X(PidTagUserX509Certificate, 0x3a70)                                                       \
	X(PidTagAttachmentContactPhoto, 0x7fff)
/* X(name, set, number): named properties with a number. */
#define PROPS_CONTACT_LIDS(X)                                                                      \
	X(PidLidFileUnder, PSETID_ADDRESS, 0x8005)                                                 \
	X(PidLidFileUnderId, PSETID_ADDRESS, 0x8006)                                               \
	X(PidLidContactItemData, PSETID_ADDRESS, 0x8007)                                           \
	X(PidLidDepartment, PSETID_ADDRESS, 0x8010)                                                \
	X(PidLidHasPicture, PSETID_ADDRESS, 0x8015)                                                \
	X(PidLidHomeAddress, PSETID_ADDRESS, 0x801a)                                               \
	X(PidLidWorkAddress, PSETID_ADDRESS, 0x801b)                                               \
	X(PidLidOtherAddress, PSETID_ADDRESS, 0x801c)                                              \
	X(PidLidPostalAddressId, PSETID_ADDRESS, 0x8022)                                           \
	X(PidLidContactCharacterSet, PSETID_ADDRESS, 0x8023)                                       \
	X(PidLidAutoLog, PSETID_ADDRESS, 0x8025)                                                   \
	X(PidLidFileUnderList, PSETID_ADDRESS, 0x8026)                                             \
	X(PidLidAddressBookProviderEmailList, PSETID_ADDRESS, 0x8028)                              \
	X(PidLidAddressBookProviderArrayType, PSETID_ADDRESS, 0x8029)                              \
	X(PidLidHtml, PSETID_ADDRESS, 0x802b)                                                      \
	X(PidLidYomiFirstName, PSETID_ADDRESS, 0x802c)                                             \
	X(PidLidYomiLastName, PSETID_ADDRESS, 0x802d)                                              \
	X(PidLidYomiCompanyName, PSETID_ADDRESS, 0x802e)                                           \
	X(PidLidBusinessCardDisplayDefinition, PSETID_ADDRESS, 0x8040)                             \
	X(PidLidBusinessCardCardPicture, PSETID_ADDRESS, 0x8041)                                   \
	X(PidLidWorkAddressStreet, PSETID_ADDRESS, 0x8045)                                         \
	X(PidLidWorkAddressCity, PSETID_ADDRESS, 0x8046)                                           \
	X(PidLidWorkAddressState, PSETID_ADDRESS, 0x8047)                                          \
	X(PidLidWorkAddressPostalCode, PSETID_ADDRESS, 0x8048)                                     \
	X(PidLidWorkAddressCountry, PSETID_ADDRESS, 0x8049)                                        \
	X(PidLidWorkAddressPostOfficeBox, PSETID_ADDRESS, 0x804a)                                  \
	X(PidLidDistributionListChecksum, PSETID_ADDRESS, 0x804c)                                  \
	X(PidLidBirthdayEventEntryId, PSETID_ADDRESS, 0x804d)                                      \
	X(PidLidAnniversaryEventEntryId, PSETID_ADDRESS, 0x804e)                                   \
	X(PidLidContactUserField1, PSETID_ADDRESS, 0x804f)                                         \
	X(PidLidContactUserField2, PSETID_ADDRESS, 0x8050)                                         \
	X(PidLidContactUserField3, PSETID_ADDRESS, 0x8051)                                         \
	X(PidLidContactUserField4, PSETID_ADDRESS, 0x8052)                                         \
	X(PidLidDistributionListName, PSETID_ADDRESS, 0x8053)                                      \
	X(PidLidDistributionListOneOffMembers, PSETID_ADDRESS, 0x8054)                             \
	X(PidLidDistributionListMembers, PSETID_ADDRESS, 0x8055)                                   \
	X(PidLidInstantMessagingAddress, PSETID_ADDRESS, 0x8062)                                   \
	X(PidLidDistributionListStream, PSETID_ADDRESS, 0x8064)                                    \
	X(PidLidEmail1DisplayName, PSETID_ADDRESS, 0x8080)                                         \
	X(PidLidEmail1AddressType, PSETID_ADDRESS, 0x8082)                                         \
	X(PidLidEmail1EmailAddress, PSETID_ADDRESS, 0x8083)                                        \
	X(PidLidEmail1OriginalDisplayName, PSETID_ADDRESS, 0x8084)                                 \
	X(PidLidEmail1OriginalEntryId, PSETID_ADDRESS, 0x8085)                                     \
	X(PidLidEmail1RichTextFormat, PSETID_ADDRESS, 0x8086)                                      \
	X(PidLidEmail2DisplayName, PSETID_ADDRESS, 0x8090)                                         \
	X(PidLidEmail2AddressType, PSETID_ADDRESS, 0x8092)                                         \
	X(PidLidEmail2EmailAddress, PSETID_ADDRESS, 0x8093)                                        \
	X(PidLidEmail2OriginalDisplayName, PSETID_ADDRESS, 0x8094)                                 \
	X(PidLidEmail2OriginalEntryId, PSETID_ADDRESS, 0x8095)                                     \
	X(PidLidEmail2RichTextFormat, PSETID_ADDRESS, 0x8096)                                      \
	X(PidLidEmail3DisplayName, PSETID_ADDRESS, 0x80a0)                                         \
	X(PidLidEmail3AddressType, PSETID_ADDRESS, 0x80a2)                                         \
	X(PidLidEmail3EmailAddress, PSETID_ADDRESS, 0x80a3)                                        \
	X(PidLidEmail3OriginalDisplayName, PSETID_ADDRESS, 0x80a4)                                 \
	X(PidLidEmail3OriginalEntryId, PSETID_ADDRESS, 0x80a5)                                     \
	X(PidLidEmail3RichTextFormat, PSETID_ADDRESS, 0x80a6)                                      \
	X(PidLidFax1AddressType, PSETID_ADDRESS, 0x80b2)                                           \
	X(PidLidFax1EmailAddress, PSETID_ADDRESS, 0x80b3)                                          \
	X(PidLidFax1OriginalDisplayName, PSETID_ADDRESS, 0x80b4)                                   \
	X(PidLidFax1OriginalEntryId, PSETID_ADDRESS, 0x80b5)                                       \
	X(PidLidFax2AddressType, PSETID_ADDRESS, 0x80c2)                                           \
	X(PidLidFax2EmailAddress, PSETID_ADDRESS, 0x80c3)                                          \
	X(PidLidFax2OriginalDisplayName, PSETID_ADDRESS, 0x80c4)                                   \
	X(PidLidFax2OriginalEntryId, PSETID_ADDRESS, 0x80c5)                                       \
	X(PidLidFax3AddressType, PSETID_ADDRESS, 0x80d2)                                           \
	X(PidLidFax3EmailAddress, PSETID_ADDRESS, 0x80d3)                                          \
	X(PidLidFax3OriginalDisplayName, PSETID_ADDRESS, 0x80d4)                                   \
	X(PidLidFax3OriginalEntryId, PSETID_ADDRESS, 0x80d5)                                       \
	X(PidLidFreeBusyLocation, PSETID_ADDRESS, 0x80d8)                                          \
	X(PidLidHomeAddressCountryCode, PSETID_ADDRESS, 0x80da)                                    \
	X(PidLidWorkAddressCountryCode, PSETID_ADDRESS, 0x80db)                                    \
	X(PidLidOtherAddressCountryCode, PSETID_ADDRESS, 0x80dc)                                   \
	X(PidLidAddressCountryCode, PSETID_ADDRESS, 0x80dd)                                        \
	X(PidLidBirthdayLocal, PSETID_ADDRESS, 0x80de)                                             \
	X(PidLidWeddingAnniversaryLocal, PSETID_ADDRESS, 0x80df)                                   \
	X(PidLidIsContactLinked, PSETID_ADDRESS, 0x80e0)
/* X(name, set, text): named properties with a text. */
#define PROPS_CONTACT_TEXTS(X) X(PidNameVcardUid, PSETID_GROMOX, "vcarduid")

#endif
