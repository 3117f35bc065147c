// readers.mjs FILE...: what pst-extractor (PST, OST) and msgreader (.msg) see, as tests/tools/outlook_dump.c says it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import msgreader from "@kenjiuno/msgreader";
import pst from "pst-extractor";

const seconds = (date) => (date ? Math.floor(date.getTime() / 1000) : undefined);
const text = (s) => s || undefined;
const print = (o) => console.log(JSON.stringify(o));

function stream(input) {
	const hash = createHash("sha256");
	let size = 0;
	const block = Buffer.alloc(8176);
	for (let n; (n = input.read(block)) > 0; size += n) hash.update(block.subarray(0, n));
	return { sha256: hash.digest("hex"), size };
}

function attempt(what, fallback) {
	try { return what(); } catch (e) { return fallback ?? { failed: String(e) }; }
}

// It would give no item in an attachment, as it does not say there which node it belongs to.
function attachment(a, of) {
	a.descriptorIndexNode ??= of.descriptorIndexNode;
	const o = { name: text(a.longFilename), short: text(a.filename), method: a.attachMethod };
	const inner = a.attachMethod === 5 ? attempt(() => a.embeddedPSTMessage) : null;
	if (inner) o.item = item(inner);
	else if (a.attachMethod === 1) Object.assign(o, attempt(() => (a.fileInputStream ? stream(a.fileInputStream) : {})));
	return o;
}

function item(m) {
	const o = { class: text(m.messageClass), subject: text(m.subject), sender: text(m.senderName), sender_address: text(m.senderEmailAddress),
		message_id: text(m.internetMessageId), headers: text(m.transportMessageHeaders), body: text(m.body),
		submitted: seconds(m.clientSubmitTime), delivered: seconds(m.messageDeliveryTime), created: seconds(m.creationTime), recipients: [], attachments: [] };
	const n = attempt(() => m.numberOfRecipients, 0);
	for (let i = 0; i < n; i++) {
		const r = m.getRecipient(i);
		if (r) o.recipients.push({ name: text(r.displayName), address: text(r.emailAddress), type: r.recipientType });
	}
	for (let i = 0; i < m.numberOfAttachments; i++) o.attachments.push(attempt(() => attachment(m.getAttachment(i), m)));
	return o;
}

function walk(folder, path) {
	print({ folder: path, items: folder.contentCount, container: text(folder.containerClass) });
	if (folder.contentCount > 0)
		for (let m = folder.getNextChild(); m; m = folder.getNextChild()) print({ ...item(m), in: path });
	if (folder.hasSubfolders)
		for (const f of folder.getSubFolders()) walk(f, (path ? path + "/" : "") + f.displayName.replaceAll("/", "_"));
}

function message(reader, m) {
	const o = { class: text(m.messageClass), subject: text(m.subject), sender: text(m.senderName), sender_address: text(m.senderEmail), created: m.creationTime ? seconds(new Date(m.creationTime)) : undefined,
		headers: text(m.headers), body: text(m.body),
		message_id: text(m.messageId), submitted: m.clientSubmitTime ? seconds(new Date(m.clientSubmitTime)) : undefined,
		delivered: m.messageDeliveryTime ? seconds(new Date(m.messageDeliveryTime)) : undefined, attachments: [] };
	o.recipients = m.recipients.map((r) => ({ name: text(r.name), address: text(r.email), type: { to: 1, cc: 2, bcc: 3 }[r.recipType] }));
	for (const a of m.attachments) {
		if (a.innerMsgContent) {
			o.attachments.push({ name: text(a.fileName), item: message(reader, a.innerMsgContentFields) });
			continue;
		}
		const data = a.dataId === undefined ? null : reader.getAttachment(a).content;
		o.attachments.push({ name: text(a.fileName), sha256: data ? createHash("sha256").update(data).digest("hex") : undefined, size: data?.length });
	}
	return o;
}

for (const path of process.argv.slice(2)) {
	if (path.endsWith(".msg")) {
		const b = readFileSync(path);
		const reader = new (msgreader.default ?? msgreader)(b.buffer.slice(b.byteOffset, b.byteOffset + b.length));
		print({ ...message(reader, reader.getFileData()), in: "" });
	} else {
		const file = new pst.PSTFile(path);
		walk(file.getRootFolder(), "");
		file.close();
	}
}
