/*
 * What the codes of errors are called, and what they mean for whoever asked (MS-OXCDATA 2.4).
 */
#include "proto/mapi/rop.h"
#include "valise/base/lookup.h"

static const struct code {
	uint32_t code;
	const char *name;
	enum rop_kind kind;
} codes[] = {
        {0x000003ea, "ecJetError", ROP_REFUSED},
        {0x000003eb, "ecUnknownUser", ROP_NO_RIGHT},
        {0x000003ed, "ecExiting", ROP_BUSY},
        {0x000003f0, "ecServerOOM", ROP_BUSY},
        {0x000003f2, "ecLoginPerm", ROP_NO_RIGHT},
        {0x00000450, "ecParameterOverflow", ROP_REFUSED},
        {0x00000461, "ecNotSearchFolder", ROP_REFUSED},
        {0x00000463, "ecNoReceiveFolder", ROP_NOT_FOUND},
        {0x00000468, "ecNoReplicaHere", ROP_REFUSED},
        {0x00000469, "ecNoReplicaAvailable", ROP_REFUSED},
        {0x00000474, "ecMaxTimeExpired", ROP_BUSY},
        {0x00000476, "ecMDBNotInit", ROP_BUSY},
        {0x00000478, "ecWrongServer", ROP_REFUSED},
        {0x0000047d, "ecBufferTooSmall", ROP_REFUSED},
        {0x0000047f, "ecServerPaused", ROP_BUSY},
        {0x00000480, "ecServerBusy", ROP_BUSY},
        {0x00000481, "ecNoSuchLogon", ROP_REFUSED},
        {0x00000485, "ecDataLoss", ROP_REFUSED},
        {0x00000488, "ecMaxSendThreadExceeded", ROP_BUSY},
        {0x00000489, "ecFxErrorMarker", ROP_REFUSED},
        {0x00000498, "ecVersionStoreBusy", ROP_BUSY},
        {0x000004b6, "ecRpcFormat", ROP_REFUSED},
        {0x000004b9, "ecNullObject", ROP_REFUSED},
        {0x000004d4, "ecMessageTooBig", ROP_REFUSED},
        {0x000004d6, "ecNotAuthorized", ROP_NO_RIGHT},
        {0x000004d9, "ecQuotaExceeded", ROP_NO_SPACE},
        {0x000004da, "ecMaxSubmissionExceeded", ROP_REFUSED},
        {0x000004db, "ecMaxAttachmentExceeded", ROP_REFUSED},
        {0x000004dc, "ecSendAsDenied", ROP_NO_RIGHT},
        {0x000004dd, "ecShutoffQuotaExceeded", ROP_NO_SPACE},
        {0x000004de, "ecMaxObjsExceeded", ROP_REFUSED},
        {0x000004df, "ecClientVerDisallowed", ROP_NO_RIGHT},
        {0x000004e0, "ecRpcHttpDisallowed", ROP_NO_RIGHT},
        {0x000004e1, "ecCachedModeRequired", ROP_NO_RIGHT},
        {0x000004e4, "MessagePerFolderCountReceiveQuotaExceeded", ROP_NO_SPACE},
        {0x000004e5, "FolderHierarchyChildrenCountReceiveQuotaExceeded", ROP_NO_SPACE},
        {0x000004e6, "FolderHierarchyDepthReceiveQuotaExceeded", ROP_NO_SPACE},
        {0x000004e8, "FolderHierarchySizeReceiveQuotaExceeded", ROP_NO_SPACE},
        {0x000004f7, "ecNotExpanded", ROP_REFUSED},
        {0x000004f8, "ecNotCollapsed", ROP_REFUSED},
        {0x000004fb, "ecFolderDisabled", ROP_REFUSED},
        {0x000004ff, "ecNoCreateRight", ROP_NO_RIGHT},
        {0x00000500, "ecPublicRoot", ROP_REFUSED},
        {0x00000501, "ecNoReadRight", ROP_NO_RIGHT},
        {0x00000502, "ecNoCreateSubfolderRight", ROP_NO_RIGHT},
        {0x00000503, "ecDstNullObject", ROP_REFUSED},
        {0x00000504, "ecMsgCycle", ROP_REFUSED},
        {0x00000505, "ecTooManyRecips", ROP_REFUSED},
        {0x00000506, "TooManyProps", ROP_REFUSED},
        {0x0000050a, "ecVirusScanInProgress", ROP_BUSY},
        {0x0000050b, "ecVirusDetected", ROP_REFUSED},
        {0x0000050c, "ecMailboxInTransit", ROP_BUSY},
        {0x0000050d, "ecBackupInProgress", ROP_BUSY},
        {0x00000512, "ecRestoreInProgress", ROP_BUSY},
        {0x0000057a, "ecObjectNotFound", ROP_NOT_FOUND},
        {0x0000060e, "ecPaused", ROP_BUSY},
        {0x00000648, "ecWrongMailbox", ROP_NO_RIGHT},
        {0x0000064d, "ecPwdExpired", ROP_NO_RIGHT},
        {0x00000650, "ecAcctDisabled", ROP_NO_RIGHT},
        {0x000006ba, "ecLockTimedOut", ROP_BUSY},
        {0x000006bb, "ecObjectLocked", ROP_BUSY},
        {0x000006f7, "RPC_X_BAD_STUB_DATA", ROP_REFUSED},
        {0x000007d6, "ecMessageDeleted", ROP_NOT_FOUND},
        {0x000007d8, "ecProtocolDisabled", ROP_NO_RIGHT},
        {0x000007ee, "ecRejected", ROP_REFUSED},
        {0x0000089b, "ecUnknownMailbox", ROP_NOT_FOUND},
        {0x0000096c, "ecMailboxDisabled", ROP_NO_RIGHT},
        {0x0000096e, "ecADUnavailable", ROP_BUSY},
        {0x00000973, "ecRpcServerTooBusy", ROP_BUSY},
        {0x00000974, "ecRpcOutOfMemory", ROP_BUSY},
        {0x00000975, "ecRpcServerOutOfMemory", ROP_BUSY},
        {0x00000976, "ecRpcOutOfResources", ROP_BUSY},
        {0x00000977, "ecRpcServerUnavailable", ROP_BUSY},
        {0x0000097d, "ecSubsystemStopping", ROP_BUSY},
        {0x00000a2d, "ecMaxPoolExceeded", ROP_BUSY},
        {0x00000a2e, "ecRpcInvalidHandle", ROP_REFUSED},
        {0x00000a31, "ecLowMdbSpace", ROP_NO_SPACE},
        {0x00000a33, "MailboxQuarantined", ROP_BUSY},
        {0x00000a34, "MountInProgress", ROP_BUSY},
        {0x00000a35, "DismountInProgress", ROP_BUSY},
        {0x00000a8c, "MaxThreadsPerMdbExceeded", ROP_BUSY},
        {0x00000a8d, "MaxThreadsPerSCTExceeded", ROP_BUSY},
        {0x00000b19, "SyncStateTooOld", ROP_REFUSED},
        {0x00040380, "MAPI_W_ERRORS_RETURNED", ROP_REFUSED},
        {0x00040680, "MAPI_W_PARTIAL_COMPLETION", ROP_REFUSED},
        {0x80004002, "MAPI_E_INTERFACE_NOT_SUPPORTED", ROP_REFUSED},
        {0x80004005, "MAPI_E_CALL_FAILED", ROP_REFUSED},
        {0x80030005, "STG_E_ACCESSDENIED", ROP_NO_RIGHT},
        {0x80030070, "STG_E_MEDIUMFULL", ROP_NO_SPACE},
        {0x80040102, "MAPI_E_NO_SUPPORT", ROP_REFUSED},
        {0x80040103, "MAPI_E_BAD_CHARWIDTH", ROP_REFUSED},
        {0x80040105, "MAPI_E_STRING_TOO_LONG", ROP_REFUSED},
        {0x80040106, "MAPI_E_UNKNOWN_FLAGS", ROP_REFUSED},
        {0x80040107, "MAPI_E_INVALID_ENTRYID", ROP_NOT_FOUND},
        {0x80040108, "MAPI_E_INVALID_OBJECT", ROP_REFUSED},
        {0x80040109, "MAPI_E_OBJECT_CHANGED", ROP_REFUSED},
        {0x8004010a, "MAPI_E_OBJECT_DELETED", ROP_NOT_FOUND},
        {0x8004010b, "MAPI_E_BUSY", ROP_BUSY},
        {0x8004010d, "MAPI_E_NOT_ENOUGH_DISK", ROP_NO_SPACE},
        {0x8004010e, "MAPI_E_NOT_ENOUGH_RESOURCES", ROP_BUSY},
        {0x8004010f, "MAPI_E_NOT_FOUND", ROP_NOT_FOUND},
        {0x80040110, "MAPI_E_VERSION", ROP_REFUSED},
        {0x80040111, "MAPI_E_LOGON_FAILED", ROP_NO_RIGHT},
        {0x80040112, "MAPI_E_SESSION_LIMIT", ROP_BUSY},
        {0x80040113, "MAPI_E_USER_CANCEL", ROP_REFUSED},
        {0x80040114, "MAPI_E_UNABLE_TO_ABORT", ROP_REFUSED},
        {0x80040115, "MAPI_E_NETWORK_ERROR", ROP_REFUSED},
        {0x80040116, "MAPI_E_DISK_ERROR", ROP_REFUSED},
        {0x80040117, "MAPI_E_TOO_COMPLEX", ROP_REFUSED},
        {0x80040118, "MAPI_E_BAD_COLUMN", ROP_REFUSED},
        {0x80040119, "MAPI_E_EXTENDED_ERROR", ROP_REFUSED},
        {0x8004011a, "MAPI_E_COMPUTED", ROP_REFUSED},
        {0x8004011b, "MAPI_E_CORRUPT_DATA", ROP_REFUSED},
        {0x8004011c, "MAPI_E_UNCONFIGURED", ROP_REFUSED},
        {0x8004011d, "MAPI_E_FAILONEPROVIDER", ROP_REFUSED},
        {0x8004011e, "MAPI_E_UNKNOWN_CPID", ROP_REFUSED},
        {0x8004011f, "MAPI_E_UNKNOWN_LCID", ROP_REFUSED},
        {0x80040120, "MAPI_E_PASSWORD_CHANGE_REQUIRED", ROP_NO_RIGHT},
        {0x80040121, "MAPI_E_PASSWORD_EXPIRED", ROP_NO_RIGHT},
        {0x80040124, "MAPI_E_ACCOUNT_DISABLED", ROP_NO_RIGHT},
        {0x80040200, "MAPI_E_END_OF_SESSION", ROP_REFUSED},
        {0x80040201, "MAPI_E_UNKNOWN_ENTRYID", ROP_NOT_FOUND},
        {0x80040301, "MAPI_E_BAD_VALUE", ROP_REFUSED},
        {0x80040302, "MAPI_E_INVALID_TYPE", ROP_REFUSED},
        {0x80040303, "MAPI_E_TYPE_NO_SUPPORT", ROP_REFUSED},
        {0x80040304, "MAPI_E_UNEXPECTED_TYPE", ROP_REFUSED},
        {0x80040305, "MAPI_E_TOO_BIG", ROP_REFUSED},
        {0x80040400, "MAPI_E_UNABLE_TO_COMPLETE", ROP_REFUSED},
        {0x80040401, "MAPI_E_TIMEOUT", ROP_BUSY},
        {0x80040402, "MAPI_E_TABLE_EMPTY", ROP_REFUSED},
        {0x80040403, "MAPI_E_TABLE_TOO_BIG", ROP_REFUSED},
        {0x80040405, "MAPI_E_INVALID_BOOKMARK", ROP_REFUSED},
        {0x80040500, "MAPI_E_WAIT", ROP_BUSY},
        {0x80040501, "MAPI_E_CANCEL", ROP_REFUSED},
        {0x80040600, "MAPI_E_CORRUPT_STORE", ROP_REFUSED},
        {0x80040604, "MAPI_E_COLLISION", ROP_EXISTS},
        {0x80040800, "SYNC_E_OBJECT_DELETED", ROP_NOT_FOUND},
        {0x80040801, "SYNC_E_IGNORE", ROP_REFUSED},
        {0x80040802, "SYNC_E_CONFLICT", ROP_REFUSED},
        {0x80040803, "SYNC_E_NO_PARENT", ROP_NOT_FOUND},
        {0x80040900, "MAPI_E_NAMED_PROP_QUOTA_EXCEEDED", ROP_NO_SPACE},
        {0x80070005, "MAPI_E_NO_ACCESS", ROP_NO_RIGHT},
        {0x8007000e, "MAPI_E_NOT_ENOUGH_MEMORY", ROP_BUSY},
        {0x80070057, "MAPI_E_INVALID_PARAMETER", ROP_REFUSED},
};

static const struct code *find_code(uint32_t value)
{
	return FIND(&value, codes, COUNT(codes), lookup_by_number);
}

const char *mapi_error_name(uint32_t value)
{
	const struct code *c = find_code(value);

	return c ? c->name : NULL;
}

enum rop_kind rop_kind_of(uint32_t value)
{
	const struct code *c = find_code(value);

	return c ? c->kind : ROP_REFUSED;
}

const char *rop_name(enum rop_id rop)
{
	static const struct {
		enum rop_id rop;
		const char *name;
	} names[] = {
	        {ROP_OPEN_FOLDER, "RopOpenFolder"},
	        {ROP_GET_HIERARCHY_TABLE, "RopGetHierarchyTable"},
	        {ROP_GET_CONTENTS_TABLE, "RopGetContentsTable"},
	        {ROP_GET_PROPERTIES_SPECIFIC, "RopGetPropertiesSpecific"},
	        {ROP_SET_PROPERTIES, "RopSetProperties"},
	        {ROP_SET_COLUMNS, "RopSetColumns"},
	        {ROP_QUERY_ROWS, "RopQueryRows"},
	        {ROP_CREATE_FOLDER, "RopCreateFolder"},
	        {ROP_LONG_TERM_ID_FROM_ID, "RopLongTermIdFromId"},
	        {ROP_SOURCE_COPY_MESSAGES, "RopFastTransferSourceCopyMessages"},
	        {ROP_SOURCE_GET_BUFFER, "RopFastTransferSourceGetBuffer"},
	        {ROP_DESTINATION_CONFIGURE, "RopFastTransferDestinationConfigure"},
	        {ROP_DESTINATION_PUT_BUFFER, "RopFastTransferDestinationPutBuffer"},
	        {ROP_SYNC_CONFIGURE, "RopSynchronizationConfigure"},
	        {ROP_SYNC_STATE_BEGIN, "RopSynchronizationUploadStateStreamBegin"},
	        {ROP_SYNC_STATE_CONTINUE, "RopSynchronizationUploadStateStreamContinue"},
	        {ROP_SYNC_STATE_END, "RopSynchronizationUploadStateStreamEnd"},
	        {ROP_LOGON, "RopLogon"},
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].rop == rop)
			return names[i].name;
	return "a remote operation";
}

static enum err_code err_of(enum rop_kind kind)
{
	switch (kind) {
	case ROP_BUSY:
		return ERR_BUSY;
	case ROP_NOT_FOUND:
		return ERR_NOTFOUND;
	case ROP_EXISTS:
		return ERR_EXISTS;
	case ROP_REFUSED:
	case ROP_NO_RIGHT:
	case ROP_NO_SPACE:
		break;
	}
	return ERR_REFUSED;
}

int rop_judge(const struct rop_fate *fate, enum err_scope scope, struct err *err)
{
	const char *name = mapi_error_name(fate->value);
	enum rop_kind kind = rop_kind_of(fate->value);

	if (fate->value == 0)
		return 0;
	if (fate->why)
		return err_set(err, ERR_REFUSED, scope, "%s, %s", fate->why, rop_name(fate->rop));
	err_set(err, err_of(kind), scope, "the server refuses: %s (0x%08x)%s, %s",
	        name ? name : "error", (unsigned)fate->value,
	        kind == ROP_NO_RIGHT   ? ", no right to it"
	        : kind == ROP_NO_SPACE ? ", no space left for it"
	                               : "",
	        rop_name(fate->rop));
	if (err)
		err->wait_ms = fate->wait_ms;
	return err_of(kind);
}
